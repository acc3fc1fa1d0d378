// embedmask data suspects: likely label errors.
#pragma once

#include <CLI/CLI.hpp>

namespace embedmask::cli {

void add_data_suspects(CLI::App& data);

}  // namespace embedmask::cli
