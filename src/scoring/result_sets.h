// Detections to score as boxes and as masks.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "embedmask/dataset.h"
#include "embedmask/evaluation.h"
#include "embedmask/predictor.h"
#include "embedmask/results.h"

namespace embedmask::scoring {

/// COCO takes the area from the box if a record has one (spec §7.7), so a model's boxes and masks
/// are separate records, as in the two files that `predict` writes. Records from results files
/// serve as both.
struct ResultSets {
    std::vector<Result> boxes;
    std::optional<std::vector<Result>> masks;  ///< none: `boxes` serve as masks

    [[nodiscard]] const std::vector<Result>& of(IouType type) const {
        return type != IouType::bbox && masks ? *masks : boxes;
    }
};

/// How results files are read.
struct ReadOptions {
    int threads = 0;                         ///< 0: all processors
    bool boxes_suffice = false;              ///< only boxes are scored: masks may be broken
    bool ignore_unknown_categories = false;  ///< allow detections that the evaluator leaves out
};

/// Appends the records of results files. Error for ids that are not in the dataset. Returns the
/// number of records with a category that the dataset does not have.
std::size_t read_into(std::vector<Result>& results, const std::vector<std::string>& paths,
                      const Dataset& dataset, const ReadOptions& options);

/// A record with the box of a detection.
Result box_result(std::int64_t image_id, const Detection& detection);

/// A record with the mask of a detection.
Result mask_result(std::int64_t image_id, const Detection& detection);

}  // namespace embedmask::scoring
