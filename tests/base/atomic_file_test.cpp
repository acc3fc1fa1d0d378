// The writer of every output: what becomes of links, pipes, owners and temporary files.
#include "base/atomic_file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <thread>

#include "base/file.h"
#include "base/output_folder.h"
#include "embedmask/error.h"
#include "test_data.h"

namespace embedmask {
namespace {

namespace fs = std::filesystem;

using testing::message_of;

std::string text_of(const std::filesystem::path& path) {
    const auto bytes = detail::read_file(path);
    return {bytes.begin(), bytes.end()};
}

std::size_t entries_of(const fs::path& folder) {
    return static_cast<std::size_t>(
        std::distance(fs::directory_iterator(folder), fs::directory_iterator()));
}

struct stat status_of(const fs::path& path) {
    struct stat info {};
    EXPECT_EQ(::stat(path.c_str(), &info), 0) << path;
    return info;
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

TEST(AtomicFile, LinksStayLinks) {
    const testing::TemporaryFolder folder;
    const fs::path at = folder.path();
    detail::write_file_atomically(at / "real", "old");
    fs::create_symlink("real", at / "link");
    fs::create_symlink("link", at / "chain");
    fs::create_directory(at / "elsewhere");
    fs::create_symlink("elsewhere/new", at / "dangling");
    detail::write_file_atomically(at / "chain", "new");
    detail::write_file_atomically(at / "dangling", "made");
    EXPECT_TRUE(fs::is_symlink(at / "link") && fs::is_symlink(at / "chain"));
    EXPECT_EQ(text_of(at / "real"), "new");
    EXPECT_TRUE(fs::is_symlink(at / "dangling"));
    EXPECT_EQ(text_of(at / "elsewhere" / "new"), "made");

    fs::create_symlink("b", at / "a");
    fs::create_symlink("a", at / "b");
    EXPECT_NE(message_of([&] {
                  detail::write_file_atomically(at / "a", "x");
              }).find("Too many levels of symbolic links"),
              std::string::npos);
    EXPECT_NE(message_of([&] { detail::write_file_atomically(at, "x"); }).find("is a folder"),
              std::string::npos);
}

TEST(AtomicFile, PipesAndDevicesAreWrittenInto) {
    const testing::TemporaryFolder folder;
    const fs::path pipe = folder.path() / "pipe";
    ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
    std::string received;
    std::thread reader([&] {
        std::ifstream file(pipe);
        received.assign(std::istreambuf_iterator<char>(file), {});
    });
    detail::write_file_atomically(pipe, "through the pipe");
    reader.join();
    EXPECT_EQ(received, "through the pipe");
    EXPECT_TRUE(S_ISFIFO(status_of(pipe).st_mode));
    EXPECT_EQ(entries_of(folder.path()), 1U);

    fs::create_symlink("/dev/null", folder.path() / "null");
    detail::write_file_atomically(folder.path() / "null", "gone");
    EXPECT_TRUE(S_ISCHR(status_of("/dev/null").st_mode));
    EXPECT_TRUE(fs::is_symlink(folder.path() / "null"));
    EXPECT_NE(message_of([] {
                  detail::write_file_atomically("/dev/full", "x");
              }).find("/dev/full: cannot write: No space left on device"),
              std::string::npos);
}

TEST(AtomicFile, DescriptorsOfTheProcessKeepTheirPosition) {
    const testing::TemporaryFolder folder;
    const fs::path path = folder.path() / "out";
    FILE* file = std::fopen(path.c_str(), "w");
    std::fputs("before ", file);
    std::fflush(file);
    const std::string name = "/proc/self/fd/" + std::to_string(::fileno(file));
    fs::create_symlink(name, folder.path() / "link");
    detail::write_file_atomically(folder.path() / "link", "between ");
    std::fputs("after", file);
    std::fclose(file);
    EXPECT_EQ(text_of(path), "before between after");
}

TEST(AtomicFile, ExistingFilesKeepModeAndOwner) {
    const testing::TemporaryFolder folder;
    const fs::path path = folder.path() / "file";
    detail::write_file_atomically(path, "old");
    ASSERT_EQ(::chmod(path.c_str(), 0640), 0);
    const bool root = ::geteuid() == 0;
    if (root) {
        ASSERT_EQ(::chown(path.c_str(), 12, 34), 0);
    }
    detail::write_file_atomically(path, "new");
    EXPECT_EQ(text_of(path), "new");
    EXPECT_EQ(status_of(path).st_mode & 07777, 0640U);
    if (root) {
        EXPECT_EQ(status_of(path).st_uid, 12U);
        EXPECT_EQ(status_of(path).st_gid, 34U);
        return;
    }
    ASSERT_EQ(::chmod(path.c_str(), 0440), 0);
    EXPECT_THROW(detail::write_file_atomically(path, "x"), Error) << "read-only";
    EXPECT_EQ(text_of(path), "new");
}

TEST(AtomicFile, LongNamesLeaveRoomForTheTemporaryFile) {
    const testing::TemporaryFolder folder;
    const fs::path path = folder.path() / std::string(255, 'n');
    detail::write_file_atomically(path, "x");
    EXPECT_EQ(text_of(path), "x");
    EXPECT_EQ(entries_of(folder.path()), 1U);
}

TEST(TemporaryFiles, AreRemovedOnDemand) {
    const testing::TemporaryFolder folder;
    detail::AtomicFile file(folder.path() / "a");
    EXPECT_EQ(entries_of(folder.path()), 1U);
    detail::remove_temporary_files();
    EXPECT_EQ(entries_of(folder.path()), 0U);
}

TEST(InputFiles, AreNoOutputs) {
    const testing::TemporaryFolder folder;
    const fs::path at = folder.path();
    fs::create_directory(at / "images");
    detail::write_file_atomically(at / "ann.json", "{}");
    detail::write_file_atomically(at / "images" / "a.jpg", "x");
    fs::create_symlink("ann.json", at / "link.json");
    fs::create_hard_link(at / "ann.json", at / "hard.json");
    fs::create_symlink("images", at / "linked");
    detail::InputFiles inputs;
    inputs.add(at / "ann.json");
    inputs.add(at / "images");
    inputs.add(at / "missing");
    inputs.add("");
    for (const char* name :
         {"ann.json", "link.json", "hard.json", "linked/a.jpg", "images/../ann.json"}) {
        EXPECT_THROW(inputs.require_other(at / name), Error) << name;
    }
    EXPECT_NO_THROW(inputs.require_other(at / "new.json"));
    EXPECT_NO_THROW(inputs.require_other("/dev/null"));

    detail::NamedOutputs outputs(inputs);
    outputs.add("--json", at / "r.json");
    outputs.add("--csv", "");
    fs::create_symlink("r.json", at / "r.csv");
    EXPECT_NE(message_of([&] { outputs.add("--csv", at / "r.csv"); }).find("--json and of --csv"),
              std::string::npos);
    EXPECT_THROW(outputs.add("--html", at / "link.json"), Error);
}

TEST(OutputFolder, ReplacesOnlyWhatThisProgramWrote) {
    const testing::TemporaryFolder folder;
    const fs::path at = folder.path() / "out";
    const detail::InputFiles none;
    const std::vector<std::string> names{"a.txt", "b.txt"};
    {
        detail::OutputFolder out(at);
        out.require_replaceable(names, none, false);
        EXPECT_FALSE(fs::exists(at)) << "a check creates nothing";
        out.create();
        out.write("a.txt", "first");
        detail::write_file_atomically(out.file("b.txt"), "second");
        out.record("b.txt");
    }
    {
        detail::OutputFolder again(at);
        EXPECT_NO_THROW(again.require_replaceable(names, none, false));
        again.create();
        again.write("a.txt", "changed by this program");
    }
    EXPECT_NO_THROW(detail::OutputFolder(at).require_replaceable(names, none, false));

    detail::write_file_atomically(at / "a.txt", "corrected by hand");
    detail::write_file_atomically(at / "c.txt", "of somebody else");
    const detail::OutputFolder last(at);
    const std::string message = message_of([&] {
        last.require_replaceable({"a.txt", "b.txt", "c.txt"}, none, false);
    });
    EXPECT_NE(message.find("a.txt"), std::string::npos) << message;
    EXPECT_EQ(message.find("b.txt"), std::string::npos) << message;
    EXPECT_NE(message.find("c.txt"), std::string::npos) << message;
    EXPECT_NO_THROW(last.require_replaceable(names, none, true)) << "force";
    const auto text_files = [](const std::string& name) { return name.ends_with(".txt"); };
    EXPECT_THROW(last.require_replaceable(text_files, none, false), Error);

    detail::InputFiles inputs;
    inputs.add(at / "b.txt");
    EXPECT_THROW(last.require_replaceable(names, inputs, true), Error) << "never an input";
}

TEST(OutputFolder, ManifestStaysSmall) {
    const testing::TemporaryFolder folder;
    for (int run = 0; run < 20; ++run) {
        detail::OutputFolder out(folder.path());
        out.create();
        out.write("a.txt", std::to_string(run));
        out.write("new\nline.txt", "x");
    }
    EXPECT_LT(fs::file_size(folder.path() / ".embedmask-files"), 200U);
    const detail::InputFiles none;
    const detail::OutputFolder out(folder.path());
    EXPECT_NO_THROW(out.require_replaceable({"a.txt"}, none, false));
    EXPECT_THROW(out.require_replaceable({"new\nline.txt"}, none, false), Error)
        << "cannot be listed";
}

}  // namespace
}  // namespace embedmask
