// embedmask eval.
#pragma once

#include <CLI/CLI.hpp>

namespace embedmask::cli {

void add_eval_command(CLI::App& app);

}  // namespace embedmask::cli
