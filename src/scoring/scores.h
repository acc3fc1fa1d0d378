// Scoring options and scores, as values shared by reports.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "embedmask/analysis.h"
#include "embedmask/evaluation.h"

namespace embedmask::scoring {

// Minimum score of detections in the confusion matrix and in images.
inline constexpr double kConfusionScoreThreshold = 0.3;
inline constexpr double kConfusionIou = 0.5;

struct ScoreOptions {
    std::vector<IouType> types = {IouType::bbox, IouType::segm};
    EvaluationOptions evaluation = {};  ///< for every type; its own `type` is ignored
    /// PredictorOptions::sweep_thresholds: masks at these thresholds are also scored.
    std::vector<double> mask_thresholds = {};
    bool tide = false;        ///< error split, for boxes and masks
    bool confusion = false;   ///< confusion matrix, for boxes and masks
    bool keep_drawn = false;  ///< keep the data that images of the last type show

    /// Whether any type needs masks.
    [[nodiscard]] bool scores_masks() const;
    /// Empty for boundary AP.
    [[nodiscard]] bool wants_tide(IouType type) const { return tide && type != IouType::boundary; }
    [[nodiscard]] bool wants_confusion(IouType type) const {
        return confusion && type != IouType::boundary;
    }
    [[nodiscard]] EvaluationOptions evaluation_of(IouType type) const;
    /// For one of mask_thresholds, where only the numbers are needed.
    [[nodiscard]] EvaluationOptions sweep_of(IouType type) const;
};

/// Scores of the masks at one probability threshold.
struct SweepPoint {
    double threshold = 0;
    std::vector<double> values = {};  ///< of metrics_of
};

/// A point of a sweep from its evaluation.
SweepPoint sweep_point(double threshold, const Evaluation& evaluation);

/// The settings of a model run that decide its detections.
struct ModelSettings {
    std::string precision = {};
    double score_threshold = 0;
    double mask_threshold = 0;
    std::int64_t short_side = 0;               ///< pixels
    std::int64_t max_side = 0;                 ///< pixels
    std::vector<std::string> categories = {};  ///< as chosen by the user; empty: all
    std::string range = {};                    ///< of DecodeOptions, as text; empty: the default
};

struct TypeScores {
    IouType type = IouType::segm;
    Evaluation evaluation;
    std::vector<SweepPoint> sweep;             ///< of masks
    std::optional<TideErrors> tide;            ///< if requested
    std::optional<ConfusionMatrix> confusion;  ///< if requested
};

}  // namespace embedmask::scoring
