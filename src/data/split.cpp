#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <map>

#include "coco/dataset_text.h"
#include "embedmask/data.h"
#include "embedmask/error.h"

namespace embedmask {
namespace {

std::uint64_t next_random(std::uint64_t& state) {
    std::uint64_t z = (state += 0x9e3779b97f4a7c15ULL);  // splitmix64
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
    return z ^ (z >> 31);
}

std::size_t position_of(const ImageRecord& image, const Dataset& data) {
    return static_cast<std::size_t>(&image - data.images.data());
}

/// Number of objects per category and image.
std::vector<std::map<std::int64_t, int>> objects_of_images(const Dataset& data,
                                                           const ImageIndex& images) {
    std::vector<std::map<std::int64_t, int>> counts(data.images.size());
    for (const Annotation& annotation : data.annotations) {
        if (const ImageRecord* image = images.find(annotation.image_id); image != nullptr) {
            ++counts[position_of(*image, data)][annotation.category_id];
        }
    }
    return counts;
}

/// Selects the val images by iterative stratification (Sechidis et al. 2011), rare categories
/// first.
std::vector<bool> stratified(const Dataset& data, const ImageIndex& images, double fraction,
                             std::uint64_t seed) {
    const auto counts = objects_of_images(data, images);
    std::map<std::int64_t, double> total;
    for (const auto& image : counts) {
        for (const auto& [category, count] : image) {
            total[category] += count;
        }
    }
    std::vector<std::size_t> order(data.images.size());
    for (std::size_t i = 0; i < order.size(); ++i) {
        order[i] = i;
    }
    std::uint64_t state = seed;
    for (std::size_t i = order.size(); i > 1; --i) {
        std::swap(order[i - 1], order[next_random(state) % i]);
    }
    constexpr std::int64_t kAllImages = std::numeric_limits<std::int64_t>::min();  // all images
    std::vector<std::int64_t> rarest(data.images.size(), kAllImages);
    total[kAllImages] = static_cast<double>(data.images.size());
    for (std::size_t i = 0; i < rarest.size(); ++i) {
        for (const auto& [category, _] : counts[i]) {
            if (rarest[i] == kAllImages || total[category] < total[rarest[i]]) {
                rarest[i] = category;
            }
        }
    }
    std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
        const bool a_last = rarest[a] == kAllImages;
        const bool b_last = rarest[b] == kAllImages;
        if (a_last != b_last) {
            return b_last;
        }
        return total[rarest[a]] < total[rarest[b]];
    });

    // Remaining demand of each part; an image goes to the part with the highest demand for its
    // rarest category.
    std::map<std::int64_t, double> train_wants;
    std::map<std::int64_t, double> val_wants;
    for (const auto& [category, count] : total) {
        train_wants[category] = (1 - fraction) * count;
        val_wants[category] = fraction * count;
    }
    std::vector<bool> val(data.images.size(), false);
    for (const std::size_t i : order) {
        const double surplus = val_wants[rarest[i]] - train_wants[rarest[i]];
        val[i] = surplus != 0 ? surplus > 0 : val_wants[kAllImages] > train_wants[kAllImages];
        auto& wants = val[i] ? val_wants : train_wants;
        wants[kAllImages] -= 1;
        for (const auto& [category, count] : counts[i]) {
            wants[category] -= count;
        }
    }
    return val;
}

}  // namespace

SplitReport split_dataset(const std::filesystem::path& annotations,
                          const std::filesystem::path& train, const std::filesystem::path& val,
                          const SplitOptions& options) {
    if (!(options.fraction > 0 && options.fraction < 1)) {
        throw Error(fmt::format("SplitOptions::fraction {}: expected a number between 0 and 1",
                                options.fraction),
                    {}, ErrorKind::usage);
    }
    const detail::DatasetText text(annotations);
    const Dataset& data = text.dataset();
    const ImageIndex images(data);
    const auto is_val = stratified(data, images, options.fraction, options.seed);
    for (const bool part : {false, true}) {
        detail::DatasetChoice choice;
        choice.image = [&](std::size_t i) { return is_val[i] == part; };
        choice.annotation = [&](std::size_t i) {
            const ImageRecord* image = images.find(data.annotations[i].image_id);
            return image != nullptr && is_val[position_of(*image, data)] == part;
        };
        detail::write_chosen(text, choice, part ? val : train);
    }
    SplitReport report;
    report.val_images = static_cast<std::size_t>(std::ranges::count(is_val, true));
    report.train_images = is_val.size() - report.val_images;
    return report;
}

}  // namespace embedmask
