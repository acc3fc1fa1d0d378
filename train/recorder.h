// Records the metrics of a run: a console line, metrics.jsonl, TensorBoard, and the curves at the
// end.
#pragma once

#include <chrono>
#include <deque>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <vector>

#include "embedmask/config.h"
#include "train/event_file.h"
#include "train/validation.h"

namespace embedmask::train {

/// The metrics of one iteration.
struct Measurement {
    std::vector<std::pair<std::string, double>> losses;  ///< averaged over the ranks
    double lr = 0;
    double gradient_norm = 0;
    std::int64_t images = 0;  ///< over all ranks
    double data_seconds = 0;  ///< time spent waiting for the batch
    double total_seconds = 0;
};

/// Writes every `log_period` iterations: medians over the period, like the authors (§8.3), and
/// averages over the whole run. Used by rank 0 only.
class Recorder {
public:
    /// When resuming, `done` iterations are already finished: later lines of metrics.jsonl are
    /// dropped.
    Recorder(std::filesystem::path run, const Config& config, std::int64_t done);

    void add(std::int64_t iteration, const Measurement& measurement);
    void add_validation(std::int64_t iteration, const Scores& scores, double seconds, bool best);
    /// Plots the curves.
    void finish() const;

private:
    void write_period(std::int64_t iteration);

    std::filesystem::path run_;
    std::int64_t log_period_;
    std::int64_t last_iteration_;
    std::ofstream metrics_;
    EventFile events_;
    std::deque<Measurement> period_;
    double seconds_ = 0;  // over all iterations of this process
    std::int64_t iterations_ = 0;
};

/// "1:05:09": hours, minutes, seconds.
std::string duration(double seconds);

/// Peak resident memory of this process so far, in MB.
double peak_memory_mb();

}  // namespace embedmask::train
