#include "evaluation/image_overlaps.h"

#include <algorithm>

#include "evaluation/overlap.h"

namespace embedmask::detail {

namespace {

std::vector<MaskRuns> runs_of(const auto& objects, const std::vector<std::size_t>& chosen) {
    std::vector<MaskRuns> runs;
    runs.reserve(chosen.size());
    for (const std::size_t i : chosen) {
        runs.emplace_back(*objects[i].mask);
    }
    return runs;
}

}  // namespace

ImageOverlaps image_overlaps(const ImageObjects& objects, IouType type, double score_threshold,
                             std::size_t most) {
    ImageOverlaps result;
    for (std::size_t i = 0; i < objects.detections.size(); ++i) {
        if (objects.detections[i].score >= score_threshold) {
            result.detections.push_back(i);
        }
    }
    std::stable_sort(result.detections.begin(), result.detections.end(),
                     [&](std::size_t a, std::size_t b) {
                         return objects.detections[a].score > objects.detections[b].score;
                     });
    result.detections.resize(std::min(result.detections.size(), most));
    for (std::size_t i = 0; i < objects.truths.size(); ++i) {
        (objects.truths[i].crowd ? result.crowds : result.truths).push_back(i);
    }

    const auto fill = [&](const std::vector<std::size_t>& truths, bool crowd, const auto& overlap) {
        std::vector<double> iou;
        iou.reserve(result.detections.size() * truths.size());
        for (std::size_t d = 0; d < result.detections.size(); ++d) {
            for (std::size_t g = 0; g < truths.size(); ++g) {
                iou.push_back(overlap(d, g, crowd));
            }
        }
        return iou;
    };
    if (type == IouType::bbox) {
        const auto compute = [&](const std::vector<std::size_t>& truths, bool crowd) {
            return fill(truths, crowd, [&](std::size_t d, std::size_t g, bool is_crowd) {
                return detail::iou(objects.detections[result.detections[d]].box,
                                   objects.truths[truths[g]].box, is_crowd);
            });
        };
        result.iou = compute(result.truths, false);
        result.crowd_iou = compute(result.crowds, true);
        return result;
    }
    const auto found = runs_of(objects.detections, result.detections);
    const auto compute = [&](const std::vector<std::size_t>& truths, bool crowd) {
        const auto runs = runs_of(objects.truths, truths);
        return fill(truths, crowd, [&](std::size_t d, std::size_t g, bool is_crowd) {
            return found[d].iou(runs[g], is_crowd);
        });
    };
    result.iou = compute(result.truths, false);
    result.crowd_iou = compute(result.crowds, true);
    return result;
}

}  // namespace embedmask::detail
