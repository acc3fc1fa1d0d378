#include "command.h"

#include <fmt/format.h>
#include <unistd.h>

#include <filesystem>

#include "base/file.h"

namespace embedmask::cli {

CLI::App* add_command(CLI::App& app, const std::string& name, const std::string& summary,
                      const std::vector<std::string>& examples) {
    CLI::App* command = app.add_subcommand(name, summary);
    std::string footer = "\nExamples:";
    for (const std::string& example : examples) {
        footer += "\n  " + example;
    }
    command->footer(footer);
    return command;
}

Config config_of(const std::string& name) {
    if (!name.ends_with(".toml")) return preset(name);
    const auto bytes = detail::read_file(name, 1U << 20);
    return parse_config({reinterpret_cast<const char*>(bytes.data()), bytes.size()}, name);
}

bool stderr_is_terminal() {
    return ::isatty(STDERR_FILENO) == 1;
}

}  // namespace embedmask::cli
