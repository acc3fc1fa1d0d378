#include "base/paths.h"

#include <gtest/gtest.h>

#include "base/base64.h"
#include "test_data.h"

namespace embedmask::detail {
namespace {

namespace fs = std::filesystem;
using testing::message_of;

TEST(Paths, NamesFromEverySystem) {
    EXPECT_EQ(portable_stem("train/a.jpg"), "a");
    EXPECT_EQ(portable_stem("..\\..\\label-studio\\data\\0a1b-a.jpg"), "0a1b-a");
    EXPECT_EQ(portable_stem("C:\\images/sub\\b.tar.gz"), "b.tar");
    EXPECT_EQ(portable_stem(".hidden.jpg"), ".hidden");
    EXPECT_EQ(portable_stem("..\\..\\x"), "x");
    EXPECT_EQ(portable_name("a\\b.png"), "b.png");
    for (const char* path : {"", "..", "a/..", "a\\..", ".", "a/", "a\\"}) {
        EXPECT_NE(message_of([&] { (void)portable_stem(path); }).find("ends with a file name"),
                  std::string::npos)
            << path;
    }
    EXPECT_EQ(file_word("cup/mug\\glass"), "cup_mug_glass");
}

TEST(Paths, QuestionsNeverThrow) {
    const testing::TemporaryFolder folder;
    const fs::path loop = folder.path() / "loop";
    fs::create_symlink("loop", loop);
    const fs::path broken = folder.path() / "broken";
    fs::create_symlink("nowhere", broken);
    const fs::path longest = folder.path() / std::string(300, 'a');
    for (const fs::path& path : {loop, broken, longest, folder.path() / "nothing"}) {
        EXPECT_FALSE(path_exists(path));
        EXPECT_FALSE(is_folder(path));
        EXPECT_FALSE(is_regular(path));
    }
    EXPECT_TRUE(has_entry(loop));
    EXPECT_TRUE(has_entry(broken));
    EXPECT_FALSE(has_entry(longest));
    EXPECT_EQ(entries_of(folder.path()), (std::vector<fs::path>{broken, loop}));
    EXPECT_THROW((void)entries_of(loop), Error);
}

TEST(Paths, LeadFromOneFolderToAnother) {
    const testing::TemporaryFolder folder;
    const fs::path root = fs::canonical(folder.path());
    fs::create_directories(root / "out" / "labelme");
    fs::create_directories(root / "images");
    std::ofstream(root / "images" / "a.jpg") << "x";
    EXPECT_EQ(path_from(root / "out" / "labelme", root / "images" / "a.jpg"), "../../images/a.jpg");
    EXPECT_EQ(path_from(root / "images", root / "images" / "a.jpg"), "a.jpg");
    // ".." of a linked folder is not where the link is.
    fs::create_symlink(root / "out" / "labelme", root / "link");
    const fs::path path = path_from(root / "link", root / "images" / "a.jpg");
    EXPECT_TRUE(fs::exists(root / "link" / path)) << path;
}

TEST(Paths, BackslashesAreSlashesWhereNothingHasThem) {
    const testing::TemporaryFolder folder;
    const std::string name = (folder.path() / "a\\b.jpg").string();
    EXPECT_EQ(with_slashes(name), folder.path() / "a/b.jpg");
    std::ofstream(name) << "x";
    EXPECT_EQ(with_slashes(name), name) << "a file may be called so";
}

TEST(Base64, IsStrict) {
    EXPECT_EQ(decode_base64(""), std::vector<std::uint8_t>{});
    EXPECT_EQ(decode_base64("TWFu"), (std::vector<std::uint8_t>{'M', 'a', 'n'}));
    EXPECT_EQ(decode_base64("TWE="), (std::vector<std::uint8_t>{'M', 'a'}));
    EXPECT_EQ(decode_base64("TQ=="), (std::vector<std::uint8_t>{'M'}));
    EXPECT_EQ(decode_base64("+/8="), (std::vector<std::uint8_t>{0xFB, 0xFF}));
    for (const char* text : {"TWF", "TW u", "T===", "TWE=TWE=", "TW-_", "=TWE"}) {
        EXPECT_THROW((void)decode_base64(text), Error) << text;
    }
}

}  // namespace
}  // namespace embedmask::detail
