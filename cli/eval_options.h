// The flags of `eval` and what they mean for the evaluator.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "embedmask/evaluation.h"
#include "predictor_options.h"

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

    /// --tide or --confusion: of boxes and masks only; the page has both.
    [[nodiscard]] bool wants_tide(IouType type) const;
    [[nodiscard]] bool wants_confusion(IouType type) const;
};

/// What is reported and how, for models, files and parts alike.
void add_report_flags(CLI::App& command, EvalOptions& options);

/// "0.5,0.75" or "0.5:0.95:0.05", both ends included; empty for an empty text. The numbers are the
/// decimals that a person would write. `option` names the flag in errors.
std::vector<double> numbers_of(const std::string& text, const std::string& option);

/// --mask-thresholds. Error for what is not a probability.
std::vector<double> mask_thresholds_of(const EvalOptions& options);

/// --type; else boxes, and masks where there are some. Error for masks where there are none.
std::vector<IouType> types_of(const EvalOptions& options, bool has_masks);

EvaluationOptions evaluation_options(const EvalOptions& options, IouType type);

/// The same for one threshold of --mask-thresholds, of which only the twelve numbers are wanted.
EvaluationOptions sweep_options(const EvalOptions& options, IouType type);

}  // namespace embedmask::cli
