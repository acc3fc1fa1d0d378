#include "report/side_by_side.h"

#include <algorithm>
#include <deque>
#include <numeric>
#include <unordered_set>

#include "data/recorded_image.h"
#include "embedmask/error.h"
#include "render/overlay.h"

namespace embedmask::report {
namespace {

constexpr double kFound = 0.5;  // minimum IoU of a detection with its object

/// One instance to draw; without a mask, the box becomes the mask.
class Instances {
public:
    Instances(const Dataset& dataset, ImageSize size) : dataset_(dataset), size_(size) {}

    void add(std::int64_t category_id, const Segmentation& segmentation,
             const std::optional<CocoBox>& box, double score) {
        const Rle& mask = masks_.emplace_back(mask_of(segmentation, box));
        render::DrawnInstance instance;
        instance.mask = &mask;
        instance.box = to_box(bounding_box(mask));
        instance.score = static_cast<float>(score);
        for (std::size_t i = 0; i < dataset_.categories.size(); ++i) {
            if (dataset_.categories[i].id != category_id) {
                continue;
            }
            instance.label = dataset_.categories[i].name;
            instance.category_index = static_cast<int>(i);
        }
        instances_.push_back(instance);
    }

    std::vector<render::DrawnInstance>& list() { return instances_; }

    [[nodiscard]] Image draw(const Image& image, bool scores) const {
        return render::overlay(image, instances_, {.scores = scores});
    }

private:
    [[nodiscard]] Rle mask_of(const Segmentation& segmentation,
                              const std::optional<CocoBox>& box) const {
        if (segmentation.format != Segmentation::Format::none) {
            try {
                return to_mask(segmentation, size_.height, size_.width);
            } catch (const Error&) {
                // A broken mask does not matter where boxes are scored.
                if (!box) {
                    throw;
                }
            }
        }
        Segmentation shape;
        if (box) {
            const auto& [x, y, w, h] = *box;
            shape.format = Segmentation::Format::polygons;
            shape.polygons = {{x, y, x + w, y, x + w, y + h, x, y + h}};
        }
        return to_mask(shape, size_.height, size_.width);
    }

    const Dataset& dataset_;
    ImageSize size_;
    std::deque<Rle> masks_;
    std::vector<render::DrawnInstance> instances_;
};

/// A detection has the colour of its object, so that the two images can be compared at a glance.
void choose_colors(std::vector<render::DrawnInstance>& truths,
                   std::vector<render::DrawnInstance>& found) {
    std::vector<int> categories;
    for (const auto* list : {&truths, &found}) {
        for (const render::DrawnInstance& instance : *list) {
            categories.push_back(instance.category_index);
        }
    }
    const auto colors = render::choose_colors(categories);
    for (std::size_t i = 0; i < truths.size(); ++i) {
        truths[i].color = colors[i];
    }
    std::vector<std::size_t> order(found.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::stable_sort(order.begin(), order.end(),
                     [&](std::size_t a, std::size_t b) { return found[a].score > found[b].score; });
    std::vector<bool> taken(truths.size());
    for (const std::size_t i : order) {
        found[i].color = colors[truths.size() + i];
        double best = kFound;
        std::size_t match = truths.size();
        for (std::size_t j = 0; j < truths.size(); ++j) {
            if (taken[j] || truths[j].category_index != found[i].category_index) {
                continue;
            }
            const double iou = mask_iou(*found[i].mask, *truths[j].mask);
            if (iou < best) {
                continue;
            }
            best = iou;
            match = j;
        }
        if (match == truths.size()) {
            continue;
        }
        taken[match] = true;
        found[i].color = truths[match].color;
    }
}

Image join_horizontally(const Image& left, const Image& right) {
    constexpr int kGap = 8;
    Image both;
    both.size = {left.size.width + kGap + right.size.width, left.size.height};
    both.rgb.assign(static_cast<std::size_t>(both.size.width) * both.size.height * 3, 255);
    const auto paste = [&](const Image& source, int x) {
        for (int y = 0; y < source.size.height; ++y) {
            const auto row =
                source.rgb.begin() + static_cast<std::ptrdiff_t>(y) * source.size.width * 3;
            std::copy_n(
                row, source.size.width * 3,
                both.rgb.begin() + (static_cast<std::ptrdiff_t>(y) * both.size.width + x) * 3);
        }
    };
    paste(left, 0);
    paste(right, left.size.width + kGap);
    return both;
}

}  // namespace

SideBySide::SideBySide(const Dataset& dataset, std::span<const Result> results,
                       std::filesystem::path folder, double score_threshold)
    : dataset_(dataset), results_(results), folder_(std::move(folder)) {
    for (std::size_t i = 0; i < dataset.annotations.size(); ++i) {
        annotations_.emplace(dataset.annotations[i].image_id, i);
    }
    std::unordered_set<std::int64_t> known;
    for (const Category& category : dataset.categories) {
        known.insert(category.id);
    }
    for (std::size_t i = 0; i < results.size(); ++i) {
        if (results[i].score >= score_threshold && known.contains(results[i].category_id)) {
            detections_.emplace(results[i].image_id, i);
        }
    }
}

Image SideBySide::draw(const ImageRecord& record) const {
    const Image image = data::read_recorded_image(folder_, record);
    Instances truths(dataset_, image.size);
    for (auto [it, end] = annotations_.equal_range(record.id); it != end; ++it) {
        const Annotation& annotation = dataset_.annotations[it->second];
        truths.add(annotation.category_id, annotation.segmentation, annotation.box, 1);
    }
    Instances found(dataset_, image.size);
    for (auto [it, end] = detections_.equal_range(record.id); it != end; ++it) {
        const Result& result = results_[it->second];
        found.add(result.category_id, result.segmentation, result.box, result.score);
    }
    choose_colors(truths.list(), found.list());
    const Image left = truths.draw(image, false);
    return results_.empty() ? left : join_horizontally(left, found.draw(image, true));
}

}  // namespace embedmask::report
