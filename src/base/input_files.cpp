#include "base/input_files.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <system_error>

#include "base/atomic_file.h"
#include "base/paged_path.h"
#include "base/paths.h"
#include "embedmask/error.h"

namespace embedmask::detail {

namespace fs = std::filesystem;

void InputFiles::add(const fs::path& path) {
    if (!is_folder(path)) {
        add_file(paged_path(path).file);
        return;
    }
    std::error_code failed;
    for (fs::directory_iterator entry(path, failed), end; !failed && entry != end;
         entry.increment(failed)) {
        add_file(entry->path());
    }
}

void InputFiles::add_file(const fs::path& path) {
    struct stat info {};
    // Pipes and devices lose nothing when they are written to.
    if (::stat(path.c_str(), &info) == 0 && S_ISREG(info.st_mode)) {
        files_.emplace(Identity{info.st_dev, info.st_ino}, path.string());
    }
}

void InputFiles::require_other(const fs::path& output) const {
    struct stat info {};
    if (::stat(output.c_str(), &info) != 0) {
        return;
    }
    const auto same = files_.find({info.st_dev, info.st_ino});
    if (same == files_.end()) {
        return;
    }
    const std::string also =
        same->second == output.string() ? std::string() : fmt::format(" ({})", same->second);
    throw Error(fmt::format("{}: is an input of this command{}: expected another output file",
                            output.string(), also),
                "write to another file; nothing has been written");
}

void NamedOutputs::add(const std::string& option, const fs::path& output) {
    if (output.empty()) {
        return;
    }
    const WriteTarget target = write_target(output);
    if (target.stream) {
        return;
    }
    inputs_.require_other(output);
    std::error_code failed;
    const fs::path folder = fs::weakly_canonical(fs::absolute(target.path).parent_path(), failed);
    const auto [other, fresh] = options_.emplace(folder / target.path.filename(), option);
    if (!fresh) {
        throw Error(fmt::format("{}: is the output of {} and of {}: expected two files",
                                output.string(), other->second, option),
                    "give each output its own name");
    }
}

}  // namespace embedmask::detail
