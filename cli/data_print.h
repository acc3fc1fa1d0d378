// Prints the library's reports for `embedmask data`.
#pragma once

#include <string>

#include "embedmask/data.h"

namespace embedmask::cli {

void print_check(const std::string& annotations, const DatasetCheck& check, bool json);
void print_statistics(const DatasetStatistics& statistics, bool json);
void print_counts(const std::string& file, const DatasetCounts& counts);
void print_split(const std::string& train, const std::string& val, const SplitReport& report);
void print_merge(const std::string& file, const MergeReport& report);
void print_import(const std::string& file, const DatasetImport& import);
void print_export(const std::string& folder, const ExportReport& report, LabelFormat format);

}  // namespace embedmask::cli
