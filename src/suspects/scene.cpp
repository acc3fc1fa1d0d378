#include "suspects/scene.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <unordered_map>

#include "embedmask/error.h"
#include "embedmask/rle.h"
#include "evaluation/overlap.h"

namespace embedmask::suspects {
namespace {

constexpr double kInCrowd = 0.5;    // share of a detection
constexpr double kLeastPair = 0.7;  // IoU of labels that may be duplicates

double area_of(const CocoBox& box) {
    return box.width * box.height;
}

/// The mask if it is known, fits the image and has a pixel.
std::optional<Rle> known_mask(const Segmentation& segmentation, const ImageRecord& image) {
    if (segmentation.format == Segmentation::Format::none) {
        return std::nullopt;
    }
    try {
        Rle mask = to_mask(segmentation, image.height, image.width);
        return area(mask) > 0 ? std::optional(std::move(mask)) : std::nullopt;
    } catch (const Error&) {
        // The box is still worth a look, and `data check` reports broken masks.
        return std::nullopt;
    }
}

bool is_box(const CocoBox& box) {
    return std::isfinite(box.x) && std::isfinite(box.y) && std::isfinite(box.width) &&
           std::isfinite(box.height) && box.width > 0 && box.height > 0;
}

/// Builds the scene of one image; its masks live as long as the builder.
class SceneBuilder {
public:
    SceneBuilder(const Dataset& dataset, const ImageRecord& image) : image_(image) {
        scene_.image_id = image.id;
        scene_.width = image.width;
        scene_.height = image.height;
        source_ = &dataset;
    }

    void add_label(std::size_t position) {
        const Annotation& annotation = source_->annotations[position];
        auto mask = known_mask(annotation.segmentation, image_);
        CocoBox box = annotation.box.value_or(CocoBox{});
        if (!is_box(box) && mask) {
            box = bounding_box(*mask);
        }
        if (!is_box(box)) {
            return;
        }
        reach(box);
        if (annotation.crowd) {
            crowds_.push_back(box);
            crowd_masks_.push_back(std::move(mask));
            return;
        }
        Label label{.annotation = position,
                    .category = annotation.category_id,
                    .box = box,
                    .area = annotation.area.value_or(area_of(box)),
                    .has_mask = mask.has_value()};
        if (mask) {
            label.area = static_cast<double>(area(*mask));
        }
        scene_.labels.push_back(label);
        masks_.push_back(std::move(mask));
    }

    void add_found(std::size_t position, const Result& result) {
        const auto mask = known_mask(result.segmentation, image_);
        CocoBox box = result.box.value_or(CocoBox{});
        if (!is_box(box) && mask) {
            box = bounding_box(*mask);
        }
        if (!is_box(box)) {
            return;
        }
        reach(box);
        Found found{.result = position,
                    .category = result.category_id,
                    .box = box,
                    .score = result.score,
                    .area = mask ? static_cast<double>(area(*mask)) : area_of(box),
                    .has_mask = mask.has_value()};
        for (std::size_t i = 0; i < crowds_.size(); ++i) {
            const double share = mask && crowd_masks_[i] ? mask_iou(*mask, *crowd_masks_[i], true)
                                                         : share_inside(box, crowds_[i]);
            found.in_crowd = found.in_crowd || share > kInCrowd;
        }
        scene_.found.push_back(found);
    }

    Scene finish() {
        std::ranges::stable_sort(scene_.found, std::ranges::greater{}, &Found::score);
        match();
        find_pairs();
        return std::move(scene_);
    }

private:
    void reach(const CocoBox& box) {
        if (image_.width < 1 || image_.height < 1) {
            scene_.width = std::max(scene_.width, box.x + box.width);
            scene_.height = std::max(scene_.height, box.y + box.height);
        }
    }

    /// Best scores first, each detection takes the free label of its category that it fits best.
    void match() {
        for (std::size_t i = 0; i < scene_.found.size(); ++i) {
            Found& found = scene_.found[i];
            Label* best = nullptr;
            double most = kSamePlace;
            for (Label& label : scene_.labels) {
                const double overlap =
                    label.category == found.category ? iou(found.box, label.box) : 0;
                if (overlap < kSamePlace) {
                    continue;
                }
                ++found.explanations;
                if (!label.match && overlap >= most) {
                    best = &label;
                    most = overlap;
                }
            }
            if (best != nullptr) {
                best->match = i;
                found.matched = true;
            }
        }
    }

    void find_pairs() {
        for (std::size_t i = 0; i < masks_.size(); ++i) {
            for (std::size_t j = 0; j < i; ++j) {
                const double boxes = iou(scene_.labels[i].box, scene_.labels[j].box);
                if (boxes <= kLeastPair / 2) {
                    continue;
                }
                const bool masks = masks_[i] && masks_[j];
                const double overlap = masks ? mask_iou(*masks_[i], *masks_[j]) : boxes;
                if (overlap > kLeastPair) {
                    scene_.pairs.push_back({j, i, overlap, masks});
                }
            }
        }
    }

    const ImageRecord& image_;
    const Dataset* source_ = nullptr;
    Scene scene_;
    std::vector<std::optional<Rle>> masks_;  // of the labels
    std::vector<CocoBox> crowds_;
    std::vector<std::optional<Rle>> crowd_masks_;
};

}  // namespace

double iou(const CocoBox& a, const CocoBox& b) {
    return detail::iou(a, b, false);
}

double share_inside(const CocoBox& inner, const CocoBox& outer) {
    return detail::iou(inner, outer, true);
}

std::vector<Scene> scenes_of(const Dataset& dataset, std::span<const Result> results) {
    require_known_ids(dataset, results, "results");
    std::unordered_map<std::int64_t, std::size_t> positions;
    for (std::size_t i = 0; i < dataset.images.size(); ++i) {
        if (!positions.emplace(dataset.images[i].id, i).second) {
            throw Error(fmt::format("{}: duplicate image id {}: expected one image per id",
                                    dataset.source, dataset.images[i].id),
                        "`embedmask data check FILE` lists duplicate ids");
        }
    }
    std::vector<std::vector<std::size_t>> labels(dataset.images.size());
    std::vector<std::vector<std::size_t>> found(dataset.images.size());
    for (std::size_t i = 0; i < dataset.annotations.size(); ++i) {
        // Annotations of unknown images are left to `data check`.
        if (const auto image = positions.find(dataset.annotations[i].image_id);
            image != positions.end()) {
            labels[image->second].push_back(i);
        }
    }
    for (std::size_t i = 0; i < results.size(); ++i) {
        if (!std::isfinite(results[i].score)) {
            throw Error(fmt::format("results, detection {}: found the score {}: expected a number",
                                    i, results[i].score));
        }
        found[positions.at(results[i].image_id)].push_back(i);
    }
    std::vector<Scene> scenes;
    scenes.reserve(dataset.images.size());
    for (std::size_t i = 0; i < dataset.images.size(); ++i) {
        SceneBuilder builder(dataset, dataset.images[i]);
        for (const std::size_t position : labels[i]) {
            builder.add_label(position);
        }
        for (const std::size_t position : found[i]) {
            builder.add_found(position, results[position]);
        }
        scenes.push_back(builder.finish());
    }
    return scenes;
}

}  // namespace embedmask::suspects
