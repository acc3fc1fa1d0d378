#include "range_option.h"

#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <cstddef>
#include <string_view>
#include <system_error>

namespace embedmask::cli {
namespace {

constexpr SampleRange kPercentiles = {.low = 1, .high = 99, .percentiles = true};

// A number, or a percentage if the text ends with %.
bool parse_end(std::string_view text, double* value, bool* percent) {
    *percent = text.ends_with('%');
    if (*percent) {
        text.remove_suffix(1);
    }
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), *value);
    const bool number = error == std::errc{} && end == text.data() + text.size();
    return number && std::isfinite(*value) && (!*percent || (*value >= 0 && *value <= 100));
}

}  // namespace

std::optional<SampleRange> parse_range(const std::string& text) {
    if (text == "percentile") {
        return kPercentiles;
    }
    const std::string_view whole = text;
    const std::size_t colon = whole.find(':');
    if (colon == std::string_view::npos) {
        return std::nullopt;
    }
    SampleRange range;
    bool high_percent = false;
    const bool valid = parse_end(whole.substr(0, colon), &range.low, &range.percentiles) &&
                       parse_end(whole.substr(colon + 1), &range.high, &high_percent) &&
                       range.percentiles == high_percent && range.low < range.high;
    return valid ? std::optional(range) : std::nullopt;
}

std::string text_of(const SampleRange& range) {
    const char* unit = range.percentiles ? "%" : "";
    return fmt::format("{}{}:{}{}", range.low, unit, range.high, unit);
}

void add_range_option(CLI::App& command, std::optional<SampleRange>& range) {
    const auto take = [&range](const std::string& text) {
        range = parse_range(text);
        if (!range) {
            throw CLI::ValidationError(
                "--range " + text,
                "expected MIN:MAX with MIN below MAX, LOW%:HIGH% from 0% to 100%, or percentile");
        }
    };
    command
        .add_option_function<std::string>(
            "--range", take,
            "Values that become 0 and 255 in images of 16 bits or floats:\n"
            "MIN:MAX, LOW%:HIGH%, or percentile (1%:99%)")
        ->type_name("RANGE");
}

}  // namespace embedmask::cli
