// The command line options of a training.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/input_files.h"
#include "embedmask/config.h"
#include "train/network.h"

namespace embedmask::train {

struct TrainOptions {
    Config config;
    std::filesystem::path out;         ///< the run's folder
    std::vector<std::string> weights;  ///< files to start from; later ones win
    std::filesystem::path teacher;     ///< a model to learn from; empty = labels only
    bool resume = false;               ///< continue from the newest checkpoint in `out`
    bool new_classes = false;          ///< keep only the classes of the weights that the data names
    bool dry_run = false;
    Compute compute = Compute::fp32;
    torch::Device device = torch::kCPU;
    detail::InputFiles inputs;      ///< files that the run must not replace
    std::filesystem::path cache;    ///< decoded images; empty = none
    std::vector<std::string> sets;  ///< "key=value" set by the user; weights do not change these
                                    /// keys
};

}  // namespace embedmask::train
