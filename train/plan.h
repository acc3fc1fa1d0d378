// What a training is going to do, for people.
#pragma once

#include <string>

#include "train/trainer.h"

namespace embedmask::train {

/// The data (images, objects per category, what is left out), the network and the schedule.
std::string plan_text(const Trainer& trainer, const TrainOptions& options);

/// Seconds per iteration, memory and the time of the whole run.
std::string trial_text(const Trainer::Trial& trial, const Config& config);

}  // namespace embedmask::train
