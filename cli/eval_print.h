// Prints the library's reports for `embedmask eval`.
#pragma once

#include "embedmask/evaluation.h"
#include "report/compare.h"
#include "report/report.h"

namespace embedmask::cli {

/// COCO's summary block for every type, plus a table with `per_category`.
void print_report(const report::Report& report, bool per_category);

/// One line on stderr for everything that is unusual about the ground truth. `masks`: whether masks
/// are scored.
void print_notes(const Dataset& dataset, const GroundTruthNotes& notes, bool masks);

/// The numbers, and the categories and images whose AP changed most.
void print_comparison(const report::Comparison& comparison);

}  // namespace embedmask::cli
