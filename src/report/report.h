// Evaluation results as values shared by the report writers.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <tuple>
#include <vector>

#include "embedmask/dataset.h"
#include "embedmask/evaluation.h"
#include "scoring/scores.h"

namespace embedmask::report {

/// Names of the CocoStats numbers, in order.
inline constexpr std::array<const char*, std::tuple_size_v<CocoStats>> kStatNames{
    "AP", "AP50", "AP75", "APs", "APm", "APl", "AR1", "AR10", "AR100", "ARs", "ARm", "ARl"};

struct Report {
    std::string data;     // file name
    std::string results;  // file names, or the file name of the model
    const Dataset* dataset = nullptr;
    std::vector<scoring::TypeScores> types;
};

/// The name of a category by id.
std::string category_name(const Dataset& dataset, std::int64_t id);

}  // namespace embedmask::report
