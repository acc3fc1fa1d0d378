// Exports of Label Studio.
#include "data/formats/label_studio.h"

#include <gtest/gtest.h>

#include "data/formats/label_studio_runs.h"
#include "data/label_import.h"
#include "embedmask/error.h"
#include "render/masks.h"

namespace embedmask {
namespace {

using testing::Counts;
using testing::drawn_mask;
using testing::LabelImport;
using testing::message_of;
using testing::rows_of;

constexpr ImageSize kSize{10, 5};

std::string region(const std::string& type, const std::string& value, const char* label = "cell",
                   const char* id = "Ab3") {
    return R"({"id":")" + std::string(id) + R"(","type":")" + type +
           R"(","from_name":"x","to_name":"image","original_width":10,"original_height":5,"image_rotation":0,"value":{)" +
           value + R"(,")" + type + R"(":[")" + label + R"("]}})";
}

std::string task(const std::string& results,
                 const std::string& image = "/data/upload/3/0a1b2c3d-a.png") {
    return R"({"id":12,"file_upload":"0a1b2c3d-a.png","data":{"image":")" + image +
           R"("},"annotations":[{"id":1,"was_cancelled":false,"result":[)" + results + "]}]}";
}

TEST(LabelStudio, RegionsOfAnExport) {
    const Rle mask =
        drawn_mask({"..........", "..###.....", "..#.#...#.", "..###.....", ".........."});
    const std::string brush =
        R"("format":"rle","rle":)" + nlohmann::json(data::label_studio_runs(mask)).dump();
    LabelImport files;
    files.write(
        "export.json",
        "[" +
            task(
                region("polygonlabels",
                       R"("points":[[10,20],[50,20],[50,80],[10,80]],"closed":true)") +
                "," +
                region("rectanglelabels", R"("x":12.5,"y":10,"width":25,"height":50,"rotation":0)",
                       "edge") +
                "," + region("brushlabels", brush) + "," +
                region("ellipselabels", R"("x":50,"y":50,"radiusX":20,"radiusY":40,"rotation":0)") +
                "," + region("keypointlabels", R"("x":50,"y":50,"width":0.3)") + "," +
                R"({"id":"q","type":"rectangle","value":{"x":0,"y":0,"width":9,"height":9},"original_width":10,"original_height":5},)"
                R"({"id":"c","type":"choices","value":{"choices":["good"]}})") +
            "]");
    const Dataset data = files.import("export.json", LabelFormat::label_studio);
    ASSERT_EQ(data.images.size(), 1U);
    EXPECT_EQ(data.images[0].file_name, "a.png") << "without the prefix of uploads";
    EXPECT_EQ(data.images[0].width, 10);
    ASSERT_EQ(data.annotations.size(), 4U);
    EXPECT_EQ(data.annotations[0].segmentation.polygons,
              (std::vector<std::vector<double>>{{1, 1, 5, 1, 5, 4, 1, 4}}));
    EXPECT_EQ(data.annotations[1].box, (CocoBox{1.25, 0.5, 2.5, 2.5}));
    EXPECT_EQ(data.annotations[1].category_id, 2);
    EXPECT_EQ(to_mask(data.annotations[2].segmentation, 5, 10), mask);
    EXPECT_EQ(rows_of(data.annotations[3], kSize)[2], "...####...");
    EXPECT_EQ(files.report.shapes_left_out,
              (Counts{{"choices", 1}, {"keypointlabels", 1}, {"rectangle without a label", 1}}));
}

// Written by encode_rle of label-studio-converter for the RGBA samples of this mask.
TEST(LabelStudioRuns, AreThoseOfLabelStudio) {
    const Rle mask = drawn_mask({"..##.", ".###.", "##.#.", "....."});
    const std::vector<std::uint8_t> bytes = {0,   0,   0,   80,  57,  27,  252, 224,
                                             19,  255, 206, 1,   111, 254, 48,  9,
                                             255, 227, 0,   143, 255, 11,  128, 0};
    EXPECT_EQ(data::mask_of_label_studio(bytes, {5, 4}), mask);
    EXPECT_EQ(data::mask_of_label_studio(data::label_studio_runs(mask), {5, 4}), mask);
}

TEST(LabelStudioRuns, LongAndShortRunsGoThereAndBack) {
    for (const auto& [width, height] : {std::pair(1, 1), {700, 300}, {3, 9}, {257, 64}}) {
        std::vector<std::uint8_t> bits(static_cast<std::size_t>(width * height));
        for (std::size_t i = 0; i < bits.size(); ++i) {
            bits[i] = i % 97 < 5 || (i > 2000 && i < 60000) ? 1 : 0;
        }
        const Rle mask = encode_rows(bits, height, width);
        EXPECT_EQ(data::mask_of_label_studio(data::label_studio_runs(mask), {width, height}), mask);
    }
}

TEST(LabelStudioRuns, BrokenBitsAreErrors) {
    const Rle mask = drawn_mask({"..##.", ".###.", "##.#.", "....."});
    const std::vector<std::uint8_t> bytes = data::label_studio_runs(mask);
    for (std::size_t size = 0; size + 1 < bytes.size(); ++size) {
        const auto cut = std::span(bytes).first(size);
        EXPECT_THROW((void)data::mask_of_label_studio(cut, {5, 4}), Error) << size;
    }
    EXPECT_NE(message_of([&] {
                  (void)data::mask_of_label_studio(bytes, {5, 5});
              }).find("found brush run lengths of 80 values: expected 100"),
              std::string::npos);
    // A run of 16 values in an image of one pixel.
    const std::vector<std::uint8_t> beyond = {0, 0, 0, 4, 57, 27, 252, 0xBE, 0, 0};
    EXPECT_NE(message_of([&] {
                  (void)data::mask_of_label_studio(beyond, {1, 1});
              }).find("found brush run lengths of more than 4 values"),
              std::string::npos);
}

TEST(LabelStudio, OneAnnotationOfATaskCounts) {
    const std::string box = region("rectanglelabels", R"("x":0,"y":0,"width":50,"height":50)");
    const std::string other = region("rectanglelabels", R"("x":0,"y":0,"width":30,"height":50)");
    LabelImport files;
    files.write("e.json", R"([{"data":{"image":"s3://bucket/plates/a.png?X=1"},"annotations":[
        {"was_cancelled":true,"result":[)" +
                              other + R"(]},{"result":[)" + other + R"(]},
        {"ground_truth":true,"result":[)" +
                              box + R"(]}],"predictions":[{"result":[)" + other + R"(]}]},
        {"data":{"photo":"/data/local-files/?d=set%201/b.png"},"annotations":[],"predictions":[{"result":[)" +
                              box + R"(]}]},
        {"data":{"image":"c.png"},"annotations":[{"result":[]}],"predictions":[{"result":[)" +
                              box + R"(]}]}])");
    const Dataset data = files.import("e.json", LabelFormat::label_studio);
    EXPECT_EQ(data.images.at(0).file_name, "a.png");
    EXPECT_EQ(data.images.at(1).file_name, "set 1/b.png");
    EXPECT_EQ(data.images.at(2).width, 0) << "nothing tells the size";
    ASSERT_EQ(data.annotations.size(), 2U) << "an empty annotation says that there is nothing";
    EXPECT_EQ(data.annotations[0].box, (CocoBox{0, 0, 5, 2.5}));
    EXPECT_EQ(files.report.shapes_left_out, (Counts{{"further annotation of the same task", 1}}));
    EXPECT_EQ(files.report.readings,
              (std::vector<std::string>{
                  "1 image with predictions and no annotation: the predictions are read",
                  "1 image without a size, which no region tells: pass the image folder"}));
}

TEST(LabelStudio, LabelsMayStandInAResultOfTheirOwn) {
    LabelImport files;
    files.write(
        "e.json",
        "[" +
            task(
                R"({"id":"r","type":"rectangle","original_width":10,"original_height":5,"value":{"x":10,"y":0,"width":20,"height":40}},)"
                R"({"id":"r","type":"labels","original_width":10,"original_height":5,"value":{"x":10,"y":0,"width":20,"height":40,"labels":["cell","wet"]}})") +
            "]");
    const Dataset data = files.import("e.json", LabelFormat::label_studio);
    ASSERT_EQ(data.annotations.size(), 1U);
    EXPECT_EQ(data.annotations[0].box, (CocoBox{1, 0, 2, 2}));
    EXPECT_EQ(files.report.shapes_left_out, (Counts{{"further label of the same region", 1}}));
}

TEST(LabelStudio, UploadsAreFoundUnderEitherName) {
    LabelImport files;
    files.write("e.json",
                "[" + task(region("rectanglelabels", R"("x":0,"y":0,"width":9,"height":9)")) + "]");
    files.add_image("images/0a1b2c3d-a.png", kSize);
    EXPECT_EQ(files.import("e.json", LabelFormat::label_studio, "images").images.at(0).file_name,
              "0a1b2c3d-a.png");
    files.add_image("images/a.png", kSize);
    EXPECT_EQ(files.import("e.json", LabelFormat::label_studio, "images").images.at(0).file_name,
              "a.png");
}

TEST(LabelStudio, MalformedFilesAreNamed) {
    LabelImport files;
    const auto says = [&](const std::string& text) {
        files.write("e.json", text);
        return files.failure("e.json", LabelFormat::label_studio);
    };
    const std::map<std::string, std::string> regions = {
        {region("polygonlabels", R"("points":[[10,20],[100.5,20],[50,80]])"),
         "found the coordinate 100.5: expected per cent, 0 to 100"},
        {region("polygonlabels", R"("points":[[10,20],[-5,20],[50,80]])"),
         "found the coordinate -5"},
        {region("polygonlabels", R"("points":[[10,20],[5,20]])"), "found a polygon with 2 points"},
        {region("polygonlabels", R"("points":[[10,20],[5],[50,80]])"), "found the point [5]"},
        {region("polygonlabels", R"("points":[[10,"a"],[5,1],[50,80]])"),
         "found \"a\": expected a number"},
        {region("rectanglelabels", R"("x":250,"y":10,"width":25,"height":50)"),
         "found the coordinate 250"},
        {region("rectanglelabels", R"("x":50,"y":10,"width":80,"height":50)"),
         "found the coordinate 130"},
        {region("rectanglelabels", R"("x":"1","y":10,"width":25,"height":50)"),
         "expected a number"},
        {region("brushlabels", R"("format":"rle","rle":[0,0,0])"), "that end after 3 bytes"},
        {region("brushlabels", R"("format":"rle","rle":[0,0,300])"), "found 300 in \"rle\""},
        {region("brushlabels", R"("format":"rle","rle":[255,255,255,255,57,27,252])"),
         "of 4294967295 values"},
    };
    for (const auto& [region, part] : regions) {
        const std::string message = says("[" + task(region) + "]");
        EXPECT_NE(message.find(part), std::string::npos) << region << "\n" << message;
        EXPECT_TRUE(message.starts_with("e.json, task 0, byte 1, result 0: ")) << message;
    }
    EXPECT_NE(says("{}").find("expected a list of tasks"), std::string::npos);
    EXPECT_NE(says("[]").find("found no task"), std::string::npos);
    EXPECT_NE(says("[{\"image\":\"a.png\",\"label\":[]}]").find("found no \"data\""),
              std::string::npos);
    EXPECT_NE(says("[{\"data\":{\"text\":\"hello\"}}]").find("found no image"), std::string::npos);
    EXPECT_NE(
        says("[" + task("") + "," + task("") + "]").find("lists the image 0a1b2c3d-a.png twice"),
        std::string::npos);
    EXPECT_NE(says("[{\"data\":").find("byte"), std::string::npos);
    EXPECT_NE(says("[{\"data\":nul}]").find("malformed JSON"), std::string::npos);
}

TEST(LabelStudio, AddressesOfImages) {
    using data::label_studio_file_name;
    EXPECT_EQ(label_studio_file_name("/data/local-files/?d=a/b%2Bc.png"), "a/b+c.png");
    EXPECT_EQ(label_studio_file_name("/data/upload/1/1234abcd-x-y.png"), "x-y.png");
    EXPECT_EQ(label_studio_file_name("/data/upload/1/notahexa-x.png"), "notahexa-x.png");
    EXPECT_EQ(label_studio_file_name("https://host/p/x%20y.png?token=a/b"), "x y.png");
    EXPECT_EQ(label_studio_file_name("plain/1234abcd-x%20.png"), "plain/1234abcd-x%20.png");
    EXPECT_EQ(label_studio_file_name(""), "");
}

TEST(LabelStudio, OnlyLabelsAreCategories) {
    LabelImport files;
    const std::string box =
        region("rectanglelabels", R"("x":0,"y":0,"width":50,"height":50)", "car", "r");
    files.write(
        "e.json",
        "[" +
            task(
                box + "," +
                R"({"id":"r","type":"choices","to_name":"image","original_width":10,"original_height":5,)"
                R"("value":{"x":0,"y":0,"width":50,"height":50,"choices":["blurry"]}})") +
            "]");
    const Dataset data = files.import("e.json", LabelFormat::label_studio);
    EXPECT_EQ(data.annotations.size(), 1U);
    EXPECT_EQ(data.categories.size(), 1U);
    EXPECT_EQ(files.report.shapes_left_out, (Counts{{"choices", 1}}));
}

TEST(LabelStudio, RegionsOfOtherImagesAreLeftOut) {
    LabelImport files;
    const std::string box = region("rectanglelabels", R"("x":0,"y":0,"width":50,"height":50)");
    std::string back = box;
    back.replace(back.find("\"to_name\":\"image\""), 17, "\"to_name\":\"back\"");
    std::string page = box;
    page.insert(page.size() - 1, ",\"item_index\":2");
    files.write("e.json", "[" + task(back + "," + box + "," + page) + "]");
    EXPECT_EQ(files.import("e.json", LabelFormat::label_studio).annotations.size(), 1U);
    EXPECT_EQ(files.report.shapes_left_out, (Counts{{"region of another image", 2}}));
}

TEST(LabelStudio, UploadsOfOneNameKeepTheirPrefix) {
    LabelImport files;
    const std::string box = region("rectanglelabels", R"("x":0,"y":0,"width":50,"height":50)");
    files.write("e.json", "[" + task(box, "/data/upload/3/0a1b2c3d-a.png") + "," +
                              task(box, "/data/upload/3/1a1b2c3d-a.png") + "," +
                              task(box, "s3://bucket/x/b.png") + "," +
                              task(box, "s3://bucket/y/b.png") + "]");
    const Dataset data = files.import("e.json", LabelFormat::label_studio);
    ASSERT_EQ(data.images.size(), 4U);
    EXPECT_EQ(data.images[1].file_name, "1a1b2c3d-a.png");
    EXPECT_EQ(data.images[3].file_name, "y/b.png");
}

TEST(LabelStudio, SizesMayComeFromTheImages) {
    LabelImport files;
    files.write("classes.txt", "of\nanother\nfile\n");
    files.write("e.json", R"([{"data":{"image":"a.png"},"annotations":[{"result":[
        {"type":"rectanglelabels","to_name":"image","value":{"x":10,"y":0,"width":50,"height":40,"rectanglelabels":["cell"]}}]}]}])");
    EXPECT_EQ(files.failure("e.json", LabelFormat::label_studio),
              "e.json, task 0, byte 1, result 0: nothing tells the size of the image: expected "
              "\"original_width\" and \"original_height\"");
    files.add_image("images/a.png", kSize);
    EXPECT_EQ(files.import("e.json", LabelFormat::label_studio, "images").annotations.at(0).box,
              (CocoBox{1, 0, 5, 2}));
    files.write("e.json", "[" + task("") + "]");
    EXPECT_EQ(files.import("e.json", LabelFormat::label_studio).images.at(0).width, 0);
    EXPECT_EQ(files.report.readings.at(0),
              "1 image without a size, which no region tells: pass the image folder");
}

}  // namespace
}  // namespace embedmask
