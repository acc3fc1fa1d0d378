// embedmask data stats.
#pragma once

#include <string>

namespace embedmask::cli {

struct StatsOptions {
    std::string data;
    std::string html;  // page with histograms; empty: none
    bool json = false;
};

/// Counts and sizes of a data set, by category.
void print_statistics(const StatsOptions& options);

}  // namespace embedmask::cli
