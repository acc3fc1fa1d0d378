// Converts the detector's maps to scored boxes (spec §7.1, §7.9).
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "embedmask/box.h"
#include "embedmask/config.h"
#include "embedmask/image.h"

namespace embedmask::detection {

/// The maps of one pyramid level for one image, each plane row-major h x w.
struct LevelMaps {
    std::span<const float> class_logits;  ///< (C, h, w)
    std::span<const float> box;           ///< (4, h, w): l, t, r, b
    std::span<const float> centerness;    ///< (h, w), logits; empty for a detector without
    std::int64_t height = 0;
    std::int64_t width = 0;
};

struct Candidate {
    Box box;  ///< in pixels of the network input
    float score = 0;
    int label = 0;  ///< index into the model's categories (the spec's label minus 1)
    int level = 0;
    int location = 0;  ///< row-major cell of the level
};

struct CandidateOptions {
    double score_threshold = 0.05;
    std::int64_t top_n = 1000;       ///< per level
    bool threshold_product = false;  ///< threshold class probability x centre-ness instead
    bool square_root = false;        ///< score = sqrt(product)
    bool plus_one = true;            ///< legacy convention: clip to the content, [0, W-1]
    bool distances_in_strides = true;
    bool at_cell_centers = true;  ///< locations are cell centres, else their top left corners

    static CandidateOptions of(const Config& config);
};

/// Appends the candidates of one level, ordered by location, then class; at most `top_n`, the best
/// by score (ties: the earlier one). `content` is the image's size inside the padded input.
void add_candidates(const LevelMaps& maps, int level, std::int64_t stride, ImageSize content,
                    const CandidateOptions& options, std::vector<Candidate>& out);

}  // namespace embedmask::detection
