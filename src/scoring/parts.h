// Splits an evaluation over several processes (`eval MODEL --shard i/n`, then `eval merge`).
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "embedmask/dataset.h"
#include "embedmask/predictor.h"
#include "scoring/predict_images.h"
#include "scoring/result_sets.h"
#include "scoring/scores.h"
#include "scoring/shard.h"

namespace embedmask::scoring {

/// The settings that must be equal in all parts of an evaluation.
struct PartSettings {
    std::string model = {};  ///< file name
    std::string data = {};   ///< file name
    double score_threshold = 0;
    std::vector<std::string> categories = {};  ///< as chosen by the user; empty: all
    std::string range = {};                    ///< as ModelSettings::range
    std::vector<double> mask_thresholds = {};  ///< PredictorOptions::sweep_thresholds
};

struct WrittenPart {
    std::filesystem::path manifest;
    RunTotals totals;
};

/// Predicts the images of the shard. Writes to `out` the COCO results files
/// detections_bbox.shard-i-of-n.json and detections_segm.shard-i-of-n.json; one
/// detections_segm.mask-T file for each threshold T of a sweep; and finally
/// evaluation.shard-i-of-n.json, which lists these files, the image ids and the settings. Error if
/// an image cannot be read, and, unless `force`, if one of the files exists and was not written by
/// this program.
WrittenPart write_part(const Predictor& predictor, const Dataset& dataset,
                       const std::filesystem::path& images, const Shard& shard,
                       const PartSettings& settings, const std::filesystem::path& out,
                       const PredictImagesOptions& run, bool force);

/// All parts combined: the detections of one run.
struct MergedParts {
    std::string model;
    ModelSettings settings;
    ResultSets results;
    std::size_t unknown = 0;  ///< detections of categories that the dataset does not have
    ReadOptions read;         ///< as they were read
    struct Sweep {
        double threshold = 0;
        std::vector<std::string> files;  ///< results files with the masks at this threshold
    };
    std::vector<Sweep> sweep;
    std::vector<std::string> files;  ///< results files that belong to the parts
};

/// Reads parts, given by their evaluation.shard-*.json files. If boxes suffice, masks are not read.
/// Error if a file is not a part, or if
/// parts are missing, duplicated, made with different settings, or do not cover every image of the
/// dataset exactly once.
MergedParts read_parts(const std::vector<std::string>& paths, const Dataset& dataset,
                       const ReadOptions& options);

/// Scores the parts as one run.
std::vector<TypeScores> score_parts(const Dataset& dataset, const MergedParts& parts,
                                    const ScoreOptions& options);

}  // namespace embedmask::scoring
