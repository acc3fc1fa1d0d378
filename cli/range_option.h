// --range: how images with more than 8 bits per sample become 8 bits.
#pragma once

#include <CLI/CLI.hpp>
#include <optional>
#include <string>

#include "embedmask/image.h"

namespace embedmask::cli {

/// "0:4095" (values), "1%:99%" (percentiles), or "percentile" (1% to 99%). Nothing for other text.
std::optional<SampleRange> parse_range(const std::string& text);

/// The same as text: "0:4095" or "1%:99%".
std::string text_of(const SampleRange& range);

/// Adds the option, whose value is stored when the command line is read.
void add_range_option(CLI::App& command, std::optional<SampleRange>& range);

}  // namespace embedmask::cli
