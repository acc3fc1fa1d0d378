#include "data/image_files.h"

#include <gtest/gtest.h>

#include "base/input_files.h"
#include "data/recorded_image.h"
#include "image/tiff_files.h"
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
    write("photos/x.avif", "RIFF");
    write("photos/y.TXT", "no image");
    write("photos/README", "");
    write("photos/.DS_Store", "x");
    image("photos/._a.jpg");
    fs::create_directory(path("photos/more"));
    const FoundImages found = find_images({path("photos").string()});
    EXPECT_EQ(names(found), all);
    ASSERT_EQ(found.passed_over.size(), 1U);
    EXPECT_EQ(summary_of(found.passed_over[0]),
              "4 files: 1 without ending, 1 .avif, 2 .txt; 1 folder; 1 hidden file");
}

TEST_F(ImageFiles, OfEveryFormatAreKnownByContent) {
    const std::vector<std::pair<std::string, std::string>> beginnings = {
        {"bmp", std::string("BM\0\0\0\0\0\0\0\0\x36\0\0\0\x28\0\0\0", 18)},
        {"gif", "GIF87a"},
        {"pam", "P7\nWIDTH 3\n"},
        {"pfm", "Pf\n3 2\n"},
        {"pgm", "P5\n# by hand\n"},
        {"png", "\x89PNG\r\n\x1A\n"},
        {"tiff", std::string("II*\0", 4)},
        {"tiff8", std::string("MM\0+", 4)},
        {"webp", "RIFF1234WEBPVP8L"}};
    Names all;
    for (const auto& [name, beginning] : beginnings) {
        write("a/" + name + ".dat", beginning);
        all.push_back(name + ".dat");
    }
    // Words that begin like short marks.
    write("a/words.dat", "BMW builds cars for people.");
    write("a/more.dat", "P5 is a page.");
    write("a/end.dat", "P6 ");
    EXPECT_EQ(names(find_images({path("a").string()})), all);
}

TEST_F(ImageFiles, EveryEndingOfImagesIsReported) {
    Names all;
    for (const char* ending :
         {"BMP", "gif", "pam", "pbm", "pfm", "pgm", "pnm", "ppm", "tif", "tiff", "webp"}) {
        write(std::string("a/notes.") + ending, "no image");
        all.push_back(std::string("notes.") + ending);
    }
    const FoundImages found = find_images({path("a").string()});
    EXPECT_EQ(names(found), all);
    for (const ImageFile& file : found.images) {
        EXPECT_NE(message_of([&] {
                      (void)read_image_file(file);
                  }).find("begins with 6e 6f 20 69 6d 61 67 65, expected a JPEG, PNG, WebP"),
                  std::string::npos);
    }
}

TEST_F(ImageFiles, PagesComeBetweenPathsAndGlobs) {
    const auto pages =
        testing::tiff_file({.pages = 3}, [](int x, int, int, int page) { return 40 * page + x; });
    write("a/s.tif", {pages.begin(), pages.end()});
    const auto found = [&](const std::string& name) { return find_images({path(name).string()}); };
    const auto first_byte = [&](const std::string& name) {
        const FoundImages images = found(name);
        EXPECT_EQ(images.images.size(), 1U);
        const LoadedImage loaded = load_image_file(images.images.at(0));
        EXPECT_EQ(loaded.has_more_pages, !name.ends_with(']'));
        return static_cast<int>(loaded.image.rgb[0]);
    };
    EXPECT_EQ(first_byte("a/s.tif"), 0);
    EXPECT_EQ(first_byte("a/s.tif[0]"), 0);
    EXPECT_EQ(first_byte("a/s.tif[1]"), 40);
    EXPECT_EQ(first_byte("a/s.tif[02]"), 80);
    for (const char* beyond : {"a/s.tif[3]", "a/s.tif[99999999999999]"}) {
        EXPECT_NE(message_of([&] {
                      (void)read_image_file(found(beyond).images[0]);
                  }).find("found 3 pages: expected page "),
                  std::string::npos);
    }
    // A glob is not a page, and a page of a file that is not there is a glob.
    image("a/s.tif7");
    EXPECT_EQ(names(found("a/s.tif[0-9]")), Names{"s.tif7"});
    EXPECT_NE(message_of([&] { (void)found("a/t.tif[1]"); }).find("no file matches"),
              std::string::npos);
    // An existing path goes first.
    image("a/s.tif[1]");
    EXPECT_EQ(first_byte("a/s.tif[2]"), 80);
    const FoundImages existing = found("a/s.tif[1]");
    EXPECT_EQ(read_image_file(existing.images.at(0)).size, (ImageSize{4, 2}));
    // Lists and records name pages, too.
    write("list.txt", path("a/s.tif[2]").string() + "\n");
    EXPECT_EQ(names(find_images({"@" + path("list.txt").string()})), Names{"s.tif[2]"});
    ImageRecord record;
    record.file_name = "s.tif[2]";
    record.width = 19;
    record.height = 13;
    EXPECT_EQ(read_recorded_image(path("a"), record).rgb[0], 80);
    record.file_name = "C:\\lab\\s.tif[2]";
    EXPECT_EQ(read_recorded_image(path("a"), record).rgb[0], 80);
    record.width = 20;
    EXPECT_NE(message_of([&] {
                  (void)read_recorded_image(path("a"), record);
              }).find("the image is 19x13, but the annotation file says 20x13"),
              std::string::npos);
    EXPECT_EQ(remaining_orientation({.path = path("a/s.tif[2]")}), 1);
    EXPECT_THROW((void)remaining_orientation({.path = path("a/s.tif[3]")}), Error);
    detail::InputFiles inputs;
    inputs.add(path("a/s.tif[2]"));
    EXPECT_THROW(inputs.require_other(path("a/s.tif")), Error);
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
    write("photos/a.heic", "no image");
    image("photos/sub/a.jpg");
    EXPECT_NE(message_of([&] {
                  (void)find_images({path("photos").string()});
              }).find("no image in this folder (1 file: 1 .heic; 1 folder)"),
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
