// What an evaluation found, as values that the writers of reports share.
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

/// What the numbers of CocoStats are called, in their order.
inline constexpr std::array<const char*, std::tuple_size_v<CocoStats>> kStatNames{
    "AP", "AP50", "AP75", "APs", "APm", "APl", "AR1", "AR10", "AR100", "ARs", "ARm", "ARl"};

struct Report {
    std::string data;     // file name
    std::string results;  // file names, or the model's
    const Dataset* dataset = nullptr;
    std::vector<scoring::TypeScores> types;
};

/// Name of a category by id.
std::string category_name(const Dataset& dataset, std::int64_t id);

}  // namespace embedmask::report
