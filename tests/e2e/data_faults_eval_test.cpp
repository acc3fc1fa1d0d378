// Data as it comes, through every way of scoring it. The right value of each fault is that of
// pycocotools 2.0.11, or a refusal that says why.
//
// | fault                             | results          | model        | parts      | compare   |
// |-----------------------------------|------------------|--------------|------------|-----------|
// | images without a size             | error, bbox runs | error        | error      |           |
// | masks without pixels              | named, refused   | refused      |            |           |
// | boxes without area, wrong areas   | named            |              |            |           |
// | --max-dets, --area, --iou         | own names        | sweep        | own names  | refused   |
// | other data, no settings           |                  |              |            | warning   |
// | undefined numbers                 |                  |              |            | dash      |
// | broken masks, boxes scored        | run              | run          | run        |           |
// | TIDE differs from the table       | a line           |              |            |           |
// | blanks and repetitions in options | ignored          | ignored      |            |           |
// | annotations that share an id      | a line           | a line       |            |           |
// | LVIS files                        | a line           |              |            |           |
// | unreadable image in --html        | exit code 1      |              |            |           |
// | unknown categories                | --ignore-unknown | the same     | the same   |           |
#include <gtest/gtest.h>

#include "base/atomic_file.h"
#include "base/file.h"
#include "e2e/program.h"
#include "embedmask/image.h"
#include "evaluation/small_coco.h"
#include "test_data.h"

namespace embedmask {
namespace {

using nlohmann::json;
using testing::has;
using testing::kSamples;
using testing::Ran;
using testing::read_json;
using testing::run;

class EvalDataFaults : public ::testing::Test {
protected:
    void SetUp() override {
        truth_ = testing::true_objects();
        found_ = testing::found_objects();
    }

    void write(const std::string& name, const json& content) const {
        detail::write_file_atomically(folder_.path() / name, content.dump());
    }
    [[nodiscard]] std::string path(const std::string& name) const {
        return (folder_.path() / name).string();
    }
    /// `embedmask eval` of both files as they are now.
    [[nodiscard]] Ran eval(const std::string& more) const {
        write("ann.json", truth_);
        write("res.json", found_);
        return run("eval --results " + path("res.json") + " --data " + path("ann.json") + " " +
                   more);
    }
    [[nodiscard]] json report(const std::string& more) const {
        const Ran ran = eval(more + " --json " + path("r.json"));
        EXPECT_EQ(ran.code, 0) << ran.talk;
        return read_json(path("r.json"));
    }
    [[nodiscard]] double box_ap() const { return report("--type bbox")["stats"]["bbox"][0]; }
    void expect_error(const std::string& more, const std::string& message) const {
        const Ran ran = eval(more);
        EXPECT_EQ(ran.code, 1) << more << "\n" << ran.text();
        EXPECT_TRUE(has(ran.talk, message)) << ran.talk;
        EXPECT_TRUE(ran.out.empty()) << ran.out;
    }
    void expect_line(const std::string& more, const std::string& line) const {
        const Ran ran = eval(more);
        EXPECT_EQ(ran.code, 0) << ran.text();
        EXPECT_TRUE(has(ran.talk, path("ann.json") + ": " + line)) << ran.talk;
    }

    testing::TemporaryFolder folder_;
    json truth_;
    json found_;
};

TEST_F(EvalDataFaults, ImagesWithoutASize) {
    for (json& image : truth_["images"]) {
        image.erase("width");
        image.erase("height");
    }
    for (const char* types : {"--type segm", "--type boundary", "--type bbox,segm", ""}) {
        expect_error(types, "image 1 (a.png) has no width and height");
    }
    EXPECT_NEAR(box_ap(), 0.850990, 1e-6);
    truth_["images"][0]["width"] = 64;
    truth_["images"][0]["height"] = 48;
    truth_["images"][1]["width"] = nullptr;
    truth_["images"][1]["height"] = 0;
    expect_error("--type segm", "image 2 (b.png)");
}

TEST_F(EvalDataFaults, MasksWithoutPixels) {
    truth_["annotations"][1]["segmentation"] = json::parse("[[30,10,30,10,30,10]]");
    expect_line("--type segm", "1 of 3 objects have a mask without pixels (annotation 2)");
    EXPECT_FALSE(has(eval("--type bbox").talk, "without pixels"));
    for (json& annotation : truth_["annotations"]) {
        annotation["segmentation"] = json::parse(R"({"size":[48,64],"counts":[3072]})");
    }
    for (const char* types : {"--type segm", "--type boundary", ""}) {
        expect_error(types, "none of the 3 masks has a pixel");
    }
    EXPECT_NEAR(box_ap(), 0.850990, 1e-6);
    for (json& annotation : truth_["annotations"]) {
        annotation["segmentation"] = json::array();
    }
    expect_line("--type segm", "3 of 3 annotations have no mask and count as missed");
}

TEST_F(EvalDataFaults, BoxesWithoutAreaAndWrongAreas) {
    truth_["annotations"][0]["bbox"] = {5, 5, 0, 15};
    truth_["annotations"][2]["bbox"] = {10, 10, 30, -30};
    truth_["annotations"][2]["iscrowd"] = 1;
    expect_line("--type bbox", "2 of 3 objects have a box without area (annotations 1, 3)");
    SetUp();
    truth_["annotations"][0]["area"] = 0;
    truth_["annotations"][1]["area"] = -300;
    truth_["annotations"][2]["area"] = 3000000;
    expect_line("--type bbox", "2 of 3 objects have an area of 0 or less");
    expect_line("--type bbox", "1 of 3 objects have an area above that of their image");
    EXPECT_NEAR(box_ap(), 0.801980, 1e-6);
}

TEST_F(EvalDataFaults, NumbersAreNamedAfterTheSettings) {
    const json content =
        report("--type bbox --max-dets 1,2,100,1000 --csv " + path("r.csv") + " --per-category");
    const json& stats = content["stats"]["bbox"];
    for (const char* name : {"AR1", "AR2", "AR100", "AR1000"}) {
        EXPECT_TRUE(stats.contains(name)) << name;
    }
    EXPECT_EQ(content["settings"]["max_detections"], json({1, 2, 100, 1000}));
    const auto bytes = detail::read_file(path("r.csv"));
    EXPECT_TRUE(has({bytes.begin(), bytes.end()}, "AR1,AR2,AR100,AR1000,ARs"));
    EXPECT_TRUE(report("--type bbox --max-dets 300")["stats"]["bbox"].contains("AR300"));
    EXPECT_FALSE(report("--type bbox --max-dets 300")["stats"]["bbox"].contains("AR100"));
    const Ran ran = eval("--type bbox --iou 0.3 --area tiny=0:350 --per-category");
    for (const char* part : {"AP30", "AP tiny", "area=  tiny", "IoU=0.30 "}) {
        EXPECT_TRUE(has(ran.out, part)) << part << "\n" << ran.out;
    }
    for (const char* part : {"AP50", "APs", "0.50", "-1.000"}) {
        EXPECT_FALSE(has(ran.out, part)) << part << "\n" << ran.out;
    }
}

TEST_F(EvalDataFaults, ComparedReportsNeedTheSameSettings) {
    (void)report("--type bbox");
    std::filesystem::copy_file(path("r.json"), path("a.json"));
    const auto compare = [&] {
        return run("eval --compare " + path("a.json") + " " + path("r.json"));
    };
    for (const char* more : {"--iou 0.3", "--area tiny=0:9", "--max-dets 10", "--class-agnostic"}) {
        (void)report("--type bbox " + std::string(more));
        const Ran ran = compare();
        EXPECT_EQ(ran.code, 1) << ran.text();
        EXPECT_TRUE(has(ran.talk, "expected reports with the same settings")) << ran.talk;
        EXPECT_TRUE(ran.out.empty()) << ran.out;
    }
    // Medium objects are undefined in both, large ones in the first only.
    truth_["annotations"][2]["area"] = 1200;
    found_[0]["score"] = 0.1;
    (void)report("--type bbox");
    const Ran ran = compare();
    EXPECT_EQ(ran.code, 0) << ran.talk;
    EXPECT_TRUE(has(ran.talk, "different data")) << ran.talk;
    EXPECT_TRUE(has(ran.out, "  APl          - ->       -  (undefined)")) << ran.out;
    EXPECT_TRUE(has(ran.out, "(undefined)")) << ran.out;
    EXPECT_FALSE(has(ran.out, "-1.000")) << ran.out;
    json old = read_json(path("a.json"));
    old.erase("settings");
    write("a.json", old);
    EXPECT_TRUE(has(compare().talk, "a.json: no settings in the report"));
}

TEST_F(EvalDataFaults, BoxesNeedNoMasks) {
    for (const char* broken : {"[5,5,25,5,25,20]", "7", R"({"size":[48,64],"counts":[5]})",
                               R"({"size":[4,6],"counts":[24]})", "[[1,1,2,2]]", R"([["x"]])"}) {
        SetUp();
        truth_["annotations"][0]["segmentation"] = json::parse(broken);
        EXPECT_NEAR(box_ap(), 0.850990, 1e-6) << broken;
        found_[1]["segmentation"] = json::parse(broken);
        EXPECT_NEAR(box_ap(), 0.850990, 1e-6) << broken;
    }
    expect_error("--type segm", "segmentation");
    truth_["annotations"][0].erase("bbox");
    expect_error("--type bbox", "segmentation");
}

TEST_F(EvalDataFaults, TideSaysWhyItsNumberIsAnother) {
    truth_["annotations"] = json::array();
    found_ = json::array();
    for (int i = 0; i < 160; ++i) {
        const json box{i % 16 * 4, i / 16 * 4, 4, 4};
        truth_["annotations"].push_back({{"id", i + 1},
                                         {"image_id", 1},
                                         {"category_id", i % 2 + 1},
                                         {"bbox", box},
                                         {"area", 16},
                                         {"iscrowd", 0}});
        found_.push_back({{"image_id", 1},
                          {"category_id", i % 2 + 1},
                          {"bbox", box},
                          {"score", 1 - i / 1000.0}});
    }
    const std::string line =
        "TIDE counts the 100 best detections of an image over all categories "
        "(1 image has more): its AP50 of";
    const Ran ran =
        eval("--type bbox --tide --json " + path("r.json") + " --html " + path("r.html"));
    EXPECT_TRUE(has(ran.out, line)) << ran.out;
    EXPECT_TRUE(has(read_json(path("r.json"))["tide"]["bbox"]["note"].get<std::string>(), line));
    const auto page = detail::read_file(path("r.html"));
    EXPECT_TRUE(has({page.begin(), page.end()}, line));
    found_.erase(found_.begin() + 100, found_.end());
    EXPECT_FALSE(has(eval("--type bbox --tide").out, "TIDE counts"));
    // Never two numbers of one name without a word.
    SetUp();
    for (json& annotation : truth_["annotations"]) {
        annotation["id"] = 1;
    }
    EXPECT_TRUE(has(eval("--type bbox --tide").out, "its AP50 of 100.00 is not the 16.83"));
    SetUp();
    truth_["annotations"].erase(1);
    EXPECT_TRUE(
        has(eval("--type bbox --tide").out,
            "TIDE counts 0 for a category that is detected but has no objects (1 of them)"));
}

TEST_F(EvalDataFaults, BlanksAndRepetitionsInOptions) {
    const json content =
        report(R"(--type "bbox, bbox ,segm" --iou "0.5, 0.75 ,0.5" --area " tiny = 0 : 100" )"
               R"(--area "tiny=0:100" --max-dets "1, 10 ,10")");
    EXPECT_EQ(content["settings"]["types"], json({"bbox", "segm"}));
    EXPECT_EQ(content["settings"]["iou_thresholds"], json({0.5, 0.75}));
    EXPECT_EQ(content["settings"]["max_detections"], json({1, 10}));
    EXPECT_EQ(content["settings"]["area_ranges"][1]["name"], "tiny");
    EXPECT_EQ(content["settings"]["area_ranges"].size(), 2U);
    expect_error("--area tiny=0:100 --area tiny=0:200", "two ranges with the name \"tiny\"");
    expect_error("--area tiny=5:1", "expected LOW at most HIGH");
    expect_error("--area =5:10", "expected NAME=LOW:HIGH");
    const Ran twice = eval("--results " + path("res.json"));
    EXPECT_EQ(twice.code, 2);
    EXPECT_TRUE(has(twice.talk, "found a file twice")) << twice.talk;
    EXPECT_EQ(report("--iou \"0.5 : 0.95 : 0.05\"")["settings"]["iou_thresholds"].size(), 10U);
}

TEST_F(EvalDataFaults, AnnotationsThatShareAnId) {
    for (json& annotation : truth_["annotations"]) {
        annotation["id"] = 1;
    }
    expect_line("--type bbox", "3 annotations share an id (id 1): as in pycocotools");
    EXPECT_NEAR(box_ap(), 0.100990, 1e-6);
}

TEST_F(EvalDataFaults, FilesOfLvisAreRecognised) {
    EXPECT_FALSE(has(eval("").talk, "LVIS"));
    truth_["images"][0]["neg_category_ids"] = {2};
    for (json& annotation : truth_["annotations"]) {
        annotation.erase("iscrowd");
    }
    expect_line("--type bbox", "has keys of LVIS, but this AP is not LVIS AP");
    EXPECT_NEAR(box_ap(), 0.850990, 1e-6);
}

TEST_F(EvalDataFaults, AnUnreadableImageDoesNotEndTheReport) {
    Image image;
    image.size = {64, 48};
    image.rgb.assign(std::size_t{64} * 48 * 3, 90);
    write_png(folder_.path() / "a.png", image);
    detail::write_file_atomically(folder_.path() / "b.png", "no image");
    for (int run_of = 0; run_of < 3; ++run_of) {
        const Ran ran = eval("--type bbox --html " + path("r.html") + " --json " + path("r.json") +
                             " --csv " + path("r.csv") + " --images " + folder_.path().string());
        EXPECT_EQ(ran.code, 1);
        EXPECT_TRUE(has(ran.talk, "b.png")) << ran.talk;
        EXPECT_TRUE(has(ran.out, "= 0.851")) << ran.out;
        for (const char* file : {"r.html", "r.json", "r.csv"}) {
            EXPECT_TRUE(std::filesystem::remove(path(file))) << file;
        }
        std::filesystem::remove(path("b.png"));
        if (run_of == 0) {
            std::filesystem::create_symlink("b.png", path("b.png"));
        }
    }
}

TEST_F(EvalDataFaults, UnknownCategoriesAreLeftOutOnRequest) {
    json unknown = found_[0];
    unknown["category_id"] = 77;
    unknown["score"] = 1;
    found_.insert(found_.begin(), unknown);
    expect_error("--type bbox", "1 unknown category ids (77)");
    EXPECT_TRUE(has(eval("--type bbox").talk, "--ignore-unknown"));
    const Ran ran = eval("--type bbox --ignore-unknown --tide --confusion --json " +
                         path("r.json") + " --html " + path("r.html"));
    EXPECT_EQ(ran.code, 0) << ran.talk;
    EXPECT_TRUE(has(ran.talk, "1 detection of categories that")) << ran.talk;
    const json content = read_json(path("r.json"));
    EXPECT_NEAR(content["stats"]["bbox"][0].get<double>(), 0.850990, 1e-6);
    EXPECT_EQ(content["confusion"]["bbox"]["counts"], json({{2, 0, 0}, {0, 1, 0}, {0, 0, 0}}));
    EXPECT_EQ(content["settings"]["ignore_unknown"], true);
    found_[0]["image_id"] = 9;
    expect_error("--type bbox --ignore-unknown", "1 unknown image ids (9)");
}

/// The model of 80 categories on a dataset of one.
TEST_F(EvalDataFaults, AModelWithUnknownCategories) {
    const Image image = read_image(kSamples + "/000000001000.jpg");
    truth_["images"] = {{{"id", 1},
                         {"file_name", "000000001000.jpg"},
                         {"width", image.size.width},
                         {"height", image.size.height}}};
    truth_["categories"] = {{{"id", 1}, {"name", "person"}}};
    truth_["annotations"] = json::parse(R"([
 {"id":1,"image_id":1,"category_id":1,"bbox":[50,50,100,200],"area":20000,"iscrowd":0,
  "segmentation":[[50,50,150,50,150,250,50,250]]},
 {"id":1,"image_id":1,"category_id":1,"bbox":[250,50,100,200],"area":20000,"iscrowd":0,
  "segmentation":[[250,50,350,50,350,250,250,250]]}])");
    write("ann.json", truth_);
    const auto model = [&](const std::string& more) {
        return run("eval coco-nano --short-side 160 --precision fp32 --images " + kSamples +
                   " --data " + path("ann.json") + " " + more);
    };
    EXPECT_EQ(model("").code, 1);
    EXPECT_TRUE(has(model("").talk, "--ignore-unknown"));
    const std::string analysis =
        " --ignore-unknown --tide --confusion --max-dets 1,50 --mask-thresholds \"0.5, 0.6,0.5\"";
    const Ran ran = model("--json " + path("one.json") + analysis);
    ASSERT_EQ(ran.code, 0) << ran.talk;
    EXPECT_TRUE(has(ran.talk, "79 of 80 categories are not in")) << ran.talk;
    EXPECT_TRUE(has(ran.talk, "2 annotations share an id (id 1)")) << ran.talk;
    const json one = read_json(path("one.json"));
    EXPECT_EQ(one["settings"]["model"]["short_side"], 160);
    EXPECT_EQ(one["mask_thresholds"]["segm"].size(), 2U);
    EXPECT_TRUE(one["mask_thresholds"]["segm"][0].contains("AR50"));

    ASSERT_EQ(
        model("--ignore-unknown --mask-thresholds 0.5,0.6 --shard 0/1 --out " + path("p")).code, 0);
    const std::string merge = "eval merge " + path("p/evaluation.shard-0-of-1.json") + " --data " +
                              path("ann.json") + " --json " + path("merged.json");
    EXPECT_EQ(run(merge).code, 1) << "categories that the dataset lacks";
    const Ran merged = run(merge + " --ignore-unknown --tide --confusion --max-dets 1,50");
    ASSERT_EQ(merged.code, 0) << merged.talk;
    EXPECT_EQ(read_json(path("merged.json")), one);
    const Ran boxes = run(merge + " --ignore-unknown --type bbox");
    EXPECT_EQ(boxes.code, 0) << boxes.talk;

    // Without a size, masks are refused before the run and boxes are not.
    truth_["images"][0].erase("width");
    truth_["annotations"][0]["segmentation"] = 7;
    write("ann.json", truth_);
    EXPECT_EQ(model("--ignore-unknown --type bbox").code, 0);
    EXPECT_TRUE(has(model("--ignore-unknown").talk, "segmentation"));
    truth_["annotations"][0]["segmentation"] = json::array();
    write("ann.json", truth_);
    const Ran masks = model("--ignore-unknown");
    EXPECT_EQ(masks.code, 1);
    EXPECT_TRUE(has(masks.talk, "has no width and height")) << masks.talk;
    const Ran part = model("--ignore-unknown --shard 0/1 --out " + path("q"));
    EXPECT_EQ(part.code, 0);
    EXPECT_TRUE(has(part.talk, "can only score boxes (--type bbox)")) << part.talk;
}

}  // namespace
}  // namespace embedmask
