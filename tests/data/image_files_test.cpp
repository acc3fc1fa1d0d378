#include "data/image_files.h"

#include <gtest/gtest.h>

#include "test_data.h"

namespace embedmask::data {
namespace {

namespace fs = std::filesystem;
using testing::message_of;

class ImageFiles : public ::testing::Test {
protected:
    void SetUp() override {
        const auto jpeg = encode_jpeg({{4, 2}, std::vector<std::uint8_t>(24, 90)});
        image_.assign(jpeg.begin(), jpeg.end());
    }

    [[nodiscard]] fs::path path(const std::string& name) const { return folder_.path() / name; }
    void write(const std::string& name, const std::string& text) const {
        fs::create_directories(path(name).parent_path());
        std::ofstream(path(name), std::ios::binary) << text;
    }
    void image(const std::string& name) const { write(name, image_); }

    static std::vector<std::string> names(const FoundImages& found) {
        std::vector<std::string> names;
        for (const ImageFile& file : found.images) {
            names.push_back(file.path.filename().string());
        }
        return names;
    }

    testing::TemporaryFolder folder_;
    std::string image_;
};

using Names = std::vector<std::string>;

TEST_F(ImageFiles, AreKnownByEndingOrContent) {
    const Names all = {"a.JPG", "b.jpeg",  "c.jfif", "d.jpe", "e.MPO", "f.jfi",
                       "g.jif", "h.pjpeg", "i.png",  "j.dat", "k"};
    for (const std::string& name : all) {
        image("photos/" + name);
    }
    write("photos/notes.txt", "no image");
    write("photos/x.webp", "RIFF");
    write("photos/y.TXT", "no image");
    write("photos/README", "");
    write("photos/.DS_Store", "x");
    image("photos/._a.jpg");
    fs::create_directory(path("photos/more"));
    const FoundImages found = find_images({path("photos").string()});
    EXPECT_EQ(names(found), all);
    ASSERT_EQ(found.passed_over.size(), 1U);
    EXPECT_EQ(summary_of(found.passed_over[0]),
              "4 files: 1 without ending, 2 .txt, 1 .webp; 1 folder; 1 hidden file");
}

TEST_F(ImageFiles, OnePathNeverEndsTheRun) {
    image("photos/a.jpg");
    image("photos/z.jpg");
    fs::create_symlink("loop.jpg", path("photos/loop.jpg"));
    fs::create_symlink("nothing.png", path("photos/broken.png"));
    const FoundImages found = find_images({path("photos").string(), std::string(300, 'a') + ".jpg",
                                           path("nothing").string(), "@" + path("no list").string(),
                                           path("none*.jpg").string()});
    EXPECT_EQ(names(found), (Names{"a.jpg", "broken.png", "loop.jpg", "z.jpg",
                                   std::string(300, 'a') + ".jpg", "nothing"}));
    EXPECT_THROW((void)read_image_file(found.images[2]), Error);
    EXPECT_THROW((void)read_image_file(found.images[4]), Error);
    ASSERT_EQ(found.unusable.size(), 2U);
    EXPECT_NE(std::string(found.unusable[0].what()).find("no list: cannot open"),
              std::string::npos);
    EXPECT_NE(std::string(found.unusable[1].what()).find("no file matches the pattern"),
              std::string::npos);
    EXPECT_NE(message_of([&] {
                  (void)find_images({path("none*.jpg").string()});
              }).find("no file matches"),
              std::string::npos);
}

TEST_F(ImageFiles, FoldersWithoutImagesSayWhatTheyHave) {
    write("photos/a.webp", "RIFF");
    image("photos/sub/a.jpg");
    EXPECT_NE(message_of([&] {
                  (void)find_images({path("photos").string()});
              }).find("no JPEG or PNG file in this folder (1 file: 1 .webp; 1 folder)"),
              std::string::npos);
}

TEST_F(ImageFiles, ListsComeFromEverySystem) {
    image("sub/a.jpg");
    image("b c.jpg");
    write("list.txt", "\xef\xbb\xbf" + path("sub").string() + "\\a.jpg\r\n\r\n  " +
                          path("b c.jpg").string() + " \r\n");
    EXPECT_EQ(names(find_images({"@" + path("list.txt").string()})), (Names{"a.jpg", "b c.jpg"}));
    write("list.txt",
          "\xff\xfe"
          "a");
    EXPECT_NE(message_of([&] {
                  (void)find_images({"@" + path("list.txt").string()});
              }).find("found UTF-16 text"),
              std::string::npos);
    write("list.txt", "\r\n");
    EXPECT_NE(message_of([&] {
                  (void)find_images({"@" + path("list.txt").string()});
              }).find("lists no images"),
              std::string::npos);
}

}  // namespace
}  // namespace embedmask::data
