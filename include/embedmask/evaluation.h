/// @file
/// COCO average precision (spec §8.7), bit-equal to pycocotools 2.0.11.
///
/// Quirks of the reference that are reproduced: a detection matched to an annotation with id 0
/// counts as unmatched; on equal IoUs the later ground truth wins; crowds match any number of
/// detections, by intersection over the area of the detection; detections beyond the largest entry
/// of `max_detections` per image and category are ignored; means are pairwise sums in (threshold,
/// recall, category) order. Where pycocotools raises an exception, the result is defined: AP is
/// 0 without detections.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "embedmask/box.h"
#include "embedmask/dataset.h"
#include "embedmask/export.h"
#include "embedmask/results.h"

namespace embedmask {

/// What is matched.
enum class IouType {
    bbox,      ///< IoU of boxes
    segm,      ///< IoU of masks
    boundary,  ///< min of mask IoU and Boundary IoU (band of 2 % of the image diagonal)
};

/// The name of a type: "bbox", "segm", "boundary".
EMBEDMASK_EXPORT const char* name_of(IouType type);

/// A range of object areas.
struct AreaRange {
    std::string name;  ///< "small"
    double low = 0;    ///< pixels, inclusive
    double high = 0;   ///< pixels, inclusive
};

/// Options of an evaluation; the defaults are those of COCO.
struct EvaluationOptions {
    IouType type = IouType::segm;          ///< what is matched
    std::vector<double> iou_thresholds{};  ///< empty: 0.50, 0.55, ..., 0.95
    std::vector<AreaRange> area_ranges{};  ///< empty: all, small, medium, large
    std::vector<int> max_detections{};     ///< ascending, per image and category; empty: 1, 10, 100
    bool class_agnostic = false;           ///< treat all categories as one (useCats = 0)
    int bootstrap_samples = 0;             ///< resamplings of the images for the interval of AP
    std::uint64_t bootstrap_seed = 1;      ///< of those resamplings
    bool per_image = false;                ///< compute the AP of every single image
    int threads = 0;                       ///< 0: all processors; does not change the result
};

/// An annotated object of one image.
struct GroundTruthObject {
    std::int64_t id = 0;           ///< annotation id
    std::int64_t category_id = 0;  ///< Category::id
    CocoBox box;                   ///< pixels
    double area = 0;               ///< as annotated; decides the area range
    bool crowd = false;            ///< a region of many objects
    const Rle* mask = nullptr;     ///< borrowed for the call; null for bbox evaluation
};

/// A detection in one image.
struct DetectedObject {
    std::int64_t category_id = 0;  ///< Category::id
    double score = 0;              ///< finite
    CocoBox box;                   ///< pixels
    double area = 0;               ///< of the box for bbox results, of the mask for segm results
    const Rle* mask = nullptr;     ///< borrowed for the call; null for bbox evaluation
};

/// AP of a single image.
struct ImageScore {
    std::int64_t image_id = 0;  ///< ImageRecord::id
    double ap = -1;             ///< of this image alone; -1 without ground truth
};

/// The twelve numbers of COCO: AP, AP50, AP75, APs, APm, APl, AR1, AR10, AR100, ARs, ARm, ARl, each
/// in [0, 1], or -1 if undefined. AR100 and later ones use the last entry of `max_detections`.
using CocoStats = std::array<double, 12>;

/// Result of an evaluation. Array indices: t threshold, r recall point 0, 0.01, ..., 1, k category
/// (ascending id), a area range, m entry of max_detections.
struct EMBEDMASK_EXPORT Evaluation {
    EvaluationOptions options;                  ///< with the defaults filled in
    std::vector<std::int64_t> categories;       ///< ids, ascending
    std::vector<double> precision;              ///< [t][r][k][a][m], -1 without ground truth
    std::vector<double> scores;                 ///< [t][r][k][a][m], score at that recall
    std::vector<double> recall;                 ///< [t][k][a][m]
    std::vector<ImageScore> images;             ///< ascending id, if `per_image`
    std::array<double, 2> ap_interval{-1, -1};  ///< 95 % bootstrap interval of AP

    /// Index into `precision` and `scores`.
    [[nodiscard]] std::size_t precision_index(std::size_t t, std::size_t r, std::size_t k,
                                              std::size_t a, std::size_t m) const;
    /// Index into `recall`.
    [[nodiscard]] std::size_t recall_index(std::size_t t, std::size_t k, std::size_t a,
                                           std::size_t m) const;

    /// The twelve numbers over all categories.
    [[nodiscard]] CocoStats stats() const;
    /// The twelve numbers of one category, by index.
    [[nodiscard]] CocoStats category_stats(std::size_t k) const;
    /// Precision of category k at the 101 recall points, for threshold t, the first area range and
    /// the last entry of `max_detections`.
    [[nodiscard]] std::vector<double> curve(std::size_t t, std::size_t k) const;
    /// The twelve lines that COCO tools print.
    [[nodiscard]] std::string summary() const;
};

/// Computes COCO AP image by image. Detections are matched as images arrive. Memory per detection:
/// 24 bytes, and 2 bits for each pair of threshold and area range (40 bytes with the defaults);
/// bootstrap and per-image scores take 16 more bytes per image and category with ground truth.
class EMBEDMASK_EXPORT Evaluator {
public:
    /// Error for a threshold outside [0, 1], a list `max_detections` that is not ascending, and
    /// duplicate category ids.
    Evaluator(std::span<const Category> categories, EvaluationOptions options);
    ~Evaluator();
    Evaluator(const Evaluator&) = delete;
    Evaluator& operator=(const Evaluator&) = delete;

    /// Adds one image: every image once, in any order, from any thread. Objects of other categories
    /// are ignored. Error, naming the image, for a score that is not finite, a missing mask, and
    /// masks of different sizes.
    void add_image(std::int64_t image_id, std::span<const GroundTruthObject> ground_truth,
                   std::span<const DetectedObject> detections);

    /// The result; call once, after the last image.
    Evaluation finish();

private:
    struct Implementation;
    std::unique_ptr<Implementation> implementation_;
};

/// Scores a results file against its annotation file as pycocotools does: if the first record has a
/// box, areas come from boxes and missing masks are boxes; else areas and missing boxes come from
/// masks. Every image of the dataset counts. Error for unknown ids.
EMBEDMASK_EXPORT Evaluation evaluate(const Dataset& dataset, std::span<const Result> results,
                                     const EvaluationOptions& options,
                                     const std::string& results_source = "results");

}  // namespace embedmask
