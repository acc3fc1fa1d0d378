// Reproduces the paper's figures for one image (`predict --explain`).
#pragma once

#include <string>
#include <vector>

#include "base/output_folder.h"
#include "embedmask/predictor.h"

namespace embedmask::report {

/// Writes DIR/NAME-embeddings.png: image, pixel embeddings by PCA, overlay of masks in the PCA
/// colours of their proposals (Fig. 1). Also writes DIR/NAME-K-CATEGORY.png per detection with a
/// score of at least `score_threshold`: spatial-aware, spatial-free and fused probabilities (Fig.
/// 3).
void write_explanation(detail::OutputFolder& folder, const std::string& name, const Image& image,
                       const Prediction& prediction, const Config& config,
                       const std::vector<Category>& categories, float score_threshold);

/// OutputFolder::require_replaceable for everything that write_explanation may write for images
/// with these names.
void require_replaceable_explanations(const detail::OutputFolder& folder,
                                      const std::vector<std::string>& names,
                                      const detail::InputFiles& inputs, bool force);

}  // namespace embedmask::report
