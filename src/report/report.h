// What an evaluation found, as values that the writers of reports share.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "embedmask/analysis.h"
#include "embedmask/dataset.h"
#include "embedmask/evaluation.h"

namespace embedmask::report {

// Of detections in the confusion matrix and in pictures.
inline constexpr double kConfusionScore = 0.3;
inline constexpr double kConfusionIou = 0.5;

/// What the numbers of CocoStats are called, in their order.
inline constexpr std::array<const char*, std::tuple_size_v<CocoStats>> kStatNames{
    "AP", "AP50", "AP75", "APs", "APm", "APl", "AR1", "AR10", "AR100", "ARs", "ARm", "ARl"};

/// Masks cut off at one probability (`--mask-thresholds`).
struct SweepPoint {
    double threshold = 0;
    CocoStats stats{};
};

struct TypeReport {
    IouType type = IouType::segm;
    Evaluation evaluation;
    std::vector<SweepPoint> sweep;
    std::optional<TideErrors> tide;            // bbox and segm
    std::optional<ConfusionMatrix> confusion;  // where asked for
};

struct Report {
    std::string data;     // file name
    std::string results;  // file names, or the model's
    const Dataset* dataset = nullptr;
    std::vector<TypeReport> types;
};

/// Name of a category by id.
std::string category_name(const Dataset& dataset, std::int64_t id);

}  // namespace embedmask::report
