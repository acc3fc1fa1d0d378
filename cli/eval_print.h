// What `embedmask eval` says about the library's reports.
#pragma once

#include "report/compare.h"
#include "report/report.h"

namespace embedmask::cli {

/// COCO's block for every type; with `per_category` a table as well.
void print_report(const report::Report& report, bool per_category);

/// The twelve numbers, and the categories and images whose AP changed most.
void print_comparison(const report::Comparison& comparison);

}  // namespace embedmask::cli
