// The share of the processors that a container may use.
#pragma once

#include <filesystem>
#include <optional>
#include <string_view>

namespace embedmask::detail {

/// The CPU quota of a process in processors, rounded up, at least 1; nothing without a quota.
/// `own_groups` is the text of /proc/self/cgroup and `root` the folder where control groups are
/// mounted, /sys/fs/cgroup. Reads `cpu.max` (version 2) and `cpu.cfs_quota_us` (version 1) of the
/// group of the process and of the groups above it; the smallest quota counts. A container often
/// sees its own group as the root of the mount, so the root is read even if the path of the group
/// does not exist there.
std::optional<int> cpu_quota(std::string_view own_groups, const std::filesystem::path& root);

/// The quota of this process.
std::optional<int> cpu_quota();

}  // namespace embedmask::detail
