// Flags for what label files and measurements say of their images.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

#include "embedmask/data.h"

namespace embedmask::cli {

/// Adds --image-prefix and --pixel-size; `flag` chooses the format: "--to", "--write".
void add_export_options(CLI::App& command, ExportOptions& options, const std::string& flag);

}  // namespace embedmask::cli
