// Writes the machine-readable report (`eval --json`), also the input of `eval --compare`.
#pragma once

#include <filesystem>

#include "report/report.h"

namespace embedmask::report {

/// {"stats", "per_category", "images", ...}: docs/evaluation.md.
void write_json(const std::filesystem::path& path, const Report& report);

}  // namespace embedmask::report
