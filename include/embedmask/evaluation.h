/// @file
/// COCO average precision (spec §8.7), bit-equal to pycocotools 2.0.11.
///
/// Quirks of the reference that are reproduced: a detection matched to an annotation with id 0
/// counts as unmatched; on equal IoUs the later ground truth wins; crowds match any number of
/// detections, by intersection over the area of the detection; detections beyond the largest entry
/// of `max_detections` per image and category are ignored; means are pairwise sums in (threshold,
/// recall, category) order; of annotations that share an id, the last one counts, once for each of
/// them. Where pycocotools raises an exception, the result is defined: AP is 0 without detections.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
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
    /// Leave out detections of categories that the dataset does not have, as pycocotools does. They
    /// are an Error otherwise.
    bool ignore_unknown_categories = false;
    int bootstrap_samples = 0;         ///< resamplings of the images for the interval of AP
    std::uint64_t bootstrap_seed = 1;  ///< of those resamplings
    bool per_image = false;            ///< compute the AP of every single image
    int threads = 0;                   ///< 0: all processors; does not change the result
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

/// A number of an evaluation: a mean over IoU thresholds and categories, and for precision over
/// recall points.
struct Metric {
    std::string name;                      ///< "AP", "AP50", "APs", "AR100", "AP tiny"
    bool precision = true;                 ///< average precision, else average recall
    std::optional<std::size_t> threshold;  ///< index; none: the mean of all thresholds
    std::size_t area = 0;                  ///< index into `area_ranges`
    std::size_t most = 0;                  ///< index into `max_detections`
};

/// The numbers that an evaluation with these options (empty lists: the defaults) has, in the order
/// of COCO: AP; AP50 and AP75 if these thresholds are used, and every threshold if there are at
/// most five; AP of each further area range; AR of each entry of `max_detections`; AR of each
/// further area range. Precision and AR of area ranges use the last entry of `max_detections`. The
/// ranges small, medium and large of COCO are APs, APm, APl, others "AP NAME". With the defaults:
/// the names of CocoStats.
EMBEDMASK_EXPORT std::vector<Metric> metrics_of(const EvaluationOptions& options);

/// The twelve numbers of COCO by their position in the settings of COCO: AP, AP50, AP75, APs, APm,
/// APl, AR1, AR10, AR100, ARs, ARm, ARl, each in [0, 1], or -1 if undefined. AR100 and later ones
/// use the last entry of `max_detections`, AR10 the one before it, APs the second area range: with
/// other settings, use `metrics_of`.
using CocoStats = std::array<double, 12>;

/// The precision of one category at the 101 recall points as runs of equal points.
struct PrecisionRun {
    std::uint8_t first = 0;  ///< recall point where the run starts; it ends before the next run
    double precision = 0;    ///< at these recall points
    double score = 0;        ///< of the detection that reaches them
};

/// The precision of one category: only cells with ground truth have runs.
struct CategoryCurves {
    std::vector<std::uint32_t> begin;  ///< into `runs`: [a][m][t], and the end; empty: no cell
    std::vector<PrecisionRun> runs;    ///< ascending `first` within a cell
};

/// Result of an evaluation. Array indices: t threshold, r recall point 0, 0.01, ..., 1, k category
/// (ascending id), a area range, m entry of max_detections. Memory grows with the detections that
/// raise the precision, not with the number of categories times that of recall points.
struct EMBEDMASK_EXPORT Evaluation {
    EvaluationOptions options;                  ///< with the defaults filled in
    std::vector<std::int64_t> categories;       ///< ids, ascending
    std::vector<CategoryCurves> curves;         ///< of each category
    std::vector<double> recall;                 ///< [t][k][a][m]
    std::vector<ImageScore> images;             ///< ascending id, if `per_image`
    std::array<double, 2> ap_interval{-1, -1};  ///< 95 % bootstrap interval of AP

    /// Precision as an array [t][r][k][a][m], -1 without ground truth: 97 kB for each category with
    /// the defaults.
    [[nodiscard]] std::vector<double> precision() const;
    /// The scores at these recall points, likewise.
    [[nodiscard]] std::vector<double> scores() const;
    /// Index into `precision()` and `scores()`.
    [[nodiscard]] std::size_t precision_index(std::size_t t, std::size_t r, std::size_t k,
                                              std::size_t a, std::size_t m) const;
    /// Index into `recall`.
    [[nodiscard]] std::size_t recall_index(std::size_t t, std::size_t k, std::size_t a,
                                           std::size_t m) const;

    /// The numbers that these options define: `metrics_of(options)`.
    [[nodiscard]] std::vector<Metric> metrics() const;
    /// A number over all categories, in [0, 1], or -1 if undefined.
    [[nodiscard]] double value(const Metric& metric) const;
    /// A number of one category, by index.
    [[nodiscard]] double category_value(const Metric& metric, std::size_t k) const;
    /// The twelve numbers over all categories.
    [[nodiscard]] CocoStats stats() const;
    /// The twelve numbers of one category, by index.
    [[nodiscard]] CocoStats category_stats(std::size_t k) const;
    /// Precision of category k at the 101 recall points, for threshold t, the first area range and
    /// the last entry of `max_detections`.
    [[nodiscard]] std::vector<double> curve(std::size_t t, std::size_t k) const;
    /// The lines that COCO tools print, one for each of `metrics()`.
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

/// What a user should know about the ground truth before reading its AP. Lists hold annotation ids
/// in file order.
struct GroundTruthNotes {
    std::size_t objects = 0;                         ///< annotations
    std::size_t known_masks = 0;                     ///< annotations with a mask
    std::vector<std::int64_t> masks_without_pixels;  ///< given, but empty; only if masks are scored
    std::vector<std::int64_t> boxes_without_area;    ///< width or height of 0 or less
    std::vector<std::int64_t> areas_of_nothing;      ///< area below 0, or 0 with a box that has one
    std::vector<std::int64_t> areas_too_large;       ///< area above the image's or twice the box's
    std::vector<std::int64_t> shared_ids;            ///< annotations whose id others have, too
    std::vector<std::int64_t> shared_image_ids;      ///< image ids that several records have
    bool federated = false;                          ///< Dataset::federated
};

/// Looks for objects that cannot be found, or that are not what they seem. `masks`: also decode the
/// masks (Error for a mask that does not fit its image). `threads` 0: all processors.
EMBEDMASK_EXPORT GroundTruthNotes ground_truth_notes(const Dataset& dataset, bool masks,
                                                     int threads = 0);

/// Throws an Error if the masks of the dataset cannot be scored: an image with objects has no width
/// or height (the first is named), or no given mask has a pixel.
EMBEDMASK_EXPORT void require_scorable_masks(const Dataset& dataset);

/// Scores a results file against its annotation file as pycocotools does: if the first record has a
/// box, areas come from boxes and missing masks are boxes; else areas and missing boxes come from
/// masks. Every image of the dataset counts. Error for unknown ids and, where masks are scored, for
/// images without a size and as in `require_scorable_masks`.
EMBEDMASK_EXPORT Evaluation evaluate(const Dataset& dataset, std::span<const Result> results,
                                     const EvaluationOptions& options,
                                     const std::string& results_source = "results");

}  // namespace embedmask
