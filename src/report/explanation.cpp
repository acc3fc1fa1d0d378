#include "report/explanation.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/paths.h"
#include "mask/coupling.h"
#include "predictor/probability.h"
#include "render/embedding_view.h"
#include "render/overlay.h"
#include "render/panel.h"

namespace embedmask::report {
namespace {

std::vector<float> proposal_rows(const Embeddings& embeddings) {
    std::vector<float> rows;
    for (const Embeddings::Proposal& proposal : embeddings.proposals) {
        rows.insert(rows.end(), proposal.embedding.begin(), proposal.embedding.end());
    }
    return rows;
}

// The part of the embedding image that shows the image, without the padding.
Image content_of(const Image& image, const Embeddings& embeddings) {
    const ImageSize size = {
        std::max(1, image.size.width * embeddings.content.width / embeddings.padded.width),
        std::max(1, image.size.height * embeddings.content.height / embeddings.padded.height)};
    Image content{size, {}};
    for (int y = 0; y < size.height; ++y) {
        const auto row = image.rgb.begin() + static_cast<std::ptrdiff_t>(3) * y * image.size.width;
        content.rgb.insert(content.rgb.end(), row,
                           row + static_cast<std::ptrdiff_t>(3) * size.width);
    }
    return content;
}

}  // namespace

void write_explanation(const std::filesystem::path& folder, const std::string& name,
                       const Image& image, const Prediction& prediction, const Config& config,
                       const std::vector<Category>& categories, float score_threshold) {
    const Embeddings& embeddings = *prediction.embeddings;
    const ImageSize grid = {embeddings.padded.width / embeddings.pixel_stride,
                            embeddings.padded.height / embeddings.pixel_stride};
    const std::vector<float> rows = proposal_rows(embeddings);
    const auto basis = render::fit_embedding_basis(embeddings.pixels, rows, embeddings.dims);
    const Image pixels =
        content_of(render::embedding_image(basis, embeddings.pixels, grid), embeddings);
    const auto colors = render::embedding_colors(basis, rows);

    std::vector<render::DrawnInstance> instances;
    for (std::size_t i = 0; i < prediction.detections.size(); ++i) {
        const Detection& detection = prediction.detections[i];
        if (detection.score < score_threshold) {
            continue;
        }
        instances.push_back({&detection.mask, to_box(detection.box),
                             categories[static_cast<std::size_t>(detection.label)].name,
                             detection.score, detection.label, colors[i]});
    }
    const render::CaptionedImage images[] = {
        {"image", image},
        {"pixel embeddings", resize(pixels, image.size)},
        {"proposal embeddings", render::overlay(image, instances, {.fill_opacity = 0.8F})}};
    write_png(folder / (name + "-embeddings.png"), render::panel(images, ""));

    const detail::ProbabilityMaps maps(prediction, config);
    int number = 0;
    for (std::size_t i = 0; i < prediction.detections.size(); ++i) {
        const Detection& detection = prediction.detections[i];
        if (detection.score < score_threshold) {
            continue;
        }
        const std::string& category = categories[static_cast<std::size_t>(detection.label)].name;
        const auto aware = maps.spatial_aware(i);
        const auto free = maps.spatial_free(i);
        const auto fused = maps.fused(i);
        const std::string title = fmt::format("{} {:.2f}", category, detection.score);
        // A category name may contain a slash, e.g. "cup/mug".
        write_png(folder / fmt::format("{}-{}-{}.png", name, ++number, detail::file_word(category)),
                  render::probability_panel(image, {aware, free, fused, maps.size()}, title));
    }
}

}  // namespace embedmask::report
