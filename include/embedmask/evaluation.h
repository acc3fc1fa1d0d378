/// COCO average precision (spec §8.7), bit-equal to pycocotools 2.0.11.
///
/// Quirks of the reference that are reproduced: a detection matched to an annotation with id 0
/// counts as unmatched; of equal IoUs the later ground truth wins; crowds can be matched many times
/// and by IoU over the detection's area; detections beyond the largest `max_detections` of an image
/// and category do not exist; means are pairwise sums in (threshold, recall, category) order.
/// Where pycocotools raises, the natural thing happens: no detections at all give AP 0.
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

enum class IouType {
    bbox,      ///< IoU of boxes
    segm,      ///< IoU of masks
    boundary,  ///< min of mask IoU and Boundary IoU (band of 2 % of the image diagonal)
};

/// "bbox", "segm", "boundary".
EMBEDMASK_EXPORT const char* name_of(IouType type);

/// Pixels, both ends inclusive.
struct AreaRange {
    std::string name;
    double low = 0;
    double high = 0;
};

/// The defaults are COCO's.
struct EvaluationOptions {
    IouType type = IouType::segm;
    std::vector<double> iou_thresholds{};  ///< empty: 0.50, 0.55, ..., 0.95
    std::vector<AreaRange> area_ranges{};  ///< empty: all, small, medium, large
    std::vector<int> max_detections{};     ///< ascending, per image and category; empty: 1, 10, 100
    bool class_agnostic = false;           ///< one category for everything (useCats = 0)
    int bootstrap_samples = 0;             ///< resamplings of the images for the interval of AP
    std::uint64_t bootstrap_seed = 1;
    bool per_image = false;  ///< keep the AP of every image by itself
    int threads = 0;         ///< 0: all processors; never changes a digit
};

/// Ground truth of one image. `mask` is borrowed for the call; null for bbox evaluation.
struct GroundTruthObject {
    std::int64_t id = 0;
    std::int64_t category_id = 0;
    CocoBox box;
    double area = 0;  ///< as annotated; decides the area range
    bool crowd = false;
    const Rle* mask = nullptr;
};

struct DetectedObject {
    std::int64_t category_id = 0;
    double score = 0;
    CocoBox box;
    double area = 0;  ///< of the box for bbox results, of the mask for segm results
    const Rle* mask = nullptr;
};

struct ImageScore {
    std::int64_t image_id = 0;
    double ap = -1;  ///< of this image alone; -1 without ground truth
};

/// The twelve numbers in COCO's order: AP, AP50, AP75, APs, APm, APl, AR1, AR10, AR100, ARs, ARm,
/// ARl (the last entry of max_detections where 100 stands), each in [0, 1] or -1 where undefined.
using CocoStats = std::array<double, 12>;

/// What an evaluation found. Array indices: t threshold, r recall point 0, 0.01, ..., 1, k category
/// (ascending id), a area range, m entry of max_detections.
struct EMBEDMASK_EXPORT Evaluation {
    EvaluationOptions options;  ///< with the defaults filled in
    std::vector<std::int64_t> categories;
    std::vector<double> precision;   ///< [t][r][k][a][m], -1 where there is no ground truth
    std::vector<double> scores;      ///< [t][r][k][a][m], score at that recall
    std::vector<double> recall;      ///< [t][k][a][m]
    std::vector<ImageScore> images;  ///< ascending id, when asked for
    std::array<double, 2> ap_interval{-1, -1};  ///< 95 % bootstrap interval of AP, when asked for

    [[nodiscard]] std::size_t precision_index(std::size_t t, std::size_t r, std::size_t k,
                                              std::size_t a, std::size_t m) const;
    [[nodiscard]] std::size_t recall_index(std::size_t t, std::size_t k, std::size_t a,
                                           std::size_t m) const;

    [[nodiscard]] CocoStats stats() const;
    /// The same for one category, by index.
    [[nodiscard]] CocoStats category_stats(std::size_t k) const;
    /// Precision at the 101 recall points for threshold t, area range 0, most detections.
    [[nodiscard]] std::vector<double> curve(std::size_t t, std::size_t k) const;
    /// COCO's familiar twelve lines.
    [[nodiscard]] std::string summary() const;
};

/// Matches detections as images finish and keeps 24 bytes and 2 bits for each pair of threshold and
/// area range of a detection (40 bytes with COCO's defaults); nothing else grows with the images.
/// (bootstrap and per-image scores keep 16 more bytes per image and category with ground truth.)
class EMBEDMASK_EXPORT Evaluator {
public:
    /// Error when a threshold is outside [0, 1], a list of detections is not ascending, or there
    /// are two categories of one id.
    Evaluator(std::span<const Category> categories, EvaluationOptions options);
    ~Evaluator();
    Evaluator(const Evaluator&) = delete;
    Evaluator& operator=(const Evaluator&) = delete;

    /// Scores one image; every image once, in any order, from any thread. Objects of categories
    /// that are not evaluated are left out. Error that names the image for a score that is not
    /// finite, a missing mask, or masks of different sizes.
    void add_image(std::int64_t image_id, std::span<const GroundTruthObject> ground_truth,
                   std::span<const DetectedObject> detections);

    /// The numbers; call once, after the last image.
    Evaluation finish();

private:
    struct Implementation;
    std::unique_ptr<Implementation> implementation_;
};

/// Scores a results file against its annotation file, reading both as pycocotools does: when the
/// first record has a box, areas come from boxes and missing masks are boxes; else areas and
/// missing boxes come from masks. Every image of the data set counts. Error for ids that are
/// unknown.
EMBEDMASK_EXPORT Evaluation evaluate(const Dataset& dataset, std::span<const Result> results,
                                     const EvaluationOptions& options,
                                     const std::string& results_source = "results");

}  // namespace embedmask
