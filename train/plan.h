// Prints a summary of the training before it starts.
#pragma once

#include <string>

#include "train/trainer.h"

namespace embedmask::train {

/// The data (images, objects per category, what is excluded), the network and the schedule.
std::string plan_text(const Trainer& trainer, const TrainOptions& options);

/// Seconds per iteration, memory and the total time of the run.
std::string trial_text(const Trainer::Trial& trial, const Config& config);

}  // namespace embedmask::train
