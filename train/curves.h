// Plots the loss and AP curves of a run.
#pragma once

#include <filesystem>

namespace embedmask::train {

/// Plots RUN/metrics.jsonl to RUN/curves.svg: every loss, smoothed and raw, and the AP.
void draw_curves(const std::filesystem::path& run);

}  // namespace embedmask::train
