// What `eval` reports, as text, JSON, CSV and a page.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "embedmask/analysis.h"
#include "embedmask/dataset.h"
#include "embedmask/evaluation.h"
#include "embedmask/results.h"

namespace embedmask::cli {

// Of detections in the confusion matrix and in pictures.
inline constexpr double kConfusionScore = 0.3;
inline constexpr double kConfusionIou = 0.5;

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

/// COCO's block for every type; with `per_category` a table as well.
void print_report(const Report& report, bool per_category);

/// {"stats", "per_category", "images", ...}: docs/evaluation.md.
void write_json(const std::filesystem::path& path, const Report& report);

/// One line per type and category, "all" first.
void write_csv(const std::filesystem::path& path, const Report& report);

/// Name of a category by id.
std::string category_name(const Dataset& dataset, std::int64_t id);

}  // namespace embedmask::cli
