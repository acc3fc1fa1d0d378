// Errors made on purpose among the labels of a dataset, from which their signs are learned.
#pragma once

#include <span>
#include <vector>

#include "suspects/evidence.h"
#include "suspects/logistic.h"
#include "suspects/scene.h"

namespace embedmask::suspects {

/// Features by kind.
struct Samples {
    std::vector<Features> as_is;       ///< labels as they are
    std::vector<Features> category;    ///< with another category
    std::vector<Features> mask;        ///< shifted, widened, or replaced by their box
    std::vector<Features> object;      ///< where no other label is, in another image
    std::vector<Features> unlabelled;  ///< detections without a label as it is
    std::vector<Features> missing;     ///< detections whose label is taken away
};

/// Makes one error of each kind of every label; of many labels, of an even choice of images. Equal
/// input gives equal samples.
Samples make_errors(const Dataset& dataset, std::span<const Scene> scenes, const Usual& usual);

}  // namespace embedmask::suspects
