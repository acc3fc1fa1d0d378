// Entry point of the program `embedmask`.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <exception>
#include <string>

#include "base/nearest.h"
#include "base/signals.h"
#include "base/standard_output.h"
#include "command.h"
#include "data.h"
#include "embedmask/error.h"
#include "embedmask/version.h"
#include "eval.h"
#include "help_format.h"

namespace {

using embedmask::cli::print_error;

constexpr int kDone = 0;
constexpr int kFailed = 1;
constexpr int kUsage = 2;

// CLI11 would only say that a subcommand is missing.
void check_command(const CLI::App& app, const char* word) {
    if (word != nullptr && word[0] == '-') {
        return;
    }
    std::vector<std::string> names;
    for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; })) {
        if (word != nullptr && command->get_name() == word) {
            return;
        }
        names.push_back(command->get_name());
    }
    const std::string expected = fmt::format("expected one of {}", fmt::join(names, ", "));
    throw CLI::ParseError(word == nullptr
                              ? "no command: " + expected
                              : fmt::format("unknown command \"{}\": {}", word,
                                            embedmask::detail::did_you_mean(word, names, expected)),
                          kUsage);
}

// "embedmask eval merge" once these words are parsed.
std::string parsed_command(const CLI::App& app) {
    std::string name = app.get_name();
    for (const CLI::App* command : app.get_subcommands()) {
        name += " " + parsed_command(*command);
    }
    return name;
}

int run(int argc, char** argv) {
    CLI::App app{"Instance segmentation with EmbedMask: masks from images, on a CPU", "embedmask"};
    app.formatter(std::make_shared<embedmask::cli::HelpFormat>());
    app.require_subcommand(1);
    app.set_version_flag("--version", embedmask::version_text());
    app.footer("\n`embedmask COMMAND --help` explains each command.");
    embedmask::cli::add_predict_command(app);
    embedmask::cli::add_eval_command(app);
    embedmask::cli::add_data_command(app);
    embedmask::cli::add_train_command(app);
    embedmask::cli::add_convert_command(app);
    embedmask::cli::add_info_command(app);
    embedmask::cli::add_bench_command(app);
    try {
        check_command(app, argc > 1 ? argv[1] : nullptr);
        app.parse(argc, argv);
    } catch (const CLI::CallForHelp& request) {
        return app.exit(request);
    } catch (const CLI::CallForVersion& request) {
        return app.exit(request);
    } catch (const CLI::RuntimeError& stop) {
        return stop.get_exit_code();
    } catch (const CLI::ParseError& error) {
        print_error("embedmask", embedmask::Error(error.what(), fmt::format("see `{} --help`",
                                                                            parsed_command(app))));
        return kUsage;
    }
    return kDone;
}

int guarded_run(int argc, char** argv) {
    try {
        return run(argc, argv);
    } catch (const embedmask::Error& error) {
        print_error("embedmask", error);
    } catch (const std::exception& error) {
        print_error("embedmask", embedmask::Error(error.what()));
    }
    return kFailed;
}

}  // namespace

int main(int argc, char** argv) {
    embedmask::detail::open_standard_descriptors();
    embedmask::detail::clean_up_on_signals();
    const int code = guarded_run(argc, argv);
    return embedmask::detail::flush_stdout("embedmask") ? code : kFailed;
}
