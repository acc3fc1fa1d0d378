// The training loop (§8.3).
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "embedmask/model.h"
#include "train/checkpoint.h"
#include "train/communicator.h"
#include "train/loader.h"
#include "train/losses.h"
#include "train/optimizer.h"
#include "train/options.h"
#include "train/recorder.h"
#include "train/run_lock.h"
#include "train/teacher.h"
#include "train/training_data.h"
#include "train/validation.h"

namespace embedmask::train {

enum class RunOutcome {
    finished,  ///< all iterations, or early stopping
    stopped,   ///< a signal; the checkpoint of this iteration exists
};

/// Trains until `solver.max_iter`, writing checkpoints, best.safetensors and last.safetensors to
/// the run's folder. The constructor does every check that can fail before the first iteration.
class Trainer {
public:
    Trainer(const TrainOptions& options, Communicator& ranks);

    RunOutcome run();

    /// Time and memory of one iteration, measured on the first batches; changes nothing on disk.
    struct Trial {
        double seconds = 0;
        double memory_mb = 0;
    };
    Trial trial();

    [[nodiscard]] const TrainingData& data() const { return data_; }
    [[nodiscard]] const Config& config() const { return config_; }

private:
    void resume(const Checkpoint& checkpoint);
    [[nodiscard]] Loader make_loader() const;
    Batch next_batch(Loader& loader, std::int64_t iteration);
    Measurement iterate(Loader& loader, std::int64_t iteration);
    Losses forward(const Batch& batch, std::int64_t iteration);
    void require_finite(const std::string& name, double value, const Batch& batch,
                        std::int64_t iteration) const;
    void require_equal_progress();
    /// True if validation runs after `iteration`.
    [[nodiscard]] bool validates_after(std::int64_t iteration) const;
    [[nodiscard]] bool should_stop_early() const;
    void average_over_ranks(Measurement& measurement);
    bool any_rank_stops();
    void save(std::int64_t iteration);
    void validate(std::int64_t iteration);
    [[nodiscard]] Model model(std::int64_t iteration) const;
    [[nodiscard]] bool is_first() const { return ranks_.rank() == 0; }

    TrainOptions options_;
    Communicator& ranks_;
    TrainingData data_;
    Config config_;
    std::optional<RunLock> lock_;  // of the first rank
    std::unique_ptr<Network> network_;
    std::optional<Teacher> teacher_;
    std::optional<Optimizer> optimizer_;
    std::optional<WeightAverage> average_;
    std::optional<Validation> validation_;
    std::optional<Recorder> recorder_;
    ImageCache cache_;
    Progress progress_;
    std::map<std::string, std::string> provenance_;  // of the weights that the run started from
};

}  // namespace embedmask::train
