#include "data/recorded_image.h"

#include <gtest/gtest.h>

#include "data/image_files.h"
#include "embedmask/error.h"
#include "test_data.h"

namespace embedmask::data {
namespace {

ImageRecord record_of(int width, int height) {
    ImageRecord record;
    record.id = 7;
    record.width = width;
    record.height = height;
    record.file_name = "a.png";
    return record;
}

class RecordedImage : public ::testing::Test {
protected:
    void SetUp() override {
        write_png(folder_.path() / "a.png", Image{{4, 3}, std::vector<std::uint8_t>(36, 90)});
    }

    testing::TemporaryFolder folder_;
};

TEST_F(RecordedImage, HasASizeOnlyWhenBothSidesAreRecorded) {
    EXPECT_EQ(recorded_size(record_of(4, 3)), (ImageSize{4, 3}));
    EXPECT_EQ(recorded_size(record_of(0, 0)), std::nullopt);
    EXPECT_EQ(recorded_size(record_of(4, 0)), std::nullopt);
    EXPECT_EQ(recorded_size(record_of(0, 3)), std::nullopt);
    EXPECT_EQ(recorded_size(record_of(-4, 3)), std::nullopt);
}

TEST_F(RecordedImage, IsReadWithoutARecordedSize) {
    EXPECT_EQ(read_recorded_image(folder_.path(), record_of(4, 3)).size, (ImageSize{4, 3}));
    EXPECT_EQ(read_recorded_image(folder_.path(), record_of(0, 0)).size, (ImageSize{4, 3}));
}

TEST_F(RecordedImage, MustFitItsRecordAndTheLimit) {
    EXPECT_THROW((void)read_recorded_image(folder_.path(), record_of(5, 3)), Error);
    EXPECT_THROW((void)read_recorded_image(folder_.path(), record_of(4, 3), {.max_pixels = 11}),
                 Error);
    EXPECT_NO_THROW((void)read_recorded_image(folder_.path(), record_of(4, 3), {.max_pixels = 12}));
}

TEST_F(RecordedImage, MayHaveAPathFromWindows) {
    namespace fs = std::filesystem;
    const fs::path folder = folder_.path();
    const auto image = encode_png({{2, 1}, std::vector<std::uint8_t>(6, 1)});
    fs::create_directories(folder / "train");
    for (const char* name : {"train/b.png", "c.png", "d\\e.png"}) {
        std::ofstream(folder / name)
            .write(reinterpret_cast<const char*>(image.data()),
                   static_cast<std::streamsize>(image.size()));
    }
    EXPECT_EQ(recorded_path(folder, "train\\b.png"), folder / "train/b.png");
    EXPECT_EQ(recorded_path(folder, "d\\e.png"), folder / "d\\e.png") << "a file called so";
    EXPECT_EQ(recorded_path(folder, "..\\..\\media\\c.png"), folder / "c.png");
    EXPECT_EQ(recorded_path(folder, "C:\\data\\c.png"), folder / "c.png");
    EXPECT_EQ(recorded_path(folder, "train\\x.png"), folder / "train/x.png");
    EXPECT_EQ(recorded_path(folder, "..\\secret.png"), folder / "..\\secret.png")
        << "never outside";
}

TEST_F(RecordedImage, FilesOfAnAnnotationFileHaveItsSizes) {
    const auto annotations = folder_.path() / "list.json";
    std::ofstream(annotations) << R"({"images":[
        {"id":9,"file_name":"a.png"},{"id":2,"file_name":"b.png","width":8,"height":6}]})";
    const auto files = annotated_images(annotations, "images");
    ASSERT_EQ(files.size(), 2U);
    EXPECT_EQ(files[0].image_id, 9);
    EXPECT_EQ(files[0].path, "images/a.png");
    EXPECT_EQ(files[0].expected_size, std::nullopt);
    EXPECT_EQ(files[1].expected_size, (ImageSize{8, 6}));
}

}  // namespace
}  // namespace embedmask::data
