// Helpers shared by all commands.
#pragma once

#include <CLI/CLI.hpp>
#include <algorithm>
#include <string>
#include <vector>

#include "base/text.h"
#include "embedmask/data.h"
#include "embedmask/error.h"

namespace embedmask::cli {

/// Adds a command whose help text ends with working examples.
CLI::App* add_command(CLI::App& app, const std::string& name, const std::string& summary,
                      const std::vector<std::string>& examples);

/// Also accepts the former name of an option, without listing it in --help. Passing both is an
/// error.
template <typename T>
CLI::Option* add_alias(CLI::App& command, CLI::Option* option, const std::string& former,
                       T& value) {
    return command.add_option(former, value)->group("")->excludes(option);
}

/// Ignores blanks at both ends of each item of a list: "cat, dog".
CLI::Option* ignore_blanks(CLI::Option* option);

/// The items without repetitions, in order.
template <typename T>
std::vector<T> without_repetitions(const std::vector<T>& items) {
    std::vector<T> unique;
    for (const T& item : items) {
        if (std::find(unique.begin(), unique.end(), item) == unique.end()) {
            unique.push_back(item);
        }
    }
    return unique;
}

/// Words separated by commas, in lines that fit beside the options of a help text.
std::string in_lines(const std::vector<std::string>& words);

/// Rewrites a library message for the command line: "PredictorOptions::short_side" becomes
/// "--short-side".
std::string with_flags(const std::string& message);

using detail::counted;

/// Says on stderr what a reader of a folder ignored, in one line, if anything.
void print_passed_over(const PassedOver& passed);

/// Says on stderr what went wrong, after `what`, and how to fix it.
void print_error(const char* what, const Error& error);

/// True if stderr is a terminal, so that progress lines and colours make sense.
bool stderr_is_terminal();

void add_convert_command(CLI::App& app);
void add_info_command(CLI::App& app);
void add_predict_command(CLI::App& app);
void add_bench_command(CLI::App& app);
void add_train_command(CLI::App& app);

}  // namespace embedmask::cli
