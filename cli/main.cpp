// Entry point of the program `embedmask`.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <exception>

#include "base/nearest.h"
#include "command.h"
#include "data.h"
#include "embedmask/error.h"
#include "embedmask/version.h"
#include "eval.h"
#include "help_format.h"

namespace {

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
        fmt::print(stderr, "embedmask: {}\n", error.what());
        fmt::print(stderr, "  to fix: see `{} --help`\n", parsed_command(app));
        return kUsage;
    }
    return kDone;
}

}  // namespace

int main(int argc, char** argv) {
    try {
        return run(argc, argv);
    } catch (const embedmask::Error& error) {
        fmt::print(stderr, "embedmask: {}\n", embedmask::cli::with_flags(error.what()));
        if (!error.fix().empty()) {
            fmt::print(stderr, "  to fix: {}\n", embedmask::cli::with_flags(error.fix()));
        }
    } catch (const std::exception& error) {
        fmt::print(stderr, "embedmask: {}\n", error.what());
    }
    return kFailed;
}
