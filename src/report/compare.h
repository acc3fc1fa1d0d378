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

    /// Whether both sides are numbers, so that they have a difference.
    [[nodiscard]] bool is_defined() const { return before >= 0 && after >= 0; }
    [[nodiscard]] double difference() const { return after - before; }
};

/// The rows of a list that differ.
struct Changes {
    std::vector<Change> numbers;    // largest change first
    std::vector<Change> undefined;  // a number in one report, undefined or missing in the other
};

struct TypeComparison {
    std::string type;           // name in the reports
    std::vector<Change> stats;  // all numbers, changed or not
    Changes categories;         // AP
    Changes images;             // AP
};

struct Comparison {
    std::string before;  // file name
    std::string after;
    std::vector<TypeComparison> types;  // present in both reports
    std::vector<std::string> warnings;  // why the reports may not be comparable
};

/// Differences of the second `eval --json` report from the first. Error if a file is not such a
/// report, the reports have no type in common, or IoU thresholds, area ranges, max_detections or
/// class_agnostic differ.
Comparison compare_reports(const std::filesystem::path& before, const std::filesystem::path& after);

}  // namespace embedmask::report
