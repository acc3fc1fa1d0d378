// An evaluation shared by several processes (`eval MODEL --shard i/n`, then `eval merge`).
#pragma once

#include <string>
#include <vector>

#include "embedmask/dataset.h"
#include "eval_model.h"
#include "eval_results.h"

namespace embedmask::cli {

/// Predicts this process's images and writes to the folder --out: detections_bbox.shard-i-of-n.json
/// and detections_segm.shard-i-of-n.json, COCO results files; one detections_segm.mask-T file for
/// each threshold T of a sweep; and last evaluation.shard-i-of-n.json, which lists them, the image
/// ids and the settings.
void write_part(const EvalOptions& options, const Dataset& dataset);

/// All parts together: the detections of one run.
struct MergedParts {
    std::string model;
    ResultSets results;
    struct Sweep {
        double threshold = 0;
        std::vector<std::string> files;  // results files with the masks at it
    };
    std::vector<Sweep> sweep;
};

/// Reads parts named by their evaluation.shard-*.json files. Error when a file is no part, parts
/// are missing or there twice, were made with different settings, or do not hold every image of
/// the data set exactly once.
MergedParts read_parts(const std::vector<std::string>& paths, const Dataset& dataset, int threads);

}  // namespace embedmask::cli
