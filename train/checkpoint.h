// Saves the full training state in atomically written files (docs/training.md).
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/input_files.h"
#include "embedmask/category.h"
#include "embedmask/config.h"
#include "train/network.h"
#include "train/optimizer.h"

namespace embedmask::train {

/// The metadata of a checkpoint.
struct Progress {
    std::int64_t iteration = 0;      ///< finished iterations
    std::int64_t sampler_start = 0;  ///< iteration at which the sampler's stream starts
    double best_ap = -1;             ///< over the validations so far
    std::int64_t best_iteration = 0;
    std::int64_t validations_since_best = 0;
    std::int64_t last_validation = 0;  ///< iteration after which the last validation ran
};

/// The models in a run's folder.
inline constexpr const char* kConfigFile = "config.toml";
inline constexpr const char* kBestModel = "best.safetensors";
inline constexpr const char* kLastModel = "last.safetensors";

struct Checkpoint {
    Progress progress;
    Config config;
    std::vector<Category> categories;
    std::map<std::string, std::string> provenance;  ///< of the weights that the run started from
    State tensors;  ///< model/..., momentum/... or moments, average/...
};

/// RUN/checkpoint-0000100.safetensors.
std::filesystem::path checkpoint_path(const std::filesystem::path& run, std::int64_t iteration);

/// Error if `run` contains checkpoints, trained models, or files of others that a new run would
/// overwrite, or if it would overwrite one of `inputs`.
void require_new_run(const std::filesystem::path& run, const detail::InputFiles& inputs);

/// Writes atomically, then removes partial files of killed processes and all checkpoints except
/// this one and the newest other one. Error if the disk is full or the folder is not writable;
/// existing files are kept.
void write_checkpoint(const std::filesystem::path& run, const Checkpoint& checkpoint);

/// Error (with the reason) if it is not a checkpoint, truncated, or from a different version.
Checkpoint read_checkpoint(const std::filesystem::path& path);

/// The newest readable checkpoint of a run; nothing if there are no checkpoints. Skips unreadable
/// ones with a line on stderr. Error if there are checkpoints but none is readable: starting again
/// would lose them.
std::optional<Checkpoint> latest_checkpoint(const std::filesystem::path& run);

/// The network's parameters and buffers under "model/".
State model_state(const Network& network);
void restore_model(Network& network, const State& state);

}  // namespace embedmask::train
