// Data parallel training over the processes that torchrun starts.
#pragma once

#include <torch/torch.h>

#include <memory>

#include "train/communicator.h"

namespace embedmask::train {

/// One process: a communicator of one. With RANK and WORLD_SIZE (and MASTER_ADDR, MASTER_PORT) set:
/// Gloo on CPUs, NCCL on CUDA. Error when a variable is missing or the others do not come.
std::unique_ptr<Communicator> make_communicator(torch::Device device);

}  // namespace embedmask::train
