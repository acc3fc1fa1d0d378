#include "evaluation/objects.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <unordered_map>
#include <unordered_set>

#include "embedmask/error.h"
#include "embedmask/polygon.h"

namespace embedmask::detail {

namespace {

/// Groups positions 0 .. items - 1 by bucket, preserving their order; `bucket` may return `buckets`
/// to leave an item out.
template <class Bucket>
void group(std::size_t items, std::size_t buckets, const Bucket& bucket,
           std::vector<std::size_t>& begin, std::vector<std::size_t>& order) {
    begin.assign(buckets + 2, 0);
    std::vector<std::size_t> where(items);
    for (std::size_t i = 0; i < items; ++i) {
        where[i] = bucket(i);
        ++begin[where[i] + 1];
    }
    std::partial_sum(begin.begin(), begin.end(), begin.begin());
    order.resize(items);
    std::vector<std::size_t> next(begin.begin(), begin.end() - 1);
    for (std::size_t i = 0; i < items; ++i) {
        order[next[where[i]]++] = i;
    }
}

[[noreturn]] void fail_without_size(const std::string& source, const ImageRecord& image) {
    throw Error(
        fmt::format("{}: image {} ({}) has no width and height: expected the size of the image, "
                    "which masks need",
                    source, image.id, image.file_name),
        "write width and height of every image, or score boxes only (--type bbox)");
}

bool has_size(const ImageRecord& image) {
    return image.width > 0 && image.height > 0;
}

Rle mask_in(const Segmentation& segmentation, const ImageRecord& image, const std::string& owner) {
    try {
        if (!has_size(image) && segmentation.format == Segmentation::Format::polygons) {
            throw Error(
                "the image has no width and height: expected its size, which polygons need");
        }
        return to_mask(segmentation, image.height, image.width);
    } catch (const Error& error) {
        throw Error(
            fmt::format("{}, image {} ({}): {}", owner, image.id, image.file_name, error.what()),
            error.fix());
    }
}

std::unordered_set<std::int64_t> category_ids(const Dataset& dataset) {
    std::unordered_set<std::int64_t> ids;
    for (const Category& category : dataset.categories) {
        ids.insert(category.id);
    }
    return ids;
}

Rle box_mask(const CocoBox& box, const ImageRecord& image) {
    const auto& [x, y, w, h] = box;
    return rasterize_ring(std::vector{x, y, x, y + h, x + w, y + h, x + w, y}, image.height,
                          image.width);
}

}  // namespace

ObjectSource::ObjectSource(const Dataset& dataset, std::span<const Result> results,
                           const std::string& results_source, const ObjectRules& rules)
    : dataset_(dataset),
      results_(results),
      source_(results_source),
      boxes_first_(!results.empty() && results.front().box.has_value()) {
    require_known_ids(dataset, results, results_source, rules.ignore_unknown_categories);
    records_.reserve(dataset.images.size());
    for (const ImageRecord& image : dataset.images) {
        records_.push_back(&image);
    }
    std::ranges::stable_sort(records_, {}, &ImageRecord::id);
    // Like a map filled in file order: the last of several images with the same id counts.
    std::size_t kept = 0;
    for (const ImageRecord* record : records_) {
        if (images_.empty() || images_.back() != record->id) {
            images_.push_back(record->id);
            ++kept;
        }
        records_[kept - 1] = record;
    }
    records_.resize(kept);
    group_truths(rules);
    const auto known = category_ids(dataset);
    group(
        results.size(), images_.size(),
        [&](std::size_t i) {
            const bool counts =
                !rules.ignore_unknown_categories || known.contains(results[i].category_id);
            return counts ? bucket(results[i].image_id) : images_.size();
        },
        result_begin_, result_order_);
}

std::size_t ObjectSource::bucket(std::int64_t image_id) const {
    const std::size_t i = position(image_id);
    return i < images_.size() && images_[i] == image_id ? i : images_.size();
}

void ObjectSource::group_truths(const ObjectRules& rules) {
    const std::vector<Annotation>& annotations = dataset_.annotations;
    group(
        annotations.size(), images_.size(),
        [&](std::size_t i) { return bucket(annotations[i].image_id); }, truth_begin_, truths_);
    if (!rules.last_of_id) {
        return;
    }
    std::unordered_map<std::int64_t, std::size_t> last;
    last.reserve(annotations.size());
    for (std::size_t i = 0; i < annotations.size(); ++i) {
        last[annotations[i].id] = i;
    }
    if (last.size() == annotations.size()) {
        return;
    }
    // pycocotools collects the ids of all images in ascending order, takes the annotation that it
    // knows by each id, and groups these again, by their own image.
    const auto known = category_ids(dataset_);
    std::vector<std::size_t> taken;
    for (std::size_t j = 0; j < truth_begin_[images_.size()]; ++j) {
        const Annotation& annotation = annotations[truths_[j]];
        if (rules.class_agnostic || known.contains(annotation.category_id)) {
            taken.push_back(last.at(annotation.id));
        }
    }
    std::vector<std::size_t> order;
    group(
        taken.size(), images_.size(),
        [&](std::size_t i) { return bucket(annotations[taken[i]].image_id); }, truth_begin_, order);
    truths_.clear();
    for (const std::size_t i : order) {
        truths_.push_back(taken[i]);
    }
}

void ObjectSource::require_masks() const {
    for (const ImageRecord& image : dataset_.images) {
        const std::size_t i = position(image.id);
        if (!has_size(*records_[i]) &&
            (truth_begin_[i] < truth_begin_[i + 1] || result_begin_[i] < result_begin_[i + 1])) {
            fail_without_size(dataset_.source, *records_[i]);
        }
    }
    require_scorable_masks(dataset_);
}

std::size_t ObjectSource::position(std::int64_t image_id) const {
    const auto found = std::lower_bound(images_.begin(), images_.end(), image_id);
    return static_cast<std::size_t>(found - images_.begin());
}

ImageObjects ObjectSource::objects(std::size_t i, bool masks) const {
    const ImageRecord& image = *records_[i];
    ImageObjects objects;
    objects.truths.reserve(truth_begin_[i + 1] - truth_begin_[i]);
    for (std::size_t j = truth_begin_[i]; j < truth_begin_[i + 1]; ++j) {
        add_truth(truths_[j], image, masks, objects);
    }
    objects.detections.reserve(result_begin_[i + 1] - result_begin_[i]);
    for (std::size_t j = result_begin_[i]; j < result_begin_[i + 1]; ++j) {
        add_detection(result_order_[j], image, masks, objects);
    }
    return objects;
}

void ObjectSource::add_truth(std::size_t annotation, const ImageRecord& image, bool masks,
                             ImageObjects& objects) const {
    const Annotation& source = dataset_.annotations[annotation];
    GroundTruthObject truth;
    truth.id = source.id;
    truth.category_id = source.category_id;
    truth.crowd = source.crowd;
    const Rle* mask = nullptr;
    const bool known = source.segmentation.format != Segmentation::Format::none;
    if (masks || (known && !source.box)) {
        const auto owner = [&] {
            return fmt::format("{}, annotation {}", dataset_.source, source.id);
        };
        // Run lengths have a size of their own.
        const bool own_size =
            !masks && !has_size(image) && source.segmentation.format == Segmentation::Format::rle;
        mask = own_size ? &source.segmentation.rle
                        : &objects.masks.emplace_back(mask_in(source.segmentation, image, owner()));
    }
    if (source.box) {
        truth.box = *source.box;
    } else if (mask != nullptr && !masks) {
        truth.box = bounding_box(*mask);
    }
    if (source.area) {
        truth.area = *source.area;
    } else if (mask != nullptr && known) {
        truth.area = static_cast<double>(area(*mask));
    } else {
        truth.area = truth.box.width * truth.box.height;
    }
    if (masks) {
        truth.mask = mask;
    }
    objects.truths.push_back(truth);
    objects.annotation.push_back(annotation);
}

void ObjectSource::add_detection(std::size_t result, const ImageRecord& image, bool masks,
                                 ImageObjects& objects) const {
    const Result& source = results_[result];
    DetectedObject detection;
    detection.category_id = source.category_id;
    detection.score = source.score;
    const bool known = source.segmentation.format != Segmentation::Format::none;
    bool area_of_mask = known && !(boxes_first_ && source.box);
    const Rle* mask = nullptr;
    if (masks || area_of_mask) {
        const auto owner = [&] { return fmt::format("{}, detection {}", source_, result); };
        const bool is_rle = source.segmentation.format == Segmentation::Format::rle;
        const bool fits = source.segmentation.rle.height == image.height &&
                          source.segmentation.rle.width == image.width;
        if (!known) {
            mask = &objects.masks.emplace_back(box_mask(*source.box, image));
        } else if (is_rle && (fits || (!masks && !has_size(image)))) {
            mask = &source.segmentation.rle;
        } else {
            try {
                mask = &objects.masks.emplace_back(mask_in(source.segmentation, image, owner()));
            } catch (const Error&) {
                // The box is enough where only boxes are scored.
                if (masks || !source.box) {
                    throw;
                }
                area_of_mask = false;
            }
        }
    }
    if (source.box) {
        detection.box = *source.box;
    } else if (!masks && mask != nullptr) {
        detection.box = bounding_box(*mask);
    }
    detection.area = area_of_mask && mask != nullptr ? static_cast<double>(area(*mask))
                                                     : detection.box.width * detection.box.height;
    if (masks) {
        detection.mask = mask;
    }
    objects.detections.push_back(detection);
    objects.result.push_back(result);
}

}  // namespace embedmask::detail
