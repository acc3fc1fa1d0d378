// The whole state of a training, in files that are never half written (docs/training.md).
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "embedmask/category.h"
#include "embedmask/config.h"
#include "train/network.h"
#include "train/optimizer.h"

namespace embedmask::train {

/// What a checkpoint says beside its tensors.
struct Progress {
    std::int64_t iteration = 0;      ///< finished iterations
    std::int64_t sampler_start = 0;  ///< iteration at which the sampler's stream began
    double best_ap = -1;             ///< of the validations so far
    std::int64_t best_iteration = 0;
    std::int64_t validations_since_best = 0;
    std::int64_t last_validation = 0;  ///< the iteration after which it ran
};

/// The models in a run's folder.
inline constexpr const char* kBestModel = "best.safetensors";
inline constexpr const char* kLastModel = "last.safetensors";

struct Checkpoint {
    Progress progress;
    Config config;
    std::vector<Category> categories;
    State tensors;  ///< model/..., momentum/... or moments, average/...
};

/// RUN/checkpoint-0000100.safetensors.
std::filesystem::path checkpoint_path(const std::filesystem::path& run, std::int64_t iteration);

/// Error when `run` holds checkpoints or trained models: a new run would overwrite them.
void require_new_run(const std::filesystem::path& run);

/// Writes atomically (the old file or the whole new one), then removes all but this one, the newest
/// other one, and what a killed process left half written.
/// Error when the disk is full or the folder cannot be written; what was there stays.
void write_checkpoint(const std::filesystem::path& run, const Checkpoint& checkpoint);

/// Error that says what is wrong: not a checkpoint, cut short, of another version.
Checkpoint read_checkpoint(const std::filesystem::path& path);

/// The newest checkpoint of a run that can be read; nothing when there is none. One that cannot be
/// read is passed over with a line on stderr.
/// Error when there are checkpoints and none can be read: starting anew would lose them.
std::optional<Checkpoint> latest_checkpoint(const std::filesystem::path& run);

/// The network's parameters and buffers under "model/".
State model_state(const Network& network);
void restore_model(Network& network, const State& state);

}  // namespace embedmask::train
