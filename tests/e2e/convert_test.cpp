// data convert: there and back, and what broken labels say.
#include <gtest/gtest.h>

#include <map>

#include "base/atomic_file.h"
#include "e2e/program.h"
#include "embedmask/dataset.h"
#include "embedmask/image.h"

namespace embedmask {
namespace {

using nlohmann::json;
using testing::has;
using testing::Ran;
using testing::read_json;
using testing::run;

constexpr int kSide = 150;  // of the golden images, pixels

class Convert : public ::testing::Test {
protected:
    void SetUp() override {
        std::filesystem::create_directory(images());
        json golden = testing::golden("coco_ap");
        json categories = json::array();
        for (const auto& id : golden["categories"]) {
            categories.push_back({{"id", id}, {"name", "kind " + id.dump()}});
        }
        for (auto& image : golden["images"]) {
            image["file_name"] = image["id"].dump() + ".png";
            write_png(images() / image["file_name"].get<std::string>(),
                      Image{{kSide, kSide}, std::vector<std::uint8_t>(kSide * kSide * 3, 90)});
        }
        data_ = {{"images", golden["images"]},
                 {"categories", categories},
                 {"annotations", golden["annotations"]}};
        write("coco.json", data_.dump());
    }

    [[nodiscard]] std::filesystem::path images() const { return folder_.path() / "images"; }
    [[nodiscard]] std::string path(const std::string& name) const {
        return (folder_.path() / name).string();
    }
    void write(const std::string& name, const std::string& text) const {
        std::filesystem::create_directories(std::filesystem::path(path(name)).parent_path());
        detail::write_file_atomically(path(name), text);
    }

    [[nodiscard]] Ran to(const std::string& format) const {
        return run("data convert " + path("coco.json") + " --to " + format + " --out " +
                   path(format));
    }
    [[nodiscard]] Ran from(const std::string& format) const {
        return run("data convert " + path(format) + " --from " + format + " --images " +
                   images().string() + " --out " + path(format + ".json"));
    }
    void fails(const Ran& ran, const std::string& message) const {
        EXPECT_EQ(ran.code, 1);
        EXPECT_TRUE(has(ran.talk, message)) << ran.talk;
    }

    testing::TemporaryFolder folder_;
    json data_;
};

/// Objects and their pixels by category; crowds, which the formats do not know, are left out.
std::map<std::int64_t, std::pair<std::size_t, std::uint64_t>> sums(const Dataset& data) {
    std::map<std::int64_t, std::pair<std::size_t, std::uint64_t>> result;
    for (const Annotation& annotation : data.annotations) {
        if (annotation.crowd) {
            continue;
        }
        ++result[annotation.category_id].first;
        result[annotation.category_id].second +=
            area(to_mask(annotation.segmentation, kSide, kSide));
    }
    return result;
}

TEST_F(Convert, GoesThereAndBack) {
    const Dataset before = read_dataset(path("coco.json"));
    for (const std::string format : {"labelme", "yolo", "masks", "voc"}) {
        SCOPED_TRACE(format);
        const Ran there = to(format);
        ASSERT_EQ(there.code, 0) << there.talk;
        EXPECT_EQ(has(there.talk, "left out: 6 crowds"), format != "voc") << there.talk;
        const Ran back = from(format);
        ASSERT_EQ(back.code, 0) << back.talk;
        const Dataset after = read_dataset(path(format + ".json"));
        EXPECT_EQ(after.categories, before.categories);
        ASSERT_EQ(after.images.size(), before.images.size());
        const ImageIndex index(after);
        for (const ImageRecord& image : before.images) {
            EXPECT_NE(index.find(image.id), nullptr);
        }
        // VOC images show each pixel once: of overlapping objects only one keeps it.
        if (format == "voc") {
            EXPECT_GT(after.annotations.size(), 10U);
        } else {
            EXPECT_EQ(sums(after), sums(before));
        }
        EXPECT_EQ(
            run("data check " + path(format + ".json") + " --images " + images().string()).code, 0);
    }
}

TEST_F(Convert, LvisGetsFileNamesAndCrowdFlags) {
    write("lvis.json", R"({"info":{"version":"v1"},"images":[
 {"id":7,"coco_url":"http://images.cocodataset.org/train2017/000000000007.jpg","width":50,"height":40,
  "not_exhaustive_category_ids":[2]}],
 "categories":[{"id":2,"name":"aerosol_can","frequency":"c"}],
 "annotations":[{"id":5,"image_id":7,"category_id":2,"bbox":[0,0,9,9],"area":81,
  "segmentation":[[0,0,9,0,9,9,0,9]]}]})");
    const Ran ran =
        run("data convert " + path("lvis.json") + " --from lvis --out " + path("out.json"));
    ASSERT_EQ(ran.code, 0) << ran.talk;
    const json out = read_json(path("out.json"));
    EXPECT_EQ(out["images"][0]["file_name"], "train2017/000000000007.jpg");
    EXPECT_EQ(out["images"][0]["not_exhaustive_category_ids"], json({2}));
    EXPECT_EQ(out["annotations"][0]["iscrowd"], 0);
    EXPECT_EQ(out["categories"][0]["frequency"], "c");
    EXPECT_EQ(out["info"]["version"], "v1");
    EXPECT_EQ(read_dataset(path("out.json")).annotations.at(0).id, 5);

    write("bad.json", R"({"images":[{"id":7}],"categories":[],"annotations":[]})");
    fails(run("data convert " + path("bad.json") + " --from lvis --out " + path("out.json")),
          "image 7 has neither file_name nor coco_url");
}

TEST_F(Convert, BrokenLabelmeFilesAreNamed) {
    const std::string file = "labelme/1.json";
    const auto shape = [](const std::string& points, const std::string& more = "") {
        return R"({"shapes":[{"label":"kind 3","points":)" + points + more + "}]}";
    };
    const auto says = [&](const std::string& text, const std::string& message) {
        write(file, text);
        const Ran ran = from("labelme");
        fails(ran, message);
        EXPECT_TRUE(has(ran.talk, "1.json")) << ran.talk;
    };
    says(R"({"shapes":[)", "malformed JSON at byte 12");
    says("[]", "not a labelme file");
    says(R"({"shapes":[{"label":"x"}]})", "key 'points' not found");
    says(shape(R"([[1,2],[3],[4,5]])"), "not a labelme file");
    says(shape("[[1,2],[3,4]]"), "found a polygon with 2 points: expected at least 3");
    says(shape("[[1,2]]", R"(,"shape_type":"circle")"), "found a circle with 1 point: expected 2");
    says(shape("[[0,0],[9,0],[1e300,9]]"), "expected");
    says(R"({"imageWidth":9,"imageHeight":150,"shapes":[]})",
         "labelled on an image of 9x150, but the image with this name is 150x150");
    write("labelme/classes.txt", "kind 1\nkind 3\n");
    says(R"({"shapes":[{"label":"kind3","points":[[0,0],[9,0],[9,9]]}]})",
         "category \"kind3\" is not listed in");
    EXPECT_TRUE(has(from("labelme").talk, "did you mean \"kind 3\"?"));
    write("labelme/categories.json", R"([{"id":"x"}])");
    fails(from("labelme"), "expected a list of");
    std::filesystem::remove(path("labelme/categories.json"));
    write(file,
          R"({"shapes":[{"label":"kind 3","shape_type":"rectangle","points":[[2,3],[9,8]]}]})");
    ASSERT_EQ(from("labelme").code, 0);
    EXPECT_EQ(read_json(path("labelme.json"))["annotations"][0]["bbox"],
              json({2.0, 3.0, 7.0, 5.0}));
    std::filesystem::rename(path(file), path("labelme/nobody.json"));
    fails(from("labelme"), "no image in the image folder is named nobody");
    EXPECT_TRUE(
        has(run("data convert x --from labelme --out y").talk, "set --images to the image folder"));
    fails(run("data convert " + path("nowhere") + " --from labelme --images " + images().string() +
              " --out " + path("x.json")),
          "nowhere");
}

TEST_F(Convert, BrokenYoloLinesAreNumbered) {
    write("yolo/classes.txt", "cat\r\ndog\n");
    const auto says = [&](const std::string& line, const std::string& message) {
        write("yolo/1.txt", "1 0 0 0.5 0 0.5 0.5\n\n" + line + "\n");
        const Ran ran = from("yolo");
        fails(ran, message);
        EXPECT_TRUE(has(ran.talk, "1.txt, line 3")) << ran.talk;
    };
    says("0 0 0 0.5 0 0.5 0.5 0.5", "found 7 numbers after the class: expected x y pairs");
    says("0 0.1 0.2 0.3 0.4", "at least three");
    says("0 0 0 0.5 0 0.5 half", "found \"half\": expected a number");
    says("0 0 0 75 0 75 75", "found 75: expected coordinates from 0 to 1");
    says("0 0 0 nan 0 0.5 0.5", "expected coordinates from 0 to 1");
    says("0.5 0 0 0.5 0 0.5 0.5", "expected a class index first");
    says("1e300 0 0 0.5 0 0.5 0.5", "expected a class index first");
    says("cat 0 0 0.5 0 0.5 0.5", "found \"cat\"");
    says("2 0 0 0.5 0 0.5 0.5", "found class 2: expected one of the 2");
    says("-1 0 0 0.5 0 0.5 0.5", "found class -1");
    write("yolo/1.txt", "1 0 0 0.5 0 0.5 0.5\n");
    ASSERT_EQ(from("yolo").code, 0);
    EXPECT_EQ(read_json(path("yolo.json"))["categories"][1]["name"], "dog");
    EXPECT_EQ(read_json(path("yolo.json"))["annotations"][0]["category_id"], 2);
    write("yolo/99.txt", "");
    fails(from("yolo"), "no image in the image folder is named 99");
}

TEST_F(Convert, BrokenImagesAreNamed) {
    const auto image = [&](const std::string& name, int width, std::uint8_t gray) {
        std::filesystem::create_directories(std::filesystem::path(path(name)).parent_path());
        write_png(path(name),
                  Image{{width, kSide}, std::vector<std::uint8_t>(3ULL * width * kSide, gray)});
    };
    write("voc/classes.txt", "cat\n");
    image("voc/SegmentationObject/1.png", 70, 1);
    fails(from("voc"), "70x150");
    image("voc/SegmentationObject/1.png", kSide, 128);
    fails(from("voc"), "SegmentationClass/1.png");
    image("voc/SegmentationClass/1.png", kSide, 0);
    fails(from("voc"), "has no class in SegmentationClass");
    image("voc/SegmentationClass/1.png", kSide, 128);
    fails(from("voc"), "expected one of the 1 listed in");
    image("voc/SegmentationClass/1.png", kSide, 9);
    fails(from("voc"), "pixel (0, 0): found the colour (9, 9, 9), which VOC does not have");
    image("masks/1.png", kSide, 255);
    fails(from("masks"), "found a colour image: expected an id map");
    std::filesystem::rename(path("masks/1.png"), path("masks/1-3.png"));
    fails(from("masks"), "expected a name like IMAGE-OBJECT-CATEGORYID.png");
    std::filesystem::rename(path("masks/1-3.png"), path("masks/1-1-3.png"));
    ASSERT_EQ(from("masks").code, 0);
    EXPECT_EQ(read_json(path("masks.json"))["categories"][0]["id"], 3);
    write("masks/classes.txt", "cat\n");
    fails(from("masks"), "category id 3 is not listed in");
}

TEST_F(Convert, ExportsOnlyWhatTheFormCanSay) {
    const auto with = [&](const std::string& pointer, const json& value,
                          const std::string& format) {
        json changed = data_;
        changed[json::json_pointer(pointer)] = value;
        write("coco.json", changed.dump());
        return to(format);
    };
    fails(with("/categories/1/name", "kind 1", "labelme"), "duplicate category name \"kind 1\"");
    EXPECT_EQ(with("/categories/1/name", "kind 1", "yolo").code, 0);
    fails(with("/images/1/file_name", "sub/" + data_["images"][0]["file_name"].get<std::string>(),
               "yolo"),
          "another image is also named");
    fails(with("/annotations/0/category_id", 77, "masks"), "has category 77");
    fails(with("/images/0/width", 0, "masks"), "has no width and height");
    EXPECT_TRUE(has(with("/annotations/0/segmentation", json::array(), "masks").talk,
                    "1 object without a mask"));
    EXPECT_EQ(run("data convert " + path("coco.json") + " --out x").code, 2);
    EXPECT_EQ(run("data convert a --to yolo --from voc --out x").code, 2);
}

}  // namespace
}  // namespace embedmask
