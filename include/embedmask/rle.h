/// @file
/// Run-length encoded binary masks, the exchange format of COCO (spec §2.7).
///
/// A mask of height x width pixels is scanned column by column; `counts` holds the lengths of
/// alternating background and foreground runs, starting with background (which may be 0). The
/// counts add up to height * width, which is below 2^32. All functions are pure and thread-safe.
/// Results equal those of the COCO mask library bit for bit, with one exception: runs of length 0
/// inside a list, which no encoder writes, are empty here, while that library stops at them.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "embedmask/box.h"
#include "embedmask/export.h"

namespace embedmask {

/// A binary mask.
struct Rle {
    int height = 0;                     ///< pixels
    int width = 0;                      ///< pixels
    std::vector<std::uint32_t> counts;  ///< run lengths

    bool operator==(const Rle&) const = default;
};

/// Error unless the sizes are at least 0, height * width < 2^32, and the counts add up to
/// height * width.
EMBEDMASK_EXPORT void validate(const Rle& rle);

/// The mask of a bitmap in which 0 is background and anything else is foreground. Pixel (row,
/// column) is at column * height + row. Error unless the bitmap has height * width bytes.
EMBEDMASK_EXPORT Rle encode_columns(std::span<const std::uint8_t> bitmap, int height, int width);
/// The same with pixel (row, column) at row * width + column.
EMBEDMASK_EXPORT Rle encode_rows(std::span<const std::uint8_t> bitmap, int height, int width);

/// The bitmap of a mask, 0 and 1, with pixel (row, column) at column * height + row.
EMBEDMASK_EXPORT std::vector<std::uint8_t> decode_columns(const Rle& rle);
/// The same with pixel (row, column) at row * width + column.
EMBEDMASK_EXPORT std::vector<std::uint8_t> decode_rows(const Rle& rle);

/// Number of foreground pixels.
EMBEDMASK_EXPORT std::uint64_t area(const Rle& rle);

/// The bounding box in pixels, as toBbox of COCO computes it: a foreground run that continues in
/// the next column makes the box span the full height. All zeros for an empty mask.
EMBEDMASK_EXPORT CocoBox bounding_box(const Rle& rle);

/// Intersection over union in [0, 1] of a detection and a ground truth of the same size; with
/// `crowd` the denominator is the area of the detection (spec §8.7). 0 if both are empty. Works on
/// run lengths. Error if the sizes differ.
EMBEDMASK_EXPORT double mask_iou(const Rle& detection, const Rle& ground_truth, bool crowd = false);

/// Union of masks of one size. Error if there are none or the sizes differ.
EMBEDMASK_EXPORT Rle unite(std::span<const Rle> masks);
/// Intersection of masks of one size. Error if there are none or the sizes differ.
EMBEDMASK_EXPORT Rle intersect(std::span<const Rle> masks);

/// The counts as a compressed string of COCO.
EMBEDMASK_EXPORT std::string compress(const Rle& rle);

/// Reads a compressed string. Error for an invalid character, a count that is negative or beyond
/// 2^32, a string that ends inside a count, and counts that do not add up to height * width.
EMBEDMASK_EXPORT Rle decompress(std::string_view text, int height, int width);

/// Builds a mask from foreground intervals in scan order, without a bitmap. For one thread.
class EMBEDMASK_EXPORT RleBuilder {
public:
    /// Starts an empty mask. Error unless height * width < 2^32.
    RleBuilder(int height, int width);

    /// Sets the pixels [begin, end) of the column-major scan to foreground. Intervals are added in
    /// ascending order and do not overlap; touching ones become one run. Error otherwise.
    void add(std::uint64_t begin, std::uint64_t end);

    /// Sets rows [top, bottom) of one column to foreground.
    void add_column(int column, int top, int bottom);

    /// Returns the mask; all other pixels are background. The builder is empty afterwards.
    Rle finish();

private:
    Rle rle_;
    std::uint64_t end_ = 0;  // of the counts so far; they end with a foreground run
};

}  // namespace embedmask
