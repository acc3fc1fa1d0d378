#include "detection/nms.h"

#include <algorithm>
#include <functional>
#include <map>

namespace embedmask::detection {
namespace {

float area(const Box& box, float one) {
    return (box.x2 - box.x1 + one) * (box.y2 - box.y1 + one);
}

}  // namespace

float iou(const Box& a, const Box& b, bool plus_one) {
    const float one = plus_one ? 1.0F : 0.0F;
    const float width = std::max(0.0F, std::min(a.x2, b.x2) - std::max(a.x1, b.x1) + one);
    const float height = std::max(0.0F, std::min(a.y2, b.y2) - std::max(a.y1, b.y1) + one);
    const float intersection = width * height;
    return intersection / (area(a, one) + area(b, one) - intersection);
}

std::vector<std::size_t> nms(std::span<const Candidate> candidates, double threshold,
                             bool plus_one) {
    std::map<int, std::vector<std::size_t>> by_label;
    for (std::size_t i = 0; i < candidates.size(); ++i) {
        by_label[candidates[i].label].push_back(i);
    }
    std::vector<std::size_t> kept;
    for (auto& [label, order] : by_label) {
        std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
            return candidates[a].score > candidates[b].score;
        });
        const std::size_t first_of_label = kept.size();
        for (const std::size_t i : order) {
            const auto suppresses = [&](std::size_t better) {
                return double{iou(candidates[better].box, candidates[i].box, plus_one)} > threshold;
            };
            const auto begin = kept.begin() + static_cast<std::ptrdiff_t>(first_of_label);
            if (std::none_of(begin, kept.end(), suppresses)) {
                kept.push_back(i);
            }
        }
    }
    std::sort(kept.begin(), kept.end());
    return kept;
}

std::vector<std::size_t> limit_detections(std::span<const Candidate> candidates,
                                          std::vector<std::size_t> kept, std::int64_t limit) {
    if (limit <= 0 || kept.size() <= static_cast<std::size_t>(limit)) {
        return kept;
    }
    std::vector<float> scores;
    scores.reserve(kept.size());
    for (const std::size_t i : kept) {
        scores.push_back(candidates[i].score);
    }
    std::nth_element(scores.begin(), scores.begin() + (limit - 1), scores.end(), std::greater<>());
    const float lowest = scores[static_cast<std::size_t>(limit - 1)];
    std::erase_if(kept, [&](std::size_t i) { return candidates[i].score < lowest; });
    return kept;
}

}  // namespace embedmask::detection
