// Assigns each pixel to one of several overlapping masks.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "embedmask/image.h"
#include "embedmask/rle.h"

namespace embedmask::mask {

/// A non-owning view of a mask, with the score that decides which mask is on top.
struct ScoredMask {
    const Rle* mask = nullptr;  ///< not null
    float score = 0;
};

/// Views of the masks of any type with members `mask` and `score`.
template <class Objects>
std::vector<ScoredMask> scored_masks(const Objects& objects) {
    std::vector<ScoredMask> masks;
    for (const auto& object : objects) {
        masks.push_back({object.mask, object.score});
    }
    return masks;
}

/// Indices from bottom to top: ascending score; among equal scores the first mask is on top.
std::vector<std::size_t> stacking_order(std::span<const ScoredMask> masks);

/// Error unless all masks have the size of the image.
void require_size(ImageSize size, std::span<const ScoredMask> masks);

/// One value per pixel in row order: 0 for background, i + 1 for mask i. Where masks overlap, the
/// higher score wins; among equal scores, the earlier mask. Write it with `write_png`. Error if a
/// mask has a different size or there are more than 65,535 masks.
std::vector<std::uint16_t> id_map(ImageSize size, std::span<const ScoredMask> masks);

}  // namespace embedmask::mask
