#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <unordered_map>

#include "embedmask/data.h"

namespace embedmask {
namespace {

constexpr double kSmall = 32 * 32;  // pixels; smaller objects are "small"
constexpr double kLarge = 96 * 96;  // pixels; objects from here on are "large"

/// Statistics of one category.
struct Objects {
    CategoryStatistics counts;
    std::set<std::int64_t> images;
    std::vector<double> areas;
};

double area_of(const Annotation& annotation) {
    if (annotation.area) {
        return *annotation.area;
    }
    return annotation.box ? annotation.box->width * annotation.box->height : 0;
}

double median(std::vector<double> values) {
    if (values.empty()) {
        return 0;
    }
    std::sort(values.begin(), values.end());
    return values[values.size() / 2];
}

/// Histogram bars at powers of two of `value`.
template <class Range, class Value>
Histogram histogram(const std::string& title, const Range& items, const Value& value) {
    std::map<int, std::size_t> bins;
    for (const auto& item : items) {
        const double number = value(item);
        ++bins[number < 1 ? -1 : static_cast<int>(std::floor(std::log2(number)))];
    }
    Histogram result{title, {}};
    if (bins.empty()) {
        return result;
    }
    for (int bin = bins.begin()->first; bin <= bins.rbegin()->first; ++bin) {
        result.bars.push_back(
            {bin < 0 ? std::string("0") : fmt::format("{}-{}", 1LL << bin, (2LL << bin) - 1),
             bins[bin]});
    }
    return result;
}

std::string category_name(const Dataset& data, std::int64_t id) {
    const auto found = std::ranges::find(data.categories, id, &Category::id);
    return found == data.categories.end() ? fmt::format("unknown id {}", id) : found->name;
}

std::map<std::int64_t, Objects> objects_of_categories(const Dataset& data) {
    std::map<std::int64_t, Objects> categories;
    for (const Category& category : data.categories) {
        categories[category.id];
    }
    for (const Annotation& annotation : data.annotations) {
        Objects& objects = categories[annotation.category_id];
        CategoryStatistics& counts = objects.counts;
        ++counts.objects;
        counts.crowds += annotation.crowd ? 1 : 0;
        counts.without_mask += annotation.segmentation.format == Segmentation::Format::none ? 1 : 0;
        const double area = area_of(annotation);
        ++(area < kSmall ? counts.small : area < kLarge ? counts.medium : counts.large);
        objects.areas.push_back(area);
        objects.images.insert(annotation.image_id);
    }
    return categories;
}

std::vector<std::size_t> objects_per_image(const Dataset& data) {
    std::unordered_map<std::int64_t, std::size_t> of_image;
    for (const Annotation& annotation : data.annotations) {
        ++of_image[annotation.image_id];
    }
    std::vector<std::size_t> counts;
    for (const ImageRecord& image : data.images) {
        const auto found = of_image.find(image.id);
        counts.push_back(found == of_image.end() ? 0 : found->second);
    }
    return counts;
}

}  // namespace

DatasetStatistics dataset_statistics(const Dataset& dataset) {
    DatasetStatistics result;
    result.source = dataset.source;
    result.counts = {dataset.images.size(), dataset.annotations.size(), dataset.categories.size()};
    for (auto& [id, objects] : objects_of_categories(dataset)) {
        CategoryStatistics& counts = result.categories.emplace_back(objects.counts);
        counts.id = id;
        counts.name = category_name(dataset, id);
        counts.images = objects.images.size();
        counts.median_area = median(objects.areas);
    }
    const std::vector<std::size_t> per_image = objects_per_image(dataset);
    result.images_without_objects =
        static_cast<std::size_t>(std::ranges::count(per_image, std::size_t{0}));
    result.histograms = {
        histogram("objects in an image", per_image,
                  [](std::size_t count) { return static_cast<double>(count); }),
        histogram("size of an object (square root of its area, pixels)", dataset.annotations,
                  [](const Annotation& item) { return std::sqrt(area_of(item)); }),
        histogram("short side of an image (pixels)", dataset.images, [](const ImageRecord& image) {
            return static_cast<double>(std::min(image.width, image.height));
        })};
    return result;
}

}  // namespace embedmask
