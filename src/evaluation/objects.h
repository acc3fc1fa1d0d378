// The objects of one image in evaluator form, from an annotation file and a results file.
#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "embedmask/dataset.h"
#include "embedmask/evaluation.h"
#include "embedmask/results.h"

namespace embedmask::detail {

/// One image: objects in file order, and the masks they point to.
struct ImageObjects {
    std::vector<GroundTruthObject> truths;
    std::vector<std::size_t> annotation;  // position of each truth in Dataset::annotations
    std::vector<DetectedObject> detections;
    std::vector<std::size_t> result;  // position of each detection in the results file
    std::deque<Rle> masks;
};

/// Which records count.
struct ObjectRules {
    /// As pycocotools: of annotations that share an id, the last one counts once for each of them.
    bool last_of_id = false;
    bool class_agnostic = false;  ///< with `last_of_id`: also annotations of unknown categories
    bool ignore_unknown_categories = false;  ///< leave out detections of unknown categories
};

/// Groups both files by image once, then creates the objects of any image from any thread.
class ObjectSource {
public:
    /// Error for unknown ids (require_known_ids). Both lists are borrowed.
    ObjectSource(const Dataset& dataset, std::span<const Result> results,
                 const std::string& results_source, const ObjectRules& rules = {});

    /// Error if masks cannot be scored: require_scorable_masks, and no size for an image with
    /// detections.
    void require_masks() const;

    /// Unique image ids, ascending.
    [[nodiscard]] const std::vector<std::int64_t>& images() const { return images_; }

    /// Position of an image id in images(), or its insertion point.
    [[nodiscard]] std::size_t position(std::int64_t image_id) const;

    /// The objects of images()[i]: with masks, or with boxes if the files have none.
    [[nodiscard]] ImageObjects objects(std::size_t i, bool masks) const;

private:
    /// Position of an image id in images(); images().size() if it is unknown.
    [[nodiscard]] std::size_t bucket(std::int64_t image_id) const;
    void group_truths(const ObjectRules& rules);
    void add_truth(std::size_t annotation, const ImageRecord& image, bool masks,
                   ImageObjects& objects) const;
    void add_detection(std::size_t result, const ImageRecord& image, bool masks,
                       ImageObjects& objects) const;

    const Dataset& dataset_;
    std::span<const Result> results_;
    std::string source_;
    bool boxes_first_ = false;  // the first result has a box, so areas are box areas
    std::vector<std::int64_t> images_;
    std::vector<const ImageRecord*> records_;  // of images_
    std::vector<std::size_t> truth_begin_;     // into truths_, one per image and one for the end
    std::vector<std::size_t> truths_;
    std::vector<std::size_t> result_begin_;
    std::vector<std::size_t> result_order_;
};

}  // namespace embedmask::detail
