#include "shard_option.h"

#include <fmt/format.h>

#include <charconv>
#include <cstdlib>
#include <optional>

#include "embedmask/error.h"

namespace embedmask::cli {
namespace {

using scoring::Shard;

bool parse_number(std::string_view text, std::int64_t* value) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), *value);
    return error == std::errc{} && end == text.data() + text.size();
}

std::optional<std::int64_t> environment_number(const char* name) {
    const char* text = std::getenv(name);
    std::int64_t value = 0;
    if (text == nullptr || !parse_number(text, &value)) {
        return std::nullopt;
    }
    return value;
}

// Index and count variables of the schedulers, most specific first.
std::optional<Shard> shard_of_environment() {
    const auto make = [](const char* index, const char* count,
                         std::int64_t first) -> std::optional<Shard> {
        const auto i = environment_number(index);
        const auto n = environment_number(count);
        if (!i || !n) {
            return std::nullopt;
        }
        return Shard{*i - first, *n};
    };
    const std::int64_t slurm_first = environment_number("SLURM_ARRAY_TASK_MIN").value_or(0);
    if (auto shard = make("SLURM_ARRAY_TASK_ID", "SLURM_ARRAY_TASK_COUNT", slurm_first)) {
        return shard;
    }
    if (auto shard = make("JOB_COMPLETION_INDEX", "JOB_COMPLETIONS", 0)) {
        return shard;
    }
    return make("RANK", "WORLD_SIZE", 0);
}

}  // namespace

Shard parse_shard(const std::string& text) {
    Shard shard;
    if (text == "auto") {
        const auto found = shard_of_environment();
        if (!found) {
            throw Error("--shard auto: no scheduler sets an index and a count",
                        "pass --shard i/n; auto reads SLURM_ARRAY_TASK_ID and _COUNT, "
                        "JOB_COMPLETION_INDEX and JOB_COMPLETIONS, or RANK and WORLD_SIZE");
        }
        shard = *found;
    } else {
        const std::size_t slash = text.find('/');
        if (slash == std::string::npos ||
            !parse_number(std::string_view(text).substr(0, slash), &shard.index) ||
            !parse_number(std::string_view(text).substr(slash + 1), &shard.count)) {
            throw Error(fmt::format("--shard {}: expected i/n or auto", text),
                        "for example --shard 0/4 for the first of four parts");
        }
    }
    if (shard.count < 1 || shard.index < 0 || shard.index >= shard.count) {
        throw Error(
            fmt::format("--shard {}: part {} of {} does not exist", text, shard.index, shard.count),
            "parts are numbered from 0: --shard 0/4 ... --shard 3/4");
    }
    return shard;
}

}  // namespace embedmask::cli
