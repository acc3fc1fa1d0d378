// Likely label errors as JSON and as a page with images.
#pragma once

#include <cstddef>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "embedmask/dataset.h"
#include "embedmask/image.h"
#include "embedmask/results.h"
#include "embedmask/suspects.h"
#include "scoring/scores.h"

namespace embedmask::report {

/// Everything that a report about suspects tells; borrows all of it.
struct SuspectsReport {
    std::string data;   ///< file name
    std::string model;  ///< file name
    std::string fingerprint;
    const Dataset& dataset;
    std::span<const Result> results;
    std::span<const Suspect> suspects;
    scoring::ModelSettings settings;
    SuspectOptions options;
    std::span<const std::string> skipped;  ///< why images could not be read
    DecodeOptions decode = {};             ///< with which they are read
};

std::string suspects_json(const SuspectsReport& report);

/// A page with the labels (left) and the detection (right) of every suspect, cut out of the images
/// in `folder`. An image that cannot be drawn is replaced by the reason; adds it to `problems`.
std::string suspects_page(const SuspectsReport& report, const std::filesystem::path& folder,
                          std::vector<std::string>& problems);

}  // namespace embedmask::report
