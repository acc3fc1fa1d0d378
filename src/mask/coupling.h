// Coupling: decides which pixels belong to a proposal (spec §7.4 - §7.6, §7.9, §11).
//
// All steps work box by box on column-major planes, the order of run lengths; no buffer ever holds
// more than one detection.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "embedmask/box.h"
#include "embedmask/config.h"
#include "embedmask/image.h"
#include "embedmask/rle.h"
#include "mask/taps.h"

namespace embedmask::mask {

struct CouplingOptions {
    bool upsample_embedding = true;  ///< false: couple at the pixel stride, then upsample
    bool aligned = false;            ///< resampler of all upsampling steps
    bool box_window = true;          ///< couple only inside the box enlarged by two cells, else
                                     /// everywhere
    bool log_domain = true;          ///< domain of the resize: log-probabilities or probabilities
    double threshold = 0.53;         ///< a probability, compared with > in the chosen domain
    bool at_input_size = false;      ///< masks at content size instead of the original size (§7.6)
    int pixel_stride = 8;            ///< of the pixel embeddings: 8 or 4

    static CouplingOptions of(const Config& config);
};

/// The image sizes involved in computing a mask.
struct Geometry {
    ImageSize original;  ///< of the image file
    ImageSize content;   ///< after resizing
    ImageSize padded;    ///< multiples of 32
};

/// Cells [x1, x2) x [y1, y2) of the quarter-resolution grid.
struct Window {
    int x1 = 0;
    int y1 = 0;
    int x2 = 0;
    int y2 = 0;
};

/// One side of the single resize of §7.5 step 4: ceil(cells·4·original/content), in float32 from
/// left to right, as in the authors' code.
int paste_size(int cells, int original, int content);

/// A plane of values on the quarter-resolution grid: value (x, y) at [x * height + y].
struct Plane {
    int width = 0;
    int height = 0;
    std::vector<float> values;
};

/// The pixel embeddings of one image, ready for coupling with proposals. All methods are const and
/// may be called from several threads.
class Coupling {
public:
    /// `pixels`: (D, padded.height/s, padded.width/s) row-major planes, s the pixel stride.
    Coupling(std::span<const float> pixels, int dims, const Geometry& geometry,
             const CouplingOptions& options);

    /// The window of a box in pixels of the network input (§7.4 step 2); never empty.
    [[nodiscard]] Window window(const Box& box) const;

    /// The mask at the original size (or the content size, see `at_input_size`) for every
    /// probability threshold, from one coupling (§9.5).
    [[nodiscard]] Rle mask(const Box& box, std::span<const float> embedding,
                           std::span<const float> margin) const;
    [[nodiscard]] std::vector<Rle> masks(const Box& box, std::span<const float> embedding,
                                         std::span<const float> margin,
                                         std::span<const double> thresholds) const;

    /// Log-probabilities −Σ m(p−q)² over the dimensions [first, last) on the whole quarter grid,
    /// ignoring the window. Used by `--explain`.
    [[nodiscard]] Plane log_probability(std::span<const float> embedding,
                                        std::span<const float> margin, int first, int last) const;

    [[nodiscard]] ImageSize mask_size() const { return output_; }

private:
    struct Patch;  // the values of one window with a border of outside cells

    [[nodiscard]] Taps to_quarter(int cells) const;
    [[nodiscard]] Plane couple(std::span<const float> embedding, std::span<const float> margin,
                               int first, int last, const Window& cells) const;
    [[nodiscard]] Patch patch(const Window& window, std::span<const float> embedding,
                              std::span<const float> margin) const;
    [[nodiscard]] Rle paste(const Patch& patch, double threshold) const;

    CouplingOptions options_;
    int dims_;
    int grid_width_ = 0;  // size of the planes on which the coupling is evaluated
    int grid_height_ = 0;
    int mask_width_ = 0;  // the quarter-resolution grid
    int mask_height_ = 0;
    ImageSize output_;
    std::vector<float> embeddings_;  // (D, grid_width, grid_height)
    Taps columns_;                   // quarter grid → output columns and rows
    Taps rows_;
};

}  // namespace embedmask::mask
