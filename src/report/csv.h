// Writes the report as CSV for spreadsheets (`eval --csv`).
#pragma once

#include <filesystem>

#include "report/report.h"

namespace embedmask::report {

/// One line per type and category, "all" first: the numbers, then the settings.
void write_csv(const std::filesystem::path& path, const Report& report);

}  // namespace embedmask::report
