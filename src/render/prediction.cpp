#include "render/prediction.h"

#include <fmt/format.h>

#include <cstdint>

#include "embedmask/error.h"
#include "embedmask/overlay.h"
#include "render/overlay.h"

namespace embedmask {
namespace render {

std::vector<DrawnInstance> drawn_instances(const Prediction& prediction, float score_threshold,
                                           std::span<const Category> categories) {
    std::vector<DrawnInstance> instances;
    std::vector<int> labels;
    for (const Detection& detection : prediction.detections) {
        if (detection.score < score_threshold) {
            continue;
        }
        DrawnInstance& instance = instances.emplace_back();
        instance.mask = &detection.mask;
        instance.box = to_box(detection.box);
        instance.label = categories[static_cast<std::size_t>(detection.label)].name;
        instance.score = detection.score;
        instance.category_index = detection.label;
        labels.push_back(detection.label);
    }
    const auto colors = choose_colors(labels);
    for (std::size_t i = 0; i < instances.size(); ++i) {
        instances[i].color = colors[i];
    }
    return instances;
}

bool boxes_only(std::span<const DrawnInstance> instances) {
    return !instances.empty() && instances.front().mask->counts.empty();
}

}  // namespace render

Image draw(const ImageView& image, const Prediction& prediction,
           std::span<const Category> categories, const OverlayOptions& options) {
    if (image.size != prediction.size) {
        throw Error(fmt::format("a prediction for {}x{} pixels does not match an image of {}x{}",
                                prediction.size.width, prediction.size.height, image.size.width,
                                image.size.height),
                    "draw it on the image it was made for", ErrorKind::usage);
    }
    auto instances = render::drawn_instances(prediction, options.score_threshold, categories);
    render::OverlayOptions drawing{options.fill_opacity, options.contours, options.boxes,
                                   options.labels, options.scores};
    const auto pixels = static_cast<std::uint32_t>(image.size.width) *
                        static_cast<std::uint32_t>(image.size.height);
    const Rle empty{image.size.height, image.size.width, {pixels}};
    if (render::boxes_only(instances)) {
        drawing.contours = false;
        drawing.boxes = true;
        for (render::DrawnInstance& instance : instances) {
            instance.mask = &empty;
        }
    }
    return render::overlay(to_image(image), instances, drawing);
}

}  // namespace embedmask
