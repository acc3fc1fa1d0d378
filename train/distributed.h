// Data-parallel training over the processes started by torchrun.
#pragma once

#include <torch/torch.h>

#include <memory>

#include "train/communicator.h"

namespace embedmask::train {

/// For a single process, a communicator of size one. With RANK and WORLD_SIZE (and MASTER_ADDR,
/// MASTER_PORT) set, Gloo on CPUs and NCCL on CUDA. Error if a variable is missing or other ranks
/// do not connect.
std::unique_ptr<Communicator> make_communicator(torch::Device device);

}  // namespace embedmask::train
