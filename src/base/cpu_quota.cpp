#include "base/cpu_quota.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

namespace embedmask::detail {

namespace {

namespace fs = std::filesystem;

constexpr double kMostProcessors = 1 << 20;  // a larger quota is none

std::optional<std::string> first_line(const fs::path& path) {
    std::ifstream file(path);
    std::string line;
    if (!std::getline(file, line)) {
        return std::nullopt;
    }
    return line;
}

std::optional<double> processors(double quota, double period) {
    if (!(quota > 0) || !(period > 0) || quota / period > kMostProcessors) {
        return std::nullopt;
    }
    return quota / period;
}

/// "200000 100000", or "max 100000" without a quota.
std::optional<double> quota_of_version_2(const fs::path& group) {
    const auto line = first_line(group / "cpu.max");
    if (!line) {
        return std::nullopt;
    }
    std::istringstream words(*line);
    double quota = 0;
    double period = 0;
    if (!(words >> quota >> period)) {
        return std::nullopt;
    }
    return processors(quota, period);
}

/// Two files with one number each; the quota is -1 without a limit.
std::optional<double> quota_of_version_1(const fs::path& group) {
    const auto quota = first_line(group / "cpu.cfs_quota_us");
    const auto period = first_line(group / "cpu.cfs_period_us");
    if (!quota || !period) {
        return std::nullopt;
    }
    return processors(std::atof(quota->c_str()), std::atof(period->c_str()));
}

/// The folders of a group and of all groups above it, up to `mount`.
std::vector<fs::path> group_and_above(const fs::path& mount, std::string_view group) {
    std::vector<fs::path> folders{mount};
    fs::path folder = mount;
    for (const fs::path& part : fs::path(group).relative_path()) {
        // A group outside the view of a container is written as /../name.
        if (part.empty() || part == "." || part == "..") {
            continue;
        }
        folder /= part;
        folders.push_back(folder);
    }
    return folders;
}

bool has_word(std::string_view list, std::string_view word) {
    while (!list.empty()) {
        const std::size_t comma = std::min(list.find(','), list.size());
        if (list.substr(0, comma) == word) {
            return true;
        }
        list.remove_prefix(std::min(comma + 1, list.size()));
    }
    return false;
}

}  // namespace

std::optional<int> cpu_quota(std::string_view own_groups, const fs::path& root) {
    std::optional<double> least;
    const auto take = [&least](const std::optional<double>& quota) {
        if (quota && (!least || *quota < *least)) {
            least = quota;
        }
    };
    std::istringstream lines{std::string(own_groups)};
    for (std::string line; std::getline(lines, line);) {
        // HIERARCHY:CONTROLLERS:PATH; the path may contain colons.
        const std::size_t first = line.find(':');
        const std::size_t second = first == line.npos ? line.npos : line.find(':', first + 1);
        if (second == line.npos) {
            continue;
        }
        const std::string controllers = line.substr(first + 1, second - first - 1);
        const std::string group = line.substr(second + 1);
        if (controllers.empty()) {
            for (const fs::path& mount : {root, root / "unified"}) {
                for (const fs::path& folder : group_and_above(mount, group)) {
                    take(quota_of_version_2(folder));
                }
            }
        } else if (has_word(controllers, "cpu")) {
            for (const fs::path& mount :
                 {root / controllers, root / "cpu", root / "cpu,cpuacct", root / "cpuacct,cpu"}) {
                for (const fs::path& folder : group_and_above(mount, group)) {
                    take(quota_of_version_1(folder));
                }
            }
        }
    }
    if (!least) {
        return std::nullopt;
    }
    return std::max(1, static_cast<int>(std::ceil(*least)));
}

std::optional<int> cpu_quota() {
    std::ifstream file("/proc/self/cgroup");
    std::ostringstream text;
    text << file.rdbuf();
    return cpu_quota(text.str(), "/sys/fs/cgroup");
}

}  // namespace embedmask::detail
