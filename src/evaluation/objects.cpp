#include "evaluation/objects.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

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

Rle mask_in(const Segmentation& segmentation, const ImageRecord& image, const std::string& owner) {
    try {
        return to_mask(segmentation, image.height, image.width);
    } catch (const Error& error) {
        throw Error(
            fmt::format("{}, image {} ({}): {}", owner, image.id, image.file_name, error.what()));
    }
}

Rle box_mask(const CocoBox& box, const ImageRecord& image) {
    const auto& [x, y, w, h] = box;
    return rasterize_ring(std::vector{x, y, x, y + h, x + w, y + h, x + w, y}, image.height,
                          image.width);
}

}  // namespace

ObjectSource::ObjectSource(const Dataset& dataset, std::span<const Result> results,
                           const std::string& results_source)
    : dataset_(dataset),
      results_(results),
      source_(results_source),
      boxes_first_(!results.empty() && results.front().box.has_value()) {
    require_known_ids(dataset, results, results_source);
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
    const auto bucket = [&](std::int64_t id) {
        const std::size_t i = position(id);
        return i < images_.size() && images_[i] == id ? i : images_.size();
    };
    group(
        dataset.annotations.size(), images_.size(),
        [&](std::size_t i) { return bucket(dataset.annotations[i].image_id); }, truth_begin_,
        truths_);
    group(
        results.size(), images_.size(), [&](std::size_t i) { return bucket(results[i].image_id); },
        result_begin_, result_order_);
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
        mask = &objects.masks.emplace_back(mask_in(source.segmentation, image, owner()));
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
    const bool area_of_mask = known && !(boxes_first_ && source.box);
    const Rle* mask = nullptr;
    if (masks || area_of_mask) {
        const auto owner = [&] { return fmt::format("{}, detection {}", source_, result); };
        if (!known) {
            mask = &objects.masks.emplace_back(box_mask(*source.box, image));
        } else if (source.segmentation.format == Segmentation::Format::rle &&
                   source.segmentation.rle.height == image.height &&
                   source.segmentation.rle.width == image.width) {
            mask = &source.segmentation.rle;
        } else {
            mask = &objects.masks.emplace_back(mask_in(source.segmentation, image, owner()));
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
