// Writes the report as a self-contained page (`eval --html`).
#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "embedmask/results.h"
#include "report/report.h"

namespace embedmask::report {

/// Numbers, precision-recall curves, TIDE split, confusion matrix and, if `images` names their
/// folder, the worst images with ground truth (left) and detections (right) drawn over them. An
/// image that cannot be drawn is replaced by the reason; returns these reasons.
std::vector<std::string> write_html(const std::filesystem::path& path, const Report& report,
                                    std::span<const Result> results,
                                    const std::filesystem::path& images);

}  // namespace embedmask::report
