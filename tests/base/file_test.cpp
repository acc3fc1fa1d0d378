#include "base/file.h"
#include "base/atomic_file.h"

#include <gtest/gtest.h>

#include "base/nearest.h"
#include "base/parallel.h"
#include "embedmask/error.h"
#include "test_data.h"

namespace embedmask {
namespace {

TEST(ReadFile, FolderAndMissingAndTooLarge) {
    const testing::TemporaryFolder folder;
    EXPECT_THROW(detail::read_file(folder.path()), Error);
    EXPECT_THROW(detail::read_file(folder.path() / "missing"), Error);
    detail::write_file_atomically(folder.path() / "b", "12345");
    EXPECT_THROW(detail::read_file(folder.path() / "b", 4), Error);
    EXPECT_THROW(detail::MappedFile(folder.path() / "missing"), Error);
}

TEST(ParallelFor, RunsEveryItemOnceAndRethrows) {
    for (const int threads : {1, 2, 5}) {
        std::vector<int> count(1000, 0);
        detail::parallel_for(count.size(), threads, [&](std::size_t i) { ++count[i]; });
        EXPECT_EQ(count, std::vector<int>(1000, 1));
        EXPECT_THROW(detail::parallel_for(100, threads,
                                          [](std::size_t i) {
                                              if (i == 42) {
                                                  throw Error("item 42");
                                              }
                                          }),
                     Error);
    }
    detail::parallel_for(0, 4, [](std::size_t) { FAIL(); });
}

TEST(DidYouMean, SuggestsOnlyWhatIsClose) {
    const std::vector<std::string> keys{"solver.lr", "solver.momentum", "embed_dim", "coordconv"};
    const auto fix = [&](const char* word) { return detail::did_you_mean(word, keys, "list"); };
    EXPECT_EQ(fix("solver.rl"), "did you mean \"solver.lr\"?");
    EXPECT_EQ(fix("embeddim"), "did you mean \"embed_dim\"?");
    EXPECT_EQ(fix("coord"), "did you mean \"coordconv\"?") << "the beginning of a word";
    EXPECT_EQ(fix("foo"), "list") << "nothing is close";
    EXPECT_EQ(detail::did_you_mean("x", {}, "list"), "list");
    EXPECT_EQ(detail::nearest("foo", {}), "");
}

}  // namespace
}  // namespace embedmask
