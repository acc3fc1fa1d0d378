#include "base/output_folder.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <sstream>
#include <system_error>

#include "base/atomic_file.h"
#include "base/digest.h"
#include "base/file.h"
#include "base/paths.h"
#include "embedmask/error.h"

namespace embedmask::detail {
namespace {

namespace fs = std::filesystem;

constexpr const char* kManifest = ".embedmask-files";
constexpr std::size_t kHashDigits = 16;
constexpr std::size_t kListed = 3;  // files in one message
constexpr mode_t kManifestMode = 0666;

std::string manifest_line(std::string_view name, std::uint64_t hash) {
    return fmt::format("{:0{}x} {}\n", hash, kHashDigits, name);
}

std::uint64_t hash_of(std::string_view bytes) {
    Digest digest;
    digest.add(bytes);
    return digest.value();
}

/// The hash of a file; throws Error if it cannot be read.
std::uint64_t hash_of_file(const fs::path& path) {
    const MappedFile file(path);
    const auto bytes = file.bytes();
    return hash_of({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
}

[[noreturn]] void refuse(const std::vector<fs::path>& files) {
    std::string names;
    for (std::size_t i = 0; i < std::min(files.size(), kListed); ++i) {
        names += fmt::format("{}{}", i == 0 ? "" : ", ", files[i].string());
    }
    if (files.size() > kListed) {
        names += fmt::format(" and {} more", files.size() - kListed);
    }
    throw Error(
        fmt::format("{}: already {}, and this program did not write {} or {} changed "
                    "since: expected free names",
                    names, files.size() == 1 ? "exists" : "exist",
                    files.size() == 1 ? "it" : "them", files.size() == 1 ? "it has" : "they have"),
        "choose another --out, or pass --force to replace; nothing has been written");
}

}  // namespace

OutputFolder::OutputFolder(fs::path folder) : folder_(std::move(folder)) {
    const fs::path manifest = file(kManifest);
    if (!is_regular(manifest)) {
        return;
    }
    const auto bytes = read_file(manifest);
    std::istringstream lines(std::string(bytes.begin(), bytes.end()));
    std::size_t count = 0;
    for (std::string line; std::getline(lines, line); ++count) {
        std::uint64_t hash = 0;
        const char* digits = line.data();
        const auto parsed =
            std::from_chars(digits, digits + std::min(line.size(), kHashDigits), hash, 16);
        if (parsed.ptr == digits + kHashDigits && line.size() > kHashDigits + 1) {
            own_[line.substr(kHashDigits + 1)] = hash;
        }
    }
    has_stale_lines_ = count > 2 * own_.size();
}

fs::path OutputFolder::file(std::string_view name) const {
    return folder_ / name;
}

bool OutputFolder::is_own(const std::string& name) const {
    const auto known = own_.find(name);
    if (known == own_.end()) {
        return false;
    }
    try {
        return hash_of_file(file(name)) == known->second;
    } catch (const Error&) {
        return false;  // not a readable file, so not the one that was written
    }
}

void OutputFolder::require_replaceable(const std::vector<std::string>& names,
                                       const InputFiles& inputs, bool force) const {
    const fs::path manifest = file(kManifest);
    if (path_exists(manifest) && !is_regular(manifest)) {
        throw Error(fmt::format("{}: is not a regular file: expected the list of files that this "
                                "program wrote",
                                manifest.string()),
                    "remove it, or choose another --out");
    }
    std::vector<fs::path> taken;
    for (const std::string& name : names) {
        const fs::path output = file(name);
        inputs.require_other(output);
        if (!has_entry(output)) {
            continue;
        }
        (void)write_target(output);  // a folder cannot be replaced
        if (!force && !is_own(name)) {
            taken.push_back(output);
        }
    }
    if (!taken.empty()) {
        refuse(taken);
    }
}

void OutputFolder::require_replaceable(const std::function<bool(const std::string&)>& is_output,
                                       const InputFiles& inputs, bool force) const {
    std::vector<std::string> names;
    std::error_code failed;
    for (fs::directory_iterator entry(folder_, failed), end; !failed && entry != end;
         entry.increment(failed)) {
        std::string name = entry->path().filename().string();
        if (is_output(name)) {
            names.push_back(std::move(name));
        }
    }
    require_replaceable(names, inputs, force);
}

void OutputFolder::create() const {
    make_folder(folder_.empty() ? fs::path(".") : folder_);
    if (!has_stale_lines_) {
        return;
    }
    std::string text;
    for (const auto& [name, hash] : own_) {
        text += manifest_line(name, hash);
    }
    write_file_atomically(file(kManifest), text);
}

void OutputFolder::write(std::string_view name, std::string_view bytes) {
    // First, so that a file that is written is always listed.
    append(name, hash_of(bytes));
    write_file_atomically(file(name), bytes);
}

void OutputFolder::record(std::string_view name) {
    append(name, hash_of_file(file(name)));
}

void OutputFolder::append(std::string_view name, std::uint64_t hash) {
    if (name.find('\n') != std::string_view::npos) {
        return;  // cannot be listed: a repeated run asks for --force
    }
    const fs::path manifest = file(kManifest);
    const std::string line = manifest_line(name, hash);
    const std::lock_guard lock(mutex_);
    const int fd = ::open(manifest.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_NONBLOCK | O_CLOEXEC,
                          kManifestMode);
    const bool written =
        fd >= 0 && ::write(fd, line.data(), line.size()) == static_cast<ssize_t>(line.size());
    const int error = errno;
    ::close(fd);
    if (!written) {
        throw Error(fmt::format("{}: cannot write: {}", manifest.string(),
                                std::generic_category().message(error)),
                    "check that the folder is writable and has free space", ErrorKind::system);
    }
}

}  // namespace embedmask::detail
