#include "base/lines.h"

#include <gtest/gtest.h>

#include "test_data.h"

namespace embedmask::detail {
namespace {

std::vector<std::string> texts_of(std::string_view text) {
    std::vector<std::string> texts;
    for (const Line& line : lines_of(text)) {
        texts.push_back(line.text);
    }
    return texts;
}

using Texts = std::vector<std::string>;

TEST(Lines, EndInAnyWay) {
    for (const char* text :
         {"a\nb c\n", "a\r\nb c\r\n", "a\rb c\r", "a\nb c", "a\r\nb c", " a\t\n\tb c "}) {
        EXPECT_EQ(texts_of(text), (Texts{"a", "b c"})) << text;
    }
    EXPECT_TRUE(lines_of("").empty());
    EXPECT_TRUE(lines_of("\n \r\n\r").empty());
}

TEST(Lines, EmptyOnesCount) {
    const std::vector<Line> lines = lines_of("a\r\n\r\n  \nb\n");
    ASSERT_EQ(lines.size(), 2U);
    EXPECT_EQ(lines[0].number, 1U);
    EXPECT_EQ(lines[1].number, 4U);
}

TEST(Lines, AByteOrderMarkIsNoText) {
    const testing::TemporaryFolder folder;
    const auto path = folder.path() / "list.txt";
    std::ofstream(path, std::ios::binary) << "\xef\xbb\xbf"
                                             "a.jpg\r\n";
    EXPECT_EQ(texts_of(read_text(path)), Texts{"a.jpg"});
    for (const char* mark : {"\xff\xfe", "\xfe\xff"}) {
        std::ofstream(path, std::ios::binary) << mark << "a.jpg";
        const std::string message = testing::message_of([&] { (void)read_text(path); });
        EXPECT_NE(message.find("list.txt: found UTF-16 text: expected UTF-8"), std::string::npos)
            << message;
    }
}

TEST(Lines, LookAlikesAreNoText) {
    const testing::TemporaryFolder folder;
    const auto path = folder.path() / "list.txt";
    for (const auto& [text, what] :
         {std::pair("version https://git-lfs.github.com/spec/v1\n", "is a Git LFS pointer"),
          std::pair("\n  <!DOCTYPE html>", "is a web page"),
          std::pair("\xef\xbb\xbf\r\n<HTML lang=\"en\">", "is a web page")}) {
        std::ofstream(path, std::ios::binary) << text;
        const std::string message = testing::message_of([&] { (void)read_text(path); });
        EXPECT_NE(message.find(std::string("list.txt: ") + what + ": expected a text file"),
                  std::string::npos)
            << message;
    }
    std::ofstream(path, std::ios::binary) << " \n ";
    EXPECT_TRUE(lines_of(read_text(path)).empty());
}

}  // namespace
}  // namespace embedmask::detail
