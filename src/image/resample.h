// Pillow's BILINEAR resampling (spec §2.3), split into per-axis data and per-row kernels.
//
// An image is processed as rows of three byte planes: the horizontal kernel converts an interleaved
// row to planes of the new width, and the vertical kernels blend such rows. Every kernel exists in
// plain C++, AVX2 and AVX-512, selected at run time; all give bit-identical results.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "embedmask/image.h"

namespace embedmask::image {

/// Number of output pixels processed per block.
inline constexpr int kLanes = 16;

/// Number of fractional bits of the fixed-point weights.
inline constexpr int kWeightBits = 22;

/// Rounds `n` up to whole blocks.
constexpr int whole_blocks(int n) {
    return (n + kLanes - 1) / kLanes * kLanes;
}

/// The source samples of each output sample along one axis, and their weights in 22-bit fixed
/// point. Output i takes `taps` samples starting at `first[i]`; if it needs fewer, the last weights
/// are 0 (and first[i] + taps may be beyond the source).
struct AxisWeights {
    int taps = 0;
    int source = 0;
    int size = 0;
    /// `whole_blocks(size)` entries; those beyond `size` are 0.
    std::vector<std::int32_t> first;
    /// Tap t of output i = weight[(i / kLanes * taps + t) * kLanes + i % kLanes], so that a kernel
    /// loads the weights of a block together.
    std::vector<std::int32_t> weight;

    [[nodiscard]] std::int32_t at(int i, int tap) const {
        return weight[(static_cast<std::size_t>(i / kLanes) * taps + tap) * kLanes + i % kLanes];
    }
};

AxisWeights axis_weights(int source, int size);

/// Bytes after the end of an interleaved source row that `horizontal` may read (and multiplies
/// by 0).
constexpr std::size_t row_slack(const AxisWeights& axis) {
    return 3 * static_cast<std::size_t>(axis.taps) + 4;
}

/// Converts a byte to network input: (v / divisor - mean) / std in float32 (spec §2.5).
struct Normalization {
    float divisor = 1;
    float mean = 0;
    float std = 1;
};

struct RowKernels {
    const char* name;
    /// `rgb`: `axis.source` interleaved pixels and `row_slack`. Writes three planes of
    /// `whole_blocks(axis.size)` bytes, `plane_stride` apart.
    void (*horizontal)(const AxisWeights& axis, const std::uint8_t* rgb, std::uint8_t* planes,
                       std::size_t plane_stride);
    /// Blends `rows.size()` rows with 22-bit weights into `n` bytes. Rows are readable up to
    /// `whole_blocks(n)`; nothing is written beyond `n`.
    void (*vertical)(std::span<const std::uint8_t* const> rows, const std::int32_t* weights, int n,
                     std::uint8_t* out);
    /// The same, normalised.
    void (*vertical_normalized)(std::span<const std::uint8_t* const> rows,
                                const std::int32_t* weights, int n, const Normalization& to,
                                float* out);
};

/// All kernels supported by this CPU, slowest first; the first is plain C++.
std::span<const RowKernels> available_kernels();
/// The fastest supported kernels.
const RowKernels& best_kernels();

/// Iterates down an image and provides, for each output row in turn, the horizontally resized
/// source rows to blend. Keeps only as many rows as one output row needs.
class RowWindow {
public:
    /// The pixels of `source` must outlive this object.
    RowWindow(const ImageView& source, ImageSize target, const RowKernels& kernels);

    /// Makes output row `y` current; call with y = 0, 1, 2, ...
    void advance(int y);

    /// Rows of plane `channel` (0 red, 1 green, 2 blue) for the current output row.
    [[nodiscard]] std::span<const std::uint8_t* const> rows(int channel) const {
        return {rows_.data() + static_cast<std::size_t>(channel) * vertical_.taps,
                static_cast<std::size_t>(vertical_.taps)};
    }
    [[nodiscard]] const std::int32_t* weights() const { return weights_.data(); }

private:
    void load(int source_row);

    ImageView source_;
    const RowKernels& kernels_;
    AxisWeights horizontal_;
    AxisWeights vertical_;
    std::size_t plane_stride_;
    std::vector<std::uint8_t> ring_;
    std::vector<std::uint8_t> source_row_;
    std::vector<const std::uint8_t*> rows_;
    std::vector<std::int32_t> weights_;
    int loaded_ = 0;
};

}  // namespace embedmask::image
