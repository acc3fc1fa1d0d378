#include "evaluation/resampling.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

#include "base/parallel.h"
#include "base/splitmix.h"

namespace embedmask::detail {

namespace {

/// One detection of a category: its image, and its status at each threshold.
struct WeightedDetection {
    std::size_t image = 0;
    const std::uint64_t* matched = nullptr;
    const std::uint64_t* ignored = nullptr;
};

/// Mean precision at the 101 recall points for one threshold (area range 0). `weight(image)` is the
/// number of times the image is in the sample.
template <class Weight>
double threshold_ap(std::span<const WeightedDetection> detections, std::size_t t, double positives,
                    const Weight& weight, std::vector<std::array<double, 2>>& curve) {
    curve.clear();
    double true_positives = 0;
    double false_positives = 0;
    for (const WeightedDetection& detection : detections) {
        const double count = weight(detection.image);
        if (count == 0 || (detection.ignored[t / 64] >> (t % 64) & 1) != 0) {
            continue;
        }
        if ((detection.matched[t / 64] >> (t % 64) & 1) == 0) {
            false_positives += count;
            continue;
        }
        true_positives += count;
        curve.push_back({true_positives / positives,
                         true_positives / (false_positives + true_positives +
                                           std::numeric_limits<double>::epsilon())});
    }
    for (std::size_t i = curve.size(); i > 1; --i) {
        curve[i - 2][1] = std::max(curve[i - 2][1], curve[i - 1][1]);
    }
    double sum = 0;
    std::size_t next = 0;
    for (std::size_t r = 0; r < kRecallPoints; ++r) {
        while (next < curve.size() && curve[next][0] < recall_point(r)) {
            ++next;
        }
        if (next == curve.size()) {
            break;
        }
        sum += curve[next][1];
    }
    return sum / kRecallPoints;
}

std::vector<WeightedDetection> weighted(const CategoryMatches& matches,
                                        const std::map<std::int64_t, std::size_t>& images) {
    std::vector<WeightedDetection> result;
    if (matches.detections.empty()) {
        return result;
    }
    const std::size_t words = matches.matched.size() / matches.detections.size();
    result.reserve(matches.detections.size());
    for (const MatchedDetection& detection : matches.detections) {
        result.push_back({images.at(detection.image_id), &matches.matched[detection.index * words],
                          &matches.ignored[detection.index * words]});
    }
    return result;
}

std::map<std::int64_t, std::size_t> number_images(std::span<const CategoryMatches> matches) {
    std::map<std::int64_t, std::size_t> images;
    for (const CategoryMatches& category : matches) {
        for (const MatchedDetection& detection : category.detections) {
            images[detection.image_id] = 0;
        }
        for (const ImagePositives& image : category.images) {
            images[image.image_id] = 0;
        }
    }
    std::size_t count = 0;
    for (auto& image : images) {
        image.second = count++;
    }
    return images;
}

}  // namespace

std::vector<ImageScore> score_images(std::span<const CategoryMatches> matches,
                                     const EvaluationOptions& options) {
    const auto images = number_images(matches);
    std::vector<double> sums(images.size(), 0);
    std::vector<int> categories(images.size(), 0);
    std::vector<std::array<double, 2>> curve;
    for (const CategoryMatches& category : matches) {
        auto detections = weighted(category, images);
        std::stable_sort(detections.begin(), detections.end(),
                         [](const auto& a, const auto& b) { return a.image < b.image; });
        for (const ImagePositives& positives : category.images) {
            const std::size_t image = images.at(positives.image_id);
            const auto [first, last] = std::equal_range(
                detections.begin(), detections.end(), WeightedDetection{image, nullptr, nullptr},
                [](const auto& a, const auto& b) { return a.image < b.image; });
            double sum = 0;
            for (std::size_t t = 0; t < options.iou_thresholds.size(); ++t) {
                sum += threshold_ap(
                    {first, last}, t, positives.count, [](std::size_t) { return 1.0; }, curve);
            }
            sums[image] += sum / static_cast<double>(options.iou_thresholds.size());
            ++categories[image];
        }
    }
    std::vector<ImageScore> scores;
    for (const auto& [id, image] : images) {
        scores.push_back({id, categories[image] == 0 ? -1 : sums[image] / categories[image]});
    }
    return scores;
}

std::array<double, 2> bootstrap_interval(std::span<const CategoryMatches> matches,
                                         const EvaluationOptions& options) {
    const auto images = number_images(matches);
    if (images.empty()) {
        return {-1, -1};
    }
    std::vector<std::vector<WeightedDetection>> detections;
    std::vector<std::vector<std::pair<std::size_t, double>>> positives(matches.size());
    for (std::size_t k = 0; k < matches.size(); ++k) {
        detections.push_back(weighted(matches[k], images));
        for (const ImagePositives& image : matches[k].images) {
            positives[k].emplace_back(images.at(image.image_id), image.count);
        }
    }
    const auto samples = static_cast<std::size_t>(options.bootstrap_samples);
    std::vector<double> values(samples, -1);
    const int threads = options.threads > 0 ? options.threads : available_processors();
    parallel_for(samples, threads, [&](std::size_t sample) {
        std::uint64_t state = options.bootstrap_seed * 0x2545f4914f6cdd1dULL + sample;
        std::vector<double> weights(images.size(), 0);
        for (std::size_t i = 0; i < images.size(); ++i) {
            weights[detail::splitmix64(state) % images.size()] += 1;
        }
        const auto weight = [&](std::size_t image) { return weights[image]; };
        std::vector<std::array<double, 2>> curve;
        double sum = 0;
        int categories = 0;
        for (std::size_t k = 0; k < matches.size(); ++k) {
            double total = 0;
            for (const auto& [image, count] : positives[k]) {
                total += weights[image] * count;
            }
            if (total == 0) {
                continue;
            }
            ++categories;
            for (std::size_t t = 0; t < options.iou_thresholds.size(); ++t) {
                sum += threshold_ap(detections[k], t, total, weight, curve);
            }
        }
        if (categories > 0) {
            values[sample] = sum / categories / static_cast<double>(options.iou_thresholds.size());
        }
    });
    std::erase(values, -1);
    if (values.empty()) {
        return {-1, -1};
    }
    std::sort(values.begin(), values.end());
    const auto quantile = [&](double q) {
        return values[static_cast<std::size_t>(
            std::lround(q * static_cast<double>(values.size() - 1)))];
    };
    return {quantile(0.025), quantile(0.975)};
}

}  // namespace embedmask::detail
