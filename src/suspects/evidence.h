// What detections say about a place, and what is usual in a dataset.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <utility>

#include "suspects/scene.h"

namespace embedmask::suspects {

/// The detections at a box, seen as a label of one category. A detection counts with its score,
/// the less the less it overlaps the box.
struct Evidence {
    double own = 0;                        ///< of the category
    double other = 0;                      ///< of others that no other label explains
    double any = 0;                        ///< best score of all detections near the box
    std::optional<std::size_t> own_found;  ///< positions in the scene
    std::optional<std::size_t> other_found;
};

/// `self` is the label at the box, if it is one of the scene.
Evidence evidence_at(const Scene& scene, const CocoBox& box, std::int64_t category,
                     const Label* self);

/// Whether a mask of `area` pixels is the whole box.
bool fills_box(double area, const CocoBox& box);

/// What is usual for a category of a dataset. Values of rare categories lean to the mean of all; a
/// label can be left out of its own category, which it would otherwise speak for.
class Usual {
public:
    Usual(const Dataset& dataset, std::span<const Scene> scenes);

    /// Mean evidence for a label; `left_out` is that of the label itself, if it is one.
    [[nodiscard]] double own(std::int64_t category, std::optional<double> left_out = {}) const;
    /// Share of labels whose mask is their box.
    [[nodiscard]] double boxes(std::int64_t category, std::optional<bool> left_out = {}) const;
    /// How much evidence for the one category labels of the other one have, per label.
    [[nodiscard]] double confusion(std::int64_t a, std::int64_t b, double left_out) const;
    /// Whether both have the same supercategory, which is named.
    [[nodiscard]] bool related(std::int64_t a, std::int64_t b) const;
    /// Sum of the scores of detections with a label over that of those without, as a logarithm.
    [[nodiscard]] double labelled(std::int64_t category) const;

private:
    struct Sums {
        double labels = 0;
        double own = 0;
        double boxes = 0;
        double with_label = 0;
        double without_label = 0;
    };

    [[nodiscard]] Sums of(std::int64_t category) const;

    Sums all_;
    std::map<std::int64_t, Sums> categories_;
    std::map<std::int64_t, std::string> supercategories_;
    std::map<std::pair<std::int64_t, std::int64_t>, double> confusions_;  // the smaller id first
};

}  // namespace embedmask::suspects
