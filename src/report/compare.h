// What changed between two reports (`eval --compare`).
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace embedmask::report {

/// One number in both reports; -1 where it is undefined.
struct Change {
    std::string name;
    double before = -1;
    double after = -1;

    [[nodiscard]] double difference() const { return after - before; }
};

struct TypeComparison {
    std::string type;                // as the reports call it
    std::vector<Change> stats;       // the twelve numbers, changed or not
    std::vector<Change> categories;  // AP of those that changed, the largest change first
    std::vector<Change> images;      // likewise
};

struct Comparison {
    std::string before;  // file name
    std::string after;
    std::vector<TypeComparison> types;  // that both reports have
};

/// How the second report of `eval --json` differs from the first. Error when a file is not such a
/// report or the two have no type in common.
Comparison compare_reports(const std::filesystem::path& before, const std::filesystem::path& after);

}  // namespace embedmask::report
