// Compares two reports (`eval --compare`).
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace embedmask::report {

/// One number in both reports; -1 if undefined.
struct Change {
    std::string name;
    double before = -1;
    double after = -1;

    [[nodiscard]] double difference() const { return after - before; }
};

struct TypeComparison {
    std::string type;                // name in the reports
    std::vector<Change> stats;       // the twelve numbers, changed or not
    std::vector<Change> categories;  // categories whose AP changed, largest change first
    std::vector<Change> images;      // likewise
};

struct Comparison {
    std::string before;  // file name
    std::string after;
    std::vector<TypeComparison> types;  // present in both reports
};

/// Differences of the second `eval --json` report from the first. Error if a file is not such a
/// report or the reports have no type in common.
Comparison compare_reports(const std::filesystem::path& before, const std::filesystem::path& after);

}  // namespace embedmask::report
