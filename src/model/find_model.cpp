#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>

#include "base/paths.h"
#include "embedmask/error.h"
#include "embedmask/model.h"

namespace embedmask {
namespace {

namespace fs = std::filesystem;

constexpr const char* kExtension = ".safetensors";

// Model folder of the running program: relative to its executable, so that an installed tree can be
// moved, or in the checkout where it was built.
std::vector<fs::path> model_folders() {
    std::error_code error;
    const fs::path program = fs::read_symlink("/proc/self/exe", error);
    if (error) {
        return {};
    }
    const fs::path bin = program.parent_path();
    return {bin.parent_path() / "share" / "embedmask" / "models", bin.parent_path() / "models"};
}

std::vector<std::string> installed_models() {
    std::vector<std::string> names;
    for (const fs::path& folder : model_folders()) {
        if (!detail::is_folder(folder)) {
            continue;
        }
        for (const fs::path& path : detail::entries_of(folder)) {
            if (path.extension() == kExtension) {
                names.push_back(path.stem().string());
            }
        }
    }
    std::sort(names.begin(), names.end());
    return names;
}

}  // namespace

fs::path find_model(const std::string& name) {
    if (detail::path_exists(name) && !detail::is_folder(name)) {
        return name;
    }
    for (const fs::path& folder : model_folders()) {
        fs::path candidate = folder / (name + kExtension);
        if (detail::path_exists(candidate)) {
            return candidate;
        }
    }
    throw Error(fmt::format("{}: no such file, and no installed model has that name", name),
                fmt::format("pass a file, or one of the installed models: {}",
                            fmt::join(installed_models(), ", ")));
}

}  // namespace embedmask
