// Detects which version of the authors' system a weights file comes from (spec §10.6).
#pragma once

#include <cstdint>
#include <string>

#include "embedmask/config.h"
#include "embedmask/import.h"
#include "embedmask/weights.h"

namespace embedmask::foreign {

enum class Generation {
    unknown,  ///< no embedding heads: only a backbone or a detector, or another network
    g1,       ///< November 2019: margins computed from the box; cannot be run
    g2,       ///< May 2020: one margin for all dimensions; runs as G3
    g3,       ///< May 2021, the default
    t2,       ///< the AdelaiDet fork of Table 2
};

struct Recognized {
    Generation generation = Generation::unknown;
    std::int64_t embed_dim = 0;  ///< D; 0 if unknown
    bool conv3 = false;          ///< T2 with 3x3 convolutions directly on the tower (§4.9)
};

Recognized recognize_generation(const ForeignWeights& file);

/// "G3 (authors, May 2021), D = 16"
std::string describe(const Recognized& recognized);

/// Error if `config` cannot use weights of that generation; names a preset that can.
void check_generation(const Recognized& recognized, const Config& config, const std::string& file);

/// Tensors under canonical names, with those of G2 converted to G3: the margin channel is repeated
/// D times and every κ_l = 1, which is the same arithmetic. Other tensors are unchanged.
Weights as_g3(Weights tensors);

}  // namespace embedmask::foreign
