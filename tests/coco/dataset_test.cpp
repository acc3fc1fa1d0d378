#include "embedmask/dataset.h"

#include <gtest/gtest.h>

#include "embedmask/error.h"
#include "embedmask/results.h"
#include "test_data.h"

namespace embedmask {
namespace {

using testing::message_of;
constexpr const char* kFile = R"({"info": {"year": 2026}, "images": [
 {"id": 9007199254740993, "file_name": "b\u00e4.jpg", "width": 4, "height": 3, "license": 1},
 {"id": -2, "file_name": "a.jpg", "width": 2, "height": 5}],
"annotations": [
 {"id": 7, "image_id": -2, "category_id": 90, "bbox": [0, 1.5, 2, 3], "area": 6, "iscrowd": 0,
  "segmentation": [[0, 0, 2, 0, 2, 5, 0, 5]]},
 {"id": 3, "image_id": 9007199254740993, "category_id": 1, "iscrowd": 1,
  "segmentation": {"size": [3, 4], "counts": [5, 7]}},
 {"id": 4, "image_id": -2, "category_id": 1.0, "segmentation": {"size": [3, 4], "counts": "0<"}},
 {"id": 5, "image_id": -2, "category_id": 1, "segmentation": [], "bbox": []}],
"categories": [{"id": 90, "name": "toothbrush", "supercategory": "indoor"}, {"id": 1, "name": "x"}]})";

std::string with(std::string text, const std::string& from, const std::string& to) {
    return text.replace(text.find(from), from.size(), to);
}

std::string failure(const std::string& from, const std::string& to) {
    return message_of([&] { parse_dataset(with(kFile, from, to), "f.json"); });
}

TEST(Dataset, ReadsEveryForm) {
    for (const int threads : {1, 3}) {
        const Dataset data = parse_dataset(kFile, "f.json", {threads, false});
        ASSERT_EQ(data.images.size(), 2U);
        EXPECT_EQ(data.images[0].id, 9007199254740993);
        EXPECT_EQ(data.images[0].file_name, "b\u00e4.jpg");
        const ImageIndex images(data);
        EXPECT_EQ(images.find(-2)->height, 5);
        EXPECT_EQ(images.find(5), nullptr);
        ASSERT_EQ(data.annotations.size(), 4U);
        EXPECT_EQ(area(to_mask(data.annotations[0].segmentation, 5, 2)), 10U);
        EXPECT_EQ(data.annotations[0].box->y, 1.5);
        EXPECT_TRUE(data.annotations[1].crowd);
        EXPECT_FALSE(data.annotations[1].area.has_value());
        EXPECT_EQ(area(data.annotations[1].segmentation.rle), 7U);
        EXPECT_EQ(area(data.annotations[2].segmentation.rle), 12U);
        EXPECT_EQ(data.annotations[2].category_id, 1);
        EXPECT_EQ(data.annotations[3].segmentation.format, Segmentation::Format::none);
        EXPECT_FALSE(data.annotations[3].box.has_value());
        EXPECT_EQ(data.categories[0].name, "toothbrush");
        EXPECT_TRUE(data.has_annotations);
        EXPECT_THROW(to_mask(data.annotations[1].segmentation, 4, 3), Error);
    }
}

TEST(Dataset, WithoutAnnotationsAndWithByteOrderMark) {
    const Dataset data =
        parse_dataset("\xef\xbb\xbf{\"images\":[{\"id\":1}],\"categories\":[]}", "f.json");
    EXPECT_FALSE(data.has_annotations);
    EXPECT_EQ(data.images.size(), 1U);
}

TEST(Dataset, MessagesSayWhere) {
    EXPECT_NE(failure("\"id\": 7", "\"id\": \"7\"").find("annotations[0], byte"),
              std::string::npos);
    EXPECT_NE(
        failure("\"id\": 7", "\"id\": \"7\"").find("found a string: expected a 64-bit integer"),
        std::string::npos);
    EXPECT_NE(failure("\"id\": 7,", "").find("key id: is missing"), std::string::npos);
    EXPECT_NE(failure("[0, 1.5, 2, 3]", "[0, 1.5, 2]").find("[x, y, width, height]"),
              std::string::npos);
    EXPECT_NE(failure("[5, 7]", "[5, 8]").find("exceed 12"), std::string::npos);
    EXPECT_NE(failure("[5, 7]", "[5, -1]").find("run lengths"), std::string::npos);
    EXPECT_NE(failure("\"0<\"", "\"0\"").find("cover only 0"), std::string::npos);
    EXPECT_NE(failure("1.5", "1.5x").find("malformed JSON"), std::string::npos);
    EXPECT_NE(failure("1.5", "NaN").find("NaN"), std::string::npos);
    EXPECT_NE(failure("1.5", "1e999").find("malformed JSON"), std::string::npos);
}

TEST(Dataset, MalformedDocuments) {
    const auto read = [](const std::string& text) {
        return message_of([&] { parse_dataset(text, "f.json"); });
    };
    EXPECT_EQ(read(""), "f.json is empty: expected JSON");
    EXPECT_NE(read("[]").find("found a list"), std::string::npos);
    EXPECT_NE(read("{}").find("\"images\" is missing"), std::string::npos);
    EXPECT_NE(read("{\"images\": 3}").find("byte 11"), std::string::npos);
    EXPECT_NE(read("{\"images\": [{]}").find("byte 13: malformed JSON"), std::string::npos);
    EXPECT_NE(read("{\"images\": [").find("the end of the file"), std::string::npos);
    EXPECT_NE(read("{\"images\": []} x").find("byte 15"), std::string::npos);
    EXPECT_NE(read("{\"ima").find("closing quote"), std::string::npos);
    EXPECT_NE(read("{\"a\": [" + std::string(100, '[')).find("at most 64 levels"),
              std::string::npos);
    EXPECT_NE(read("{\"images\": [5]}").find("expected an object"), std::string::npos);
}

TEST(Dataset, ProblemsCanBeKept) {
    const Dataset data = parse_dataset(with(kFile, "[5, 7]", "[5, 8]"), "f.json", {1, true});
    ASSERT_EQ(data.problems.size(), 1U);
    EXPECT_NE(data.problems[0].find("annotations[1]"), std::string::npos);
    EXPECT_EQ(data.annotations[1].segmentation.format, Segmentation::Format::none);
}

/// Segmentations that no mask can be made of.
const std::vector<std::string> kBroken{"[0, 0, 2, 0, 2, 5, 0, 5]",
                                       "7",
                                       R"("polygon")",
                                       "[[0, 0, null, 0]]",
                                       R"({"size": [3], "counts": [12]})",
                                       R"({"size": [3, 4]})",
                                       R"({"size": [3, 4], "counts": [5, 8]})",
                                       R"({"size": [3, 4], "counts": "ooooooo"})"};

TEST(Dataset, BrokenMasksDoNotMatterWhereBoxesSuffice) {
    const DatasetOptions boxes{.threads = 1, .boxes_suffice = true};
    for (const std::string& broken : kBroken) {
        const std::string file = with(kFile, "[[0, 0, 2, 0, 2, 5, 0, 5]]", broken);
        EXPECT_THROW(parse_dataset(file, "f.json"), Error) << broken;
        const Dataset data = parse_dataset(file, "f.json", boxes);
        ASSERT_EQ(data.problems.size(), 1U) << broken;
        EXPECT_NE(data.problems[0].find("annotations[0]"), std::string::npos);
        EXPECT_EQ(data.annotations[0].segmentation.format, Segmentation::Format::none);
        EXPECT_TRUE(data.annotations[0].box.has_value());
    }
    const std::string without_box = with(kFile, "[5, 7]", "[5, 8]");
    EXPECT_NE(
        message_of([&] { parse_dataset(without_box, "f.json", boxes); }).find("annotations[1]"),
        std::string::npos);
}

TEST(Dataset, KeysOfLvisAreRecognised) {
    EXPECT_FALSE(parse_dataset(kFile, "f.json").federated);
    for (const char* key :
         {R"("neg_category_ids": [1], )", R"("not_exhaustive_category_ids": [], )"}) {
        EXPECT_TRUE(parse_dataset(with(kFile, R"("file_name": "a.jpg")",
                                       std::string(key) + R"("file_name": "a.jpg")"),
                                  "f.json")
                        .federated);
    }
    EXPECT_TRUE(
        parse_dataset(with(kFile, R"("name": "x")", R"("name": "x", "frequency": "r")"), "f.json")
            .federated);
}

TEST(Dataset, NullIsNoSize) {
    const Dataset data = parse_dataset(with(kFile, R"("width": 2)", R"("width": null)"), "f.json");
    EXPECT_EQ(data.images[1].width, 0);
}

TEST(Results, BrokenMasksDoNotMatterWhereBoxesSuffice) {
    for (const std::string& broken : kBroken) {
        const std::string mask =
            R"([{"image_id":1,"category_id":1,"score":1,"segmentation":)" + broken;
        const std::string with_box = mask + R"(,"bbox":[0,0,1,1]}])";
        EXPECT_THROW(parse_results(with_box, "r.json"), Error) << broken;
        const auto results = parse_results(with_box, "r.json", 1, true);
        EXPECT_EQ(results.at(0).segmentation.format, Segmentation::Format::none);
        EXPECT_THROW(parse_results(mask + "}]", "r.json", 1, true), Error) << broken;
    }
}

TEST(Results, RoundTrip) {
    const testing::TemporaryFolder folder;
    const auto path = folder.path() / "r.json";
    const Rle mask = decompress("0123OM000", 3, 4);
    ResultsWriter writer(path);
    writer.add_box(1, 90, {0.1, 1e-7, 1.0 / 3, 640}, 0.30000000000000004);
    writer.add_mask(-5, 1, mask, 1);
    Rle wide{1, 900, {0, 900}};
    for (std::uint32_t run = 0; run < 40; ++run) {  // some difference gives a backslash
        wide.counts = {run, 1, 900 - run - 1};
        writer.add_mask(2, 1, wide, 0.5);
    }
    writer.commit();
    const auto results = read_results(path);
    ASSERT_EQ(results.size(), 42U);
    EXPECT_EQ(*results[0].box, (CocoBox{0.1, 1e-7, 1.0 / 3, 640}));
    EXPECT_EQ(results[0].score, 0.30000000000000004);
    EXPECT_EQ(results[1].segmentation.rle, mask);
    EXPECT_FALSE(results[1].box.has_value());
    EXPECT_EQ(results[41].segmentation.rle, wide);
    EXPECT_THROW(ResultsWriter(path).add_box(1, 1, {0, 0, 1, 1}, std::nan("")), Error);
}

TEST(Results, EmptyListAndMessages) {
    EXPECT_TRUE(parse_results("[]", "r.json").empty());
    const auto read = [](const std::string& text) {
        return message_of([&] { parse_results(text, "r.json"); });
    };
    EXPECT_NE(read("").find("is empty"), std::string::npos);
    EXPECT_NE(read("{}").find("expected a list of detections"), std::string::npos);
    EXPECT_NE(read(R"([{"image_id":1,"category_id":1,"bbox":[0,0,1,1]}])").find("score"),
              std::string::npos);
    EXPECT_NE(read(R"([{"image_id":1,"category_id":1,"score":1,"bbox":[]}])").find("neither"),
              std::string::npos);
    EXPECT_NE(read(R"([{"image_id":1,"category_id":1,"score":NaN,"bbox":[0,0,1,1]}])").find("NaN"),
              std::string::npos);
}

TEST(Results, UnknownIdsAreAllListed) {
    const Dataset data = parse_dataset(kFile, "f.json");
    std::vector<Result> results(4);
    results[0].image_id = 5;
    results[1].image_id = 6;
    results[2].image_id = -2;
    results[2].category_id = 90;
    results[3].category_id = 77;
    const std::string message = message_of([&] { require_known_ids(data, results, "r.json"); });
    EXPECT_EQ(message,
              "r.json does not match f.json: 3 unknown image ids (0, 5, 6); 2 unknown category "
              "ids (0, 77)");
    const std::string images =
        message_of([&] { require_known_ids(data, results, "r.json", true); });
    EXPECT_EQ(images, "r.json does not match f.json: 3 unknown image ids (0, 5, 6)");
    EXPECT_EQ(message_of([&] {
                  require_known_ids(data, std::span(results).subspan(2, 1), "r.json", true);
              }),
              "no error");
}

TEST(Dataset, RealFiles) {
    const auto folder = testing::shared_data();
    if (folder.empty()) {
        GTEST_SKIP() << testing::kNoSharedData;
    }
    EXPECT_EQ(
        read_dataset(folder / "coco-mini/annotations/instances_train.json").annotations.size(),
        5834U);
    EXPECT_EQ(read_dataset(folder / "penn-fudan/instances_val.json").annotations.size(), 118U);
    EXPECT_EQ(read_dataset(folder / "coco-boxes/instances.json").annotations.size(), 27457U);
    EXPECT_EQ(read_results(folder / "penn-fudan/reference/detections_segm.json").size(), 592U);
}

}  // namespace
}  // namespace embedmask
