// Detections to be scored as boxes and as masks.
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

/// COCO takes areas from boxes where a record has one (spec §7.7), so a model's boxes and masks are
/// records of their own, as in the two files that `predict` writes; the records of any tool's file
/// serve as both.
struct ResultSets {
    std::vector<Result> boxes;
    std::optional<std::vector<Result>> masks;  ///< none: `boxes` serve as masks

    [[nodiscard]] const std::vector<Result>& of(IouType type) const {
        return type != IouType::bbox && masks ? *masks : boxes;
    }
};

/// Appends the records of results files. Error for ids that the data set does not have.
void read_into(std::vector<Result>& results, const std::vector<std::string>& paths,
               const Dataset& dataset, int threads);

/// The box of a detection as a record.
Result box_result(std::int64_t image_id, const Detection& detection);

/// Its mask as a record.
Result mask_result(std::int64_t image_id, const Detection& detection);

}  // namespace embedmask::scoring
