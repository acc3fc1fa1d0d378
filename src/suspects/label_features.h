// The features that tell wrong labels from right ones.
#pragma once

#include <cstdint>

#include "suspects/evidence.h"
#include "suspects/logistic.h"
#include "suspects/scene.h"

namespace embedmask::suspects {

/// A label as it is, or as it would be with an error made on purpose.
struct Claim {
    std::int64_t category = 0;
    CocoBox box;
    double area = 0;
    bool has_mask = false;
    const Label* self = nullptr;  ///< the label of the scene that this is or was, if any
    bool changed = false;         ///< differs from `self`
};

Features label_features(const Scene& scene, const Usual& usual, const Claim& claim,
                        const Evidence& evidence);

/// The logarithm of a score or an evidence, which may be 0.
double log_score(double score);

/// log(p / (1 - p)), kept finite.
double log_odds(double p);

/// Size of an object, 0 at 64 x 64 pixels, 1 for a side e times as long.
double log_side(double area);

}  // namespace embedmask::suspects
