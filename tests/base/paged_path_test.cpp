#include "base/paged_path.h"

#include <gtest/gtest.h>

#include <fstream>
#include <limits>

#include "test_data.h"

namespace embedmask::detail {
namespace {

TEST(PagedPath, IsAFileUnlessOnlyTheFileBeforeThePageExists) {
    const testing::TemporaryFolder folder;
    const auto path = [&](const std::string& name) { return folder.path() / name; };
    std::ofstream(path("a.tif")) << "a";
    const auto page = [&](const std::string& name) { return paged_path(path(name)).page; };
    EXPECT_EQ(page("a.tif[0]"), 0);
    EXPECT_EQ(page("a.tif[12]"), 12);
    EXPECT_EQ(page("a.tif[99999999999]"), std::numeric_limits<int>::max());
    EXPECT_EQ(paged_path(path("a.tif[12]")).file, path("a.tif"));
    for (const char* name : {"a.tif", "a.tif[]", "a.tif[-1]", "a.tif[+1]", "a.tif[1", "a.tif1]",
                             "a.tif[0-9]", "a.tif[1][2]", "b.tif[1]", "[1]", "a.tif[ 1]"}) {
        EXPECT_EQ(page(name), std::nullopt) << name;
        EXPECT_EQ(paged_path(path(name)).file, path(name));
    }
    EXPECT_EQ(paged_path("[1]").page, std::nullopt);
    EXPECT_EQ(paged_path("").page, std::nullopt);
    // A folder has no pages, and a file of that name goes first.
    std::filesystem::create_directory(path("b"));
    EXPECT_EQ(page("b[1]"), std::nullopt);
    std::ofstream(path("a.tif[1]")) << "b";
    EXPECT_EQ(page("a.tif[1]"), std::nullopt);
    EXPECT_EQ(page("a.tif[1][0]"), 0);
}

}  // namespace
}  // namespace embedmask::detail
