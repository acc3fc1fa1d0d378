// embedmask data split, merge, filter: whole records, copied with every key they have.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace embedmask::cli {

struct SplitOptions {
    std::string data;
    std::string out;  // OUT-train.json, OUT-val.json
    double fraction = 0.2;
    std::uint64_t seed = 1;
};

/// Moves about `fraction` of the images to the val file so that each category has about that share
/// of its objects there. Same seed, same split on every machine.
void split_dataset(const SplitOptions& options);

struct MergeOptions {
    std::vector<std::string> data;
    std::string out;
    bool renumber = false;
};

/// One file of several. Error that names both files when a category id or name means different
/// things in them, or an image or annotation id occurs twice (unless later ones may be renumbered).
void merge_datasets(const MergeOptions& options);

struct FilterOptions {
    std::string data;
    std::string out;
    std::vector<std::string> categories;  // names or ids to keep; empty: all
    bool used = false;                    // drop categories and images without objects
    bool no_crowds = false;
    double min_area = 0;  // pixels, as annotated
};

void filter_dataset(const FilterOptions& options);

}  // namespace embedmask::cli
