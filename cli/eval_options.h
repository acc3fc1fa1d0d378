// The flags of `eval` and what they mean for the evaluator.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "predictor_options.h"
#include "scoring/scores.h"

namespace embedmask::cli {

struct EvalOptions {
    std::string model;  // one of these three is scored
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
    bool class_agnostic = false;
    bool tide = false;
    bool confusion = false;
};

/// What is reported and how, for models, files and parts alike.
void add_report_flags(CLI::App& command, EvalOptions& options);

/// "0.5,0.75" or "0.5:0.95:0.05", both ends included; empty for an empty text. The numbers are the
/// decimals that a person would write. `option` names the flag in errors.
std::vector<double> numbers_of(const std::string& text, const std::string& option);

/// What is scored and how. `has_masks`: whether there are masks to score; then boxes and masks are
/// scored, else boxes alone, unless --type says otherwise. Error for masks where there are none.
scoring::ScoreOptions score_options(const EvalOptions& options, bool has_masks);

}  // namespace embedmask::cli
