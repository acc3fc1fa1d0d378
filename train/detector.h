// The losses of a detector. Each has a file with its targets and one with its losses; detector.cpp
// lists them.
#pragma once

#include <torch/torch.h>

#include <string>
#include <utility>
#include <vector>

#include "embedmask/config.h"
#include "train/batch.h"
#include "train/communicator.h"
#include "train/locations.h"
#include "train/network.h"

namespace embedmask::train {

/// Named scalars in a fixed order, each already weighted.
using Losses = std::vector<std::pair<std::string, torch::Tensor>>;

/// The targets of a batch's locations.
struct Assigned {
    Locations locations;
    std::vector<Assignment> images;
};

struct DetectorLosses {
    Losses losses;
    Assigned assigned;
};

/// Losses of the detector of `config`. Collective.
DetectorLosses detector_losses(const Outputs& outputs, const Batch& batch, const Config& config,
                               Communicator& ranks);

}  // namespace embedmask::train
