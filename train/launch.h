// Parses the command line of embedmask-train.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "train/options.h"

namespace embedmask::train {

struct CommandLine {
    std::string config = "finetune_nano";
    std::vector<std::string> data;
    std::vector<std::string> images;
    std::string val_data;
    std::string val_images;
    std::vector<std::string> weights;
    std::vector<std::string> sets;
    std::string teacher;
    std::string out;
    std::string precision = "auto";
    std::string device = "auto";
    std::string cache;
    int threads = 0;
    bool resume = false;
    bool new_classes = false;
    bool dry_run = false;
};

void add_options(CLI::App& app, CommandLine& line);

/// The configuration with all options applied; reports scaled or automatically chosen values on
/// stderr. If only the batch size differs from the preset, the learning rate is scaled by it and
/// the iterations inversely (§8.2), unless these are set too.
TrainOptions resolve(const CommandLine& line);

}  // namespace embedmask::train
