#include "predictor_options.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "base/nearest.h"
#include "command.h"
#include "config/fields.h"
#include "embedmask/error.h"
#include "range_option.h"

namespace embedmask::cli {
namespace {

const std::map<std::string, Precision> kPrecisions = {
    {"auto", Precision::automatic}, {"fp32", Precision::fp32}, {"bf16", Precision::bf16}};

std::int64_t category_id_of(const std::string& word, const std::vector<Category>& categories) {
    std::vector<std::string> names;
    for (const Category& category : categories) {
        if (category.name == word || std::to_string(category.id) == word) {
            return category.id;
        }
        names.push_back(category.name);
    }
    throw Error(fmt::format("--categories {}: not a category of this model", word),
                detail::did_you_mean(word, names, "`embedmask info MODEL` lists its categories"));
}

// Like CLI::Range, which lets NaN pass.
CLI::Validator within(double low, double high) {
    return {[=](const std::string& word) -> std::string {
                double value = 0;
                const bool number = CLI::detail::lexical_cast(word, value);
                if (number && value >= low && value <= high) {
                    return {};
                }
                return fmt::format("{}: expected a number from {} to {}", word, low, high);
            },
            fmt::format("FLOAT in [{} - {}]", low, high)};
}

// The range of a configuration key.
CLI::Validator within(const char* key) {
    const auto [low, high] = detail::range_of(key);
    return within(low, high);
}

}  // namespace

void PredictorFlags::add_to(CLI::App& command) {
    command.add_option("--precision", precision, "Arithmetic of the network: auto, fp32 or bf16")
        ->check(CLI::IsMember(kPrecisions))
        ->capture_default_str();
    command.add_option("--threads", threads, "Number of threads; 0 uses all processors")
        ->check(CLI::Range(0, 1024))
        ->capture_default_str();
    command.add_option("--streams", streams, "Images processed by the network at the same time")
        ->check(CLI::Range(1, 1024))
        ->capture_default_str();
    command.add_option("--cache", cache, "Folder that keeps compiled networks between runs")
        ->type_name("DIR");
    command
        .add_option("--score-threshold", score_threshold,
                    "Lowest score of a detection (default: the model's)")
        ->check(within("score_thresh"));
    command
        .add_option("--mask-threshold", mask_threshold,
                    "Probability from which a pixel belongs to a mask")
        ->check(within("mask_thresh"));
    command.add_option("--short-side", short_side, "Short side of the network input, in pixels")
        ->check(CLI::Range(1, 16384));
    command
        .add_option("--max-side", max_side,
                    "Limit of the long side of the network input, in pixels")
        ->check(CLI::Range(1, 16384));
    auto* only = command
                     .add_option("--categories", categories,
                                 "Only these categories: names or ids, separated by commas")
                     ->delimiter(',')
                     ->allow_extra_args(false);
    ignore_blanks(only);
    ignore_blanks(
        add_alias(command, only, "--classes", categories)->delimiter(',')->allow_extra_args(false));
    command.add_option("--max-pixels", max_pixels, "Largest image accepted, in pixels")
        ->check(within(1, 1e12))
        ->capture_default_str();
    add_range_option(command, range);
}

DecodeOptions PredictorFlags::decode_options() const {
    DecodeOptions options;
    options.max_pixels = max_pixels;
    options.range = range;
    return options;
}

PredictorOptions PredictorFlags::resolve(const Model& model, bool keep_embeddings) const {
    PredictorOptions options;
    options.precision = kPrecisions.at(precision);
    options.threads = threads;
    options.streams = streams;
    options.cache = cache;
    options.score_threshold = score_threshold;
    options.mask_threshold = mask_threshold;
    options.short_side = short_side;
    options.max_side = max_side;
    for (const std::string& word : categories) {
        options.category_ids.push_back(category_id_of(word, model.categories));
    }
    options.category_ids = without_repetitions(options.category_ids);
    options.keep_embeddings = keep_embeddings;
    return options;
}

}  // namespace embedmask::cli
