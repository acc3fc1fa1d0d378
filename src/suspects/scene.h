// The labels and detections of one image, without their masks.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "embedmask/box.h"
#include "embedmask/dataset.h"
#include "embedmask/results.h"

namespace embedmask::suspects {

/// A label; crowds are left aside.
struct Label {
    std::size_t annotation = 0;  ///< position in Dataset::annotations
    std::int64_t category = 0;
    CocoBox box;
    double area = 0;        ///< pixels: of the mask, else as annotated, else of the box
    bool has_mask = false;  ///< otherwise `area` says nothing about its shape
    std::optional<std::size_t> match = std::nullopt;  ///< position of its detection in the scene
};

/// A detection.
struct Found {
    std::size_t result = 0;  ///< position in the results
    std::int64_t category = 0;
    CocoBox box;
    double score = 0;
    double area = 0;  ///< pixels: of the mask, else of the box
    bool has_mask = false;
    bool in_crowd = false;         ///< lies in a crowd, whatever its category
    bool matched = false;          ///< the match of a label
    std::size_t explanations = 0;  ///< labels of its category at its place
};

/// Two labels that cover each other.
struct Pair {
    std::size_t first = 0;  ///< positions in the scene
    std::size_t second = 0;
    double iou = 0;
    bool masks = false;  ///< of masks, otherwise of boxes
};

struct Scene {
    std::int64_t image_id = 0;
    double width = 0;  ///< pixels; as far as its objects reach if it is not recorded
    double height = 0;
    std::vector<Label> labels;  ///< in file order
    std::vector<Found> found;   ///< by descending score
    std::vector<Pair> pairs;
};

/// IoU from which a detection and a label of its category mean the same object.
inline constexpr double kSamePlace = 0.4;

double iou(const CocoBox& a, const CocoBox& b);

/// The share of `inner` that lies in `outer`.
double share_inside(const CocoBox& inner, const CocoBox& outer);

/// One scene per image of the dataset, in its order. Error as for find_suspects.
std::vector<Scene> scenes_of(const Dataset& dataset, std::span<const Result> results);

}  // namespace embedmask::suspects
