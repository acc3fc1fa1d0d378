// Detections without a label: missing labels, or errors of the model.
#pragma once

#include <cstddef>
#include <vector>

#include "suspects/evidence.h"
#include "suspects/logistic.h"
#include "suspects/scene.h"

namespace embedmask::suspects {

/// A detection that no label explains, or that none would explain without its label.
struct Unlabelled {
    std::size_t found = 0;  ///< position in the scene
    Features features;
};

/// The detections without a label, one per place.
std::vector<Unlabelled> unlabelled(const Scene& scene, const Usual& usual);

/// The detections that would have none if their label, and no other one, were missing.
std::vector<Unlabelled> unlabelled_if_missing(const Scene& scene, const Usual& usual);

}  // namespace embedmask::suspects
