// The flags of `eval` and their translation to evaluator options.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "predictor_options.h"
#include "scoring/scores.h"

namespace embedmask::cli {

struct EvalOptions {
    std::string model;  // exactly one of these three is scored
    std::vector<std::string> results;
    std::vector<std::string> parts;

    PredictorFlags predictor;
    std::string data;
    std::string images;
    std::string mask_thresholds;
    std::string shard;
    std::string out;

    std::vector<std::string> types;
    std::vector<std::string> compare;
    std::string json;
    std::string csv;
    std::string html;
    std::string iou;
    std::vector<std::string> areas;
    std::vector<int> max_detections;
    int bootstrap = 0;
    bool per_category = false;
    bool force = false;
    bool class_agnostic = false;
    bool ignore_unknown = false;
    bool tide = false;
    bool confusion = false;
};

/// Report options, the same for models, files and parts.
void add_report_flags(CLI::App& command, EvalOptions& options);

/// "0.5,0.75" or "0.5:0.95:0.05", both ends included; empty for an empty text. Each number is the
/// exact decimal, without accumulated rounding; repeated ones count once. `option` is the flag
/// named in errors.
std::vector<double> numbers_of(const std::string& text, const std::string& option);

/// Evaluator options. `has_masks`: whether there are masks to score. Boxes and masks are scored if
/// so, else boxes only, unless --type overrides it. Error if masks are requested and there are
/// none.
scoring::ScoreOptions score_options(const EvalOptions& options, bool has_masks);

}  // namespace embedmask::cli
