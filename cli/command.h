// What all verbs of the command line share.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

namespace embedmask::cli {

/// Adds a verb whose help ends with examples that work.
CLI::App* add_command(CLI::App& app, const std::string& name, const std::string& summary,
                      const std::vector<std::string>& examples);

/// Accepts the former name of an option too, without listing it in --help. Both at once are an
/// error.
template <typename T>
CLI::Option* add_alias(CLI::App& command, CLI::Option* option, const std::string& former,
                       T& value) {
    return command.add_option(former, value)->group("")->excludes(option);
}

/// A message of the library in the words of the command line: "PredictorOptions::short_side"
/// becomes "--short-side".
std::string with_flags(const std::string& message);

/// True when stderr is a terminal: progress lines and colours make sense.
bool stderr_is_terminal();

void add_convert_command(CLI::App& app);
void add_info_command(CLI::App& app);
void add_predict_command(CLI::App& app);
void add_bench_command(CLI::App& app);
void add_train_command(CLI::App& app);

}  // namespace embedmask::cli
