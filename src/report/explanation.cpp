#include "report/explanation.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "base/paths.h"
#include "image/view.h"
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

void write_explanation(detail::OutputFolder& folder, const std::string& name, const Image& image,
                       const Prediction& prediction, const Config& config,
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
    folder.write(name + "-embeddings.png", image::as_text(encode_png(render::panel(images, ""))));

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
        folder.write(fmt::format("{}-{}-{}.png", name, ++number, detail::file_word(category)),
                     image::as_text(encode_png(render::probability_panel(
                         image, {aware, free, fused, maps.size()}, title))));
    }
}

void require_replaceable_explanations(const detail::OutputFolder& folder,
                                      const std::vector<std::string>& names,
                                      const detail::InputFiles& inputs, bool force) {
    const std::set<std::string> images(names.begin(), names.end());
    // NAME-embeddings.png and NAME-K-CATEGORY.png; both NAME and CATEGORY may contain hyphens.
    const auto is_output = [&](const std::string& file) {
        if (!file.ends_with(".png")) {
            return false;
        }
        for (std::size_t at = file.find('-'); at != file.npos; at = file.find('-', at + 1)) {
            if (images.contains(file.substr(0, at))) {
                return true;
            }
        }
        return false;
    };
    folder.require_replaceable(is_output, inputs, force);
}

}  // namespace embedmask::report
