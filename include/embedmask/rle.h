/// Run-length encoded binary masks, the exchange format of COCO (spec §2.7).
///
/// A mask of height x width pixels is scanned column by column; `counts` holds the lengths of
/// alternating background and foreground runs, beginning with background (which may be 0). The sum
/// of the counts is always height * width, which is below 2^32. All functions are pure and may be
/// called from any thread. Results equal those of the COCO mask library bit for bit; the one
/// exception are runs of length 0 inside a list, which no encoder writes: they are empty here,
/// while that library stops at them.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "embedmask/box.h"
#include "embedmask/export.h"

namespace embedmask {

struct Rle {
    int height = 0;
    int width = 0;
    std::vector<std::uint32_t> counts;

    bool operator==(const Rle&) const = default;
};

/// Error unless the size is positive or zero, height * width < 2^32, and the counts add up to
/// exactly height * width.
EMBEDMASK_EXPORT void validate(const Rle& rle);

/// The mask of a bitmap of height * width bytes in which 0 is background and anything else is
/// foreground; `columns` holds pixel (row, column) at column * height + row, `rows` at
/// row * width + column. Error when the size of the bitmap is not height * width.
EMBEDMASK_EXPORT Rle encode_columns(std::span<const std::uint8_t> bitmap, int height, int width);
EMBEDMASK_EXPORT Rle encode_rows(std::span<const std::uint8_t> bitmap, int height, int width);

/// The inverse: bytes 0 and 1.
EMBEDMASK_EXPORT std::vector<std::uint8_t> decode_columns(const Rle& rle);
EMBEDMASK_EXPORT std::vector<std::uint8_t> decode_rows(const Rle& rle);

/// Number of foreground pixels.
EMBEDMASK_EXPORT std::uint64_t area(const Rle& rle);

/// The box in pixels as COCO's toBbox gives it: a foreground run that goes on in the
/// next column makes the box span the full height. All zeros for an empty mask.
EMBEDMASK_EXPORT CocoBox bounding_box(const Rle& rle);

/// Intersection over union in [0, 1] of a detection and a ground truth of the same size; with
/// `crowd` the denominator is the area of the detection (spec §8.7). 0 when both are empty.
/// Decodes nothing and stops at the end of the shorter mask. Error when the sizes differ.
EMBEDMASK_EXPORT double mask_iou(const Rle& detection, const Rle& ground_truth, bool crowd = false);

/// Union and intersection of masks of one size. Error when there are none or the sizes differ.
EMBEDMASK_EXPORT Rle unite(std::span<const Rle> masks);
EMBEDMASK_EXPORT Rle intersect(std::span<const Rle> masks);

/// COCO's compressed string of the counts.
EMBEDMASK_EXPORT std::string compress(const Rle& rle);

/// Reads a compressed string. Error when a character is not of the format, a count is negative or
/// beyond 2^32, the string ends inside a count, or the counts do not add up to height * width.
EMBEDMASK_EXPORT Rle decompress(std::string_view text, int height, int width);

/// Builds a mask from foreground intervals that arrive in scan order, without a bitmap.
class EMBEDMASK_EXPORT RleBuilder {
public:
    /// Error when height * width does not fit into 32 bits.
    RleBuilder(int height, int width);

    /// Makes the pixels [begin, end) of the column-major scan foreground. `begin` must not lie
    /// before the end of the interval added last; touching intervals become one run.
    void add(std::uint64_t begin, std::uint64_t end);

    /// Rows [top, bottom) of one column.
    void add_column(int column, int top, int bottom);

    /// The mask; everything not added is background. The builder is empty again afterwards.
    Rle finish();

private:
    Rle rle_;
    std::uint64_t end_ = 0;  // of the counts so far; they end with a foreground run
};

}  // namespace embedmask
