// The learning rate of every iteration (§8.2).
#pragma once

#include <cstdint>

#include "embedmask/config.h"

namespace embedmask::train {

/// Learning rate of the weights for the 1-based `iteration`; biases multiply it by
/// `bias_lr_factor`.
double learning_rate(const Config::Solver& solver, std::int64_t iteration);

}  // namespace embedmask::train
