// The losses of FCOS (§6.1 to §6.4).
#pragma once

#include "train/detector.h"

namespace embedmask::train {

/// loss_cls, loss_reg, loss_centerness. Collective (one sum over the ranks).
DetectorLosses fcos_losses(const Outputs& outputs, const Batch& batch, const Config& config,
                           Communicator& ranks);

}  // namespace embedmask::train
