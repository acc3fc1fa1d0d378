#include "evaluation/settings.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "embedmask/error.h"

namespace embedmask::detail {

namespace {

const std::vector<AreaRange>& coco_areas() {
    static const std::vector<AreaRange> kAreas{{"all", 0, 1e10},
                                               {"small", 0, 32 * 32},
                                               {"medium", 32 * 32, 96 * 96},
                                               {"large", 96 * 96, 1e10}};
    return kAreas;
}

std::vector<double> coco_thresholds() {
    // numpy's linspace(0.5, 0.95, 10), bit for bit.
    std::vector<double> thresholds;
    const double step = (0.95 - .5) / 9;
    for (int i = 0; i < 9; ++i) {
        thresholds.push_back(i * step + .5);
    }
    thresholds.push_back(0.95);
    return thresholds;
}

}  // namespace

EvaluationOptions with_defaults(EvaluationOptions options) {
    if (options.iou_thresholds.empty()) {
        options.iou_thresholds = coco_thresholds();
    }
    if (options.area_ranges.empty()) {
        options.area_ranges = coco_areas();
    }
    if (options.max_detections.empty()) {
        options.max_detections = {1, 10, 100};
    }
    return options;
}

void require_valid(const EvaluationOptions& options) {
    for (const double threshold : options.iou_thresholds) {
        if (!(threshold >= 0 && threshold <= 1)) {
            throw Error(fmt::format("EvaluationOptions::iou_thresholds: found {}: expected 0 to 1",
                                    threshold),
                        {}, ErrorKind::usage);
        }
    }
    std::set<std::string> names;
    for (const AreaRange& range : options.area_ranges) {
        if (!(range.low <= range.high)) {
            throw Error(fmt::format("EvaluationOptions::area_ranges: found {} from {} to {}: "
                                    "expected a range that does not end before it starts",
                                    range.name, range.low, range.high),
                        {}, ErrorKind::usage);
        }
        if (!names.insert(range.name).second) {
            throw Error(fmt::format("EvaluationOptions::area_ranges: found \"{}\" twice: expected "
                                    "a name for each range",
                                    range.name),
                        {}, ErrorKind::usage);
        }
    }
    if (options.max_detections.front() < 0 ||
        !std::is_sorted(options.max_detections.begin(), options.max_detections.end())) {
        throw Error(
            fmt::format("EvaluationOptions::max_detections: found {}: expected an ascending list "
                        "of numbers from 0",
                        fmt::join(options.max_detections, ", ")),
            {}, ErrorKind::usage);
    }
}

std::string coco_suffix(const AreaRange& range) {
    for (const AreaRange& own : coco_areas()) {
        if (own.name != "all" && own.name == range.name && own.low == range.low &&
            own.high == range.high) {
            return own.name.substr(0, 1);
        }
    }
    return {};
}

}  // namespace embedmask::detail
