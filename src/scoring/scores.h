// What is scored, and the scores, as values that reports share.
#pragma once

#include <optional>
#include <vector>

#include "embedmask/analysis.h"
#include "embedmask/evaluation.h"

namespace embedmask::scoring {

// Detections that the confusion matrix counts and images show.
inline constexpr double kConfusionScoreThreshold = 0.3;
inline constexpr double kConfusionIou = 0.5;

struct ScoreOptions {
    std::vector<IouType> types = {IouType::bbox, IouType::segm};
    EvaluationOptions evaluation = {};  ///< of every type; its own `type` is not looked at
    /// PredictorOptions::sweep_thresholds: masks cut off at these are scored as well.
    std::vector<double> mask_thresholds = {};
    bool tide = false;        ///< error split, of boxes and masks
    bool confusion = false;   ///< confusion matrix, of boxes and masks
    bool keep_drawn = false;  ///< keep what images of the last type show

    /// Boundary AP has neither.
    [[nodiscard]] bool wants_tide(IouType type) const { return tide && type != IouType::boundary; }
    [[nodiscard]] bool wants_confusion(IouType type) const {
        return confusion && type != IouType::boundary;
    }
    [[nodiscard]] EvaluationOptions evaluation_of(IouType type) const;
    /// For one of mask_thresholds, of which only the twelve numbers are wanted.
    [[nodiscard]] EvaluationOptions sweep_of(IouType type) const;
};

/// Masks cut off at one probability.
struct SweepPoint {
    double threshold = 0;
    CocoStats stats{};
};

struct TypeScores {
    IouType type = IouType::segm;
    Evaluation evaluation;
    std::vector<SweepPoint> sweep;             ///< of masks
    std::optional<TideErrors> tide;            ///< where wanted
    std::optional<ConfusionMatrix> confusion;  ///< where wanted
};

}  // namespace embedmask::scoring
