// The flags shared by every command that runs a network.
#pragma once

#include <CLI/CLI.hpp>
#include <optional>
#include <string>
#include <vector>

#include "embedmask/predictor.h"

namespace embedmask::cli {

struct PredictorFlags {
    std::string precision = "auto";
    int threads = 0;
    int streams = 1;
    std::string cache;
    std::optional<double> score_threshold;
    std::optional<double> mask_threshold;
    std::optional<int> short_side;
    std::optional<int> max_side;
    std::vector<std::string> categories;
    std::uint64_t max_pixels = DecodeOptions{}.max_pixels;
    std::optional<SampleRange> range;

    void add_to(CLI::App& command);

    /// The limit and the range of images.
    [[nodiscard]] DecodeOptions decode_options() const;

    /// Converts the flags to Predictor options; category names become ids. Error for unknown names.
    [[nodiscard]] PredictorOptions resolve(const Model& model, bool keep_embeddings) const;
};

}  // namespace embedmask::cli
