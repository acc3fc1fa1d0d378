#include "base/file.h"
#include "base/atomic_file.h"

#include <gtest/gtest.h>

#include "base/nearest.h"
#include "base/parallel.h"
#include "embedmask/error.h"
#include "test_data.h"

namespace embedmask {
namespace {

std::string text_of(const std::filesystem::path& path) {
    const auto bytes = detail::read_file(path);
    return {bytes.begin(), bytes.end()};
}

TEST(AtomicFile, ReplacesOnlyAtCommit) {
    const testing::TemporaryFolder folder;
    const auto path = folder.path() / "a.txt";
    detail::write_file_atomically(path, "old");
    {
        detail::AtomicFile file(path);
        file.write("new");
        EXPECT_EQ(text_of(path), "old");
    }
    EXPECT_EQ(text_of(path), "old") << "without commit the old content stays";
    detail::write_file_atomically(path, "new");
    EXPECT_EQ(text_of(path), "new");
    const auto entries = std::filesystem::directory_iterator(folder.path());
    EXPECT_EQ(std::distance(begin(entries), end(entries)), 1) << "no temporary file is left";
}

TEST(AtomicFile, UnwritableFolderIsAnErrorThatNamesTheFile) {
    try {
        detail::write_file_atomically("/nonexistent-folder/a.txt", "x");
        FAIL() << "expected an Error";
    } catch (const Error& error) {
        EXPECT_NE(std::string(error.what()).find("/nonexistent-folder/a.txt"), std::string::npos);
    }
}

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
