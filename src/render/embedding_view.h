// Shows embeddings as colours, as in the paper's Fig. 1 (spec §12, EmbedMask #13).
#pragma once

#include <array>
#include <span>
#include <vector>

#include "embedmask/image.h"
#include "render/color.h"

namespace embedmask::render {

/// Three directions in the embedding space and the range of values along each.
struct EmbeddingBasis {
    int dims = 0;
    std::vector<float> mean;                 ///< dims
    std::array<std::vector<float>, 3> axes;  ///< dims each; zeros if dims < 3
    std::array<float, 3> low{};
    std::array<float, 3> high{};
};

/// Joint principal component analysis of pixel and proposal embeddings, so that both use the same
/// colour mapping. `pixels`: planes, dims x (any number of cells); `proposals`: rows, (any number)
/// x dims; dims 1..32. Each axis is oriented so that its largest component is positive. Error if
/// the sizes do not match or there are no embeddings.
EmbeddingBasis fit_embedding_basis(std::span<const float> pixels, std::span<const float> proposals,
                                   int dims);

/// One pixel per cell: components min-max scaled to [0, 1], shown as red, green, blue.
/// `pixels`: dims x size.height x size.width.
Image embedding_image(const EmbeddingBasis& basis, std::span<const float> pixels, ImageSize size);

/// The colours of proposal embeddings (rows of `basis.dims`) under the same mapping.
std::vector<Color> embedding_colors(const EmbeddingBasis& basis, std::span<const float> proposals);

}  // namespace embedmask::render
