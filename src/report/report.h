// Evaluation results as values shared by the report writers.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <tuple>
#include <unordered_map>
#include <vector>

#include "embedmask/dataset.h"
#include "embedmask/evaluation.h"
#include "scoring/scores.h"

namespace embedmask::report {

/// The names of metrics_of with the settings of COCO, in order.
inline constexpr std::array<const char*, std::tuple_size_v<CocoStats>> kStatNames{
    "AP", "AP50", "AP75", "APs", "APm", "APl", "AR1", "AR10", "AR100", "ARs", "ARm", "ARl"};

struct Report {
    std::string data;     // file name
    std::string results;  // file names, or the file name of the model
    const Dataset* dataset = nullptr;
    std::vector<scoring::TypeScores> types;
    std::optional<scoring::ModelSettings> model;  // of a model run
};

/// "0x" and 16 digits: equal for equal ground truth, whatever the file.
std::string data_fingerprint(const Dataset& dataset);

/// A setting of the evaluation as text.
struct Setting {
    std::string name;
    std::string value;
};

/// All settings of the evaluation and of the model run, and the fingerprint of the data. The names
/// depend only on whether a model was run.
std::vector<Setting> settings_of(const Report& report, const Evaluation& evaluation);

/// Texts of settings: numbers with the digits that tell them apart.
std::string text_of(const std::vector<double>& thresholds);
std::string text_of(const std::vector<AreaRange>& ranges);

/// The numbers that fit a table for reading: precision, and the recall of all objects with the last
/// entry of `max_detections`.
std::vector<Metric> table_metrics(const EvaluationOptions& options);

/// Why the AP50 of TIDE may not be that of the table; empty if there is nothing to tell.
std::string tide_note(const scoring::TypeScores& scores);

/// Category names by id.
class CategoryNames {
public:
    explicit CategoryNames(const Dataset& dataset);

    /// The name, or the id of a category without one.
    [[nodiscard]] std::string operator()(std::int64_t id) const;

private:
    std::unordered_map<std::int64_t, std::string> names_;
};

}  // namespace embedmask::report
