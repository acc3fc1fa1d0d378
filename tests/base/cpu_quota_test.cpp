#include "base/cpu_quota.h"

#include <gtest/gtest.h>

#include "base/atomic_file.h"
#include "base/parallel.h"
#include "test_data.h"

namespace embedmask {
namespace {

using detail::cpu_quota;

class CpuQuota : public ::testing::Test {
protected:
    void write(const std::string& name, const std::string& text) const {
        const auto path = folder_.path() / name;
        std::filesystem::create_directories(path.parent_path());
        detail::write_file_atomically(path, text);
    }
    [[nodiscard]] std::optional<int> quota(const std::string& own_groups) const {
        return cpu_quota(own_groups, folder_.path());
    }

    testing::TemporaryFolder folder_;
};

TEST_F(CpuQuota, OfVersion2IsRoundedUp) {
    EXPECT_EQ(quota("0::/\n"), std::nullopt) << "no file";
    write("cpu.max", "max 100000\n");
    EXPECT_EQ(quota("0::/\n"), std::nullopt);
    write("cpu.max", "250000 100000\n");
    EXPECT_EQ(quota("0::/\n"), 3);
    write("cpu.max", "10000 100000\n");
    EXPECT_EQ(quota("0::/\n"), 1);
    write("cpu.max", "nonsense\n");
    EXPECT_EQ(quota("0::/\n"), std::nullopt);
}

TEST_F(CpuQuota, TheSmallestOfAllGroupsAboveCounts) {
    write("cpu.max", "800000 100000\n");
    write("jobs/cpu.max", "200000 100000\n");
    write("jobs/run/cpu.max", "max 100000\n");
    EXPECT_EQ(quota("0::/jobs/run\n"), 2);
    EXPECT_EQ(quota("0::/other\n"), 8) << "a container sees its own group as the root";
    EXPECT_EQ(quota("0::/../../jobs\n"), 2);
}

TEST_F(CpuQuota, OfVersion1) {
    write("cpu,cpuacct/docker/abc/cpu.cfs_quota_us", "400000\n");
    write("cpu,cpuacct/docker/abc/cpu.cfs_period_us", "100000\n");
    EXPECT_EQ(quota("5:memory:/docker/abc\n4:cpu,cpuacct:/docker/abc\n"), 4);
    EXPECT_EQ(quota("5:cpuset:/docker/abc\n"), std::nullopt);
    write("cpu/cpu.cfs_quota_us", "-1\n");
    write("cpu/cpu.cfs_period_us", "100000\n");
    EXPECT_EQ(quota("1:cpu:/lxc/abc\n"), std::nullopt);
    write("cpu/cpu.cfs_quota_us", "50000\n");
    EXPECT_EQ(quota("1:cpu:/lxc/abc\n"), 1);
}

TEST_F(CpuQuota, BrokenTextIsNoQuota) {
    for (const char* text : {"", "\n", "0\n", "0:\n", "::::\n", "a:b\n"}) {
        EXPECT_EQ(quota(text), std::nullopt) << text;
    }
    EXPECT_GE(detail::available_processors(), 1);
}

}  // namespace
}  // namespace embedmask
