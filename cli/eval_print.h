// Prints the library's reports for `embedmask eval`.
#pragma once

#include "report/compare.h"
#include "report/report.h"

namespace embedmask::cli {

/// COCO's summary block for every type, plus a table with `per_category`.
void print_report(const report::Report& report, bool per_category);

/// The twelve numbers, and the categories and images whose AP changed most.
void print_comparison(const report::Comparison& comparison);

}  // namespace embedmask::cli
