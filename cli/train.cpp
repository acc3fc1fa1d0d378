// embedmask train: replaces itself with embedmask-train, so that only training loads libtorch.
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

#include "command.h"
#include "embedmask/error.h"

namespace embedmask::cli {
namespace {

namespace fs = std::filesystem;

constexpr const char* kProgram = "embedmask-train";

[[noreturn]] void become_trainer(const std::vector<std::string>& arguments) {
    const fs::path program = fs::read_symlink("/proc/self/exe").parent_path() / kProgram;
    if (!fs::exists(program)) {
        throw Error(fmt::format("{}: not found: this build has no libtorch", program.string()),
                    "run `make train` in the checkout, or `make install-train` for an installed "
                    "tree (both install libtorch)");
    }
    std::vector<std::string> words{program.string()};
    words.insert(words.end(), arguments.begin(), arguments.end());
    std::vector<char*> argv;
    for (std::string& word : words) {
        argv.push_back(word.data());
    }
    argv.push_back(nullptr);
    execv(program.c_str(), argv.data());
    throw Error(fmt::format("{}: cannot start: {}", program.string(), std::strerror(errno)));
}

}  // namespace

void add_train_command(CLI::App& app) {
    CLI::App* command = app.add_subcommand("train", "Train on COCO-format data");
    // embedmask-train prints the help for its own options.
    command->set_help_flag();
    command->prefix_command();
    command->callback([command] { become_trainer(command->remaining()); });
}

}  // namespace embedmask::cli
