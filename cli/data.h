// embedmask data.
#pragma once

#include <CLI/CLI.hpp>

namespace embedmask::cli {

void add_data_command(CLI::App& app);

}  // namespace embedmask::cli
