// The verbs eval and data as people use them.
#include <gtest/gtest.h>

#include "base/atomic_file.h"
#include "e2e/program.h"
#include "embedmask/dataset.h"
#include "embedmask/image.h"
#include "test_data.h"

namespace embedmask {
namespace {

using nlohmann::json;

using testing::has;
using testing::Ran;
using testing::read_json;
using testing::run;

class Verbs : public ::testing::Test {
protected:
    void SetUp() override {
        json golden = testing::golden("coco_ap");
        json categories = json::array();
        for (const auto& id : golden["categories"]) {
            categories.push_back({{"id", id}, {"name", "kind " + std::to_string(id.get<int>())}});
        }
        write("gt.json", {{"info", {{"year", 2026}}},
                          {"images", golden["images"]},
                          {"categories", categories},
                          {"annotations", golden["annotations"]}});
        json results = json::array();
        for (const auto& item : golden["detections"]) {
            results.push_back({{"image_id", item["image_id"]},
                               {"category_id", item["category_id"]},
                               {"score", item["score"]},
                               {"segmentation", {{"size", {150, 150}}, {"counts", item["rle"]}}}});
        }
        write("dt.json", results);
    }

    void write(const std::string& name, const json& content) const {
        detail::write_file_atomically(folder_.path() / name, content.dump());
    }
    [[nodiscard]] std::string path(const std::string& name) const {
        return (folder_.path() / name).string();
    }

    testing::TemporaryFolder folder_;
};

TEST_F(Verbs, EvalReportsTheGoldenNumbers) {
    const Ran ran = run("eval --results " + path("dt.json") + " --data " + path("gt.json") +
                        " --type segm --type boundary --per-category --tide --json " +
                        path("r.json") + " --csv " + path("r.csv") + " --html " + path("r.html"));
    ASSERT_EQ(ran.code, 0) << ran.text();
    EXPECT_TRUE(has(ran.text(), "area=   all | maxDets=100 ] = 0.262")) << ran.text();
    const json report = read_json(path("r.json"));
    const json expected = testing::golden("coco_ap")["stats_segm"];
    for (std::size_t i = 0; i < 12; ++i) {
        EXPECT_NEAR(report["stats"]["segm"][i].get<double>(), expected[i].get<double>(), 1e-14);
    }
    EXPECT_EQ(report["per_category"]["segm"].size(), 2U);
    EXPECT_EQ(report["per_category"]["segm"][1]["name"], "kind 3");
    for (const char* key : {"id", "AP", "AP50", "AP75", "APs", "APm", "APl", "AR1", "AR10", "AR100",
                            "ARs", "ARm", "ARl"}) {
        EXPECT_TRUE(report["per_category"]["segm"][0].contains(key)) << key;
    }
    EXPECT_LT(report["stats"]["boundary"][0], report["stats"]["segm"][0]);
    EXPECT_TRUE(std::filesystem::exists(path("r.html")));
    const Ran compared = run("eval --compare " + path("r.json") + " " + path("r.json"));
    EXPECT_EQ(compared.code, 0);
    EXPECT_TRUE(has(compared.text(), "(+0.000)")) << compared.text();
}

TEST_F(Verbs, EvalNamesWhatIsWrong) {
    const auto fails = [&](const std::string& results, const std::string& message) {
        detail::write_file_atomically(path("bad.json"), results);
        const Ran ran = run("eval --data " + path("gt.json") + " --results " + path("bad.json"));
        EXPECT_EQ(ran.code, 1) << results;
        EXPECT_TRUE(has(ran.talk, "bad.json")) << ran.talk;
        EXPECT_TRUE(has(ran.talk, message)) << ran.talk;
        EXPECT_TRUE(ran.out.empty()) << ran.out;
    };
    const std::string id = read_json(path("gt.json"))["images"][0]["id"].dump();
    const auto record = [&](const std::string& rest) {
        return R"([{"image_id":)" + id + R"(,"category_id":1,)" + rest + "}]";
    };
    const auto mask = [&](const std::string& segmentation) {
        return record(R"("score":0.5,"segmentation":)" + segmentation);
    };
    // Malformed JSON, with the position.
    fails(R"([{"image_id":1,,}])", "record [0], byte 1: malformed JSON");
    fails(R"([{"image_id":1)", "the end of the file");
    fails("{}", "expected a list of detections");
    // Ids that the dataset does not have, all of them.
    fails(R"([{"image_id":77,"category_id":5,"score":1,"bbox":[0,0,1,1]},
             {"image_id":78,"category_id":1,"score":1,"bbox":[0,0,1,1]}])",
          "2 unknown image ids (77, 78); 1 unknown category ids (5)");
    // Masks of another size than the image, run lengths that do not fit.
    fails(mask(R"({"size":[150,149],"counts":[22350]})"),
          "mask of 150x149 (height x width) for an image of 150x150");
    fails(mask(R"({"size":[150,150],"counts":[22499]})"), "cover only 22499");
    fails(mask(R"({"size":[150,150],"counts":[22501]})"), "exceed 22500");
    fails(mask(R"({"size":[150,150],"counts":"0"})"), "cover only 0");
    fails(mask(R"({"size":[150,150],"counts":"ooooooooo"})"), "35 bits");
    fails(mask(R"({"size":[150,150],"counts":[-5]})"), "run lengths");
    fails(mask("[[1,2,3,4,5,1e300]]"), "expected a number within");
    // Scores that are no numbers.
    fails(record(R"("score":NaN,"bbox":[0,0,1,1])"), "NaN");
    fails(record(R"("score":1e999,"bbox":[0,0,1,1])"), "malformed JSON");
    fails(record(R"("score":"high","bbox":[0,0,1,1])"), "found a string");
    fails(record(R"("score":1)"), "found neither");
    fails("", "is empty");

    write("empty.json", json::array());
    const Ran none = run("eval --data " + path("gt.json") + " --results " + path("empty.json"));
    EXPECT_EQ(none.code, 0);
    EXPECT_TRUE(has(none.out, "maxDets=100 ] = 0.000"));
    const Ran missing = run("eval --data " + path("gt.json") + " --results " + path("no.json"));
    EXPECT_EQ(missing.code, 1);
    EXPECT_TRUE(has(missing.talk, "no.json")) << missing.talk;
    EXPECT_EQ(run("eval").code, 2);
    EXPECT_TRUE(has(run("eval --compare " + path("gt.json") + " " + path("gt.json")).talk,
                    "expected an evaluation report"));
    const auto option = [&](const std::string& flags) {
        const Ran ran = run("eval " + flags + " --data " + path("gt.json") + " --results " +
                            path("empty.json"));
        EXPECT_EQ(ran.code, 1) << flags;
        return ran.talk;
    };
    EXPECT_TRUE(has(option("--iou 0.5,x"), "--iou: found \"x\": expected a number"));
    EXPECT_TRUE(has(option("--iou 1.5"), "expected 0 to 1"));
    EXPECT_TRUE(has(option("--area tiny"), "expected NAME=LOW:HIGH"));
    EXPECT_TRUE(has(option("--max-dets 100,1"), "expected an ascending list"));
}

TEST_F(Verbs, DataCheckFindsAndFixes) {
    write("bad.json", json::parse(R"({"images":[
 {"id":1,"width":50,"height":40,"file_name":"a.jpg"},{"id":1,"width":50,"height":40,"file_name":"b.jpg"}],
 "categories":[{"id":1,"name":"x"},{"id":2,"name":"x"},{"id":2,"name":"y"}],
 "annotations":[
 {"id":0,"image_id":1,"category_id":1,"bbox":[0,0,9,9],"area":81,"segmentation":[[0,0,9,0,9,9,0,9]],"note":"kept"},
 {"id":4,"image_id":1,"category_id":1,"bbox":[0,0,9,9],"segmentation":[[0,0,9,0,9,9,0,9],[1,1,2,2]]},
 {"id":4,"image_id":1,"category_id":1,"bbox":[45,0,9,9]},
 {"id":5,"image_id":9,"category_id":1,"bbox":[0,0,9,9]},
 {"id":6,"image_id":1,"category_id":7,"bbox":[0,0,9,9]},
 {"id":7,"image_id":1,"category_id":1,"bbox":[0,0,0,9]},
 {"id":8,"image_id":1,"category_id":1,"bbox":[1,1,1,1],"segmentation":[[1,1,1.1,1,1.1,1.1]]},
 {"id":9,"image_id":1,"category_id":1,"bbox":[0,0,9,9],"iscrowd":1,"segmentation":[[0,0,9,0,9,9,0,9]]},
 {"id":10,"image_id":1,"category_id":1,"bbox":[20,20,5,5],"segmentation":[[0,0,9,0,9,9,0,9]]},
 {"id":11,"image_id":1,"category_id":1,"bbox":[0,0,9,9],"segmentation":{"size":[40,50],"counts":[5]}},
 {"id":12,"image_id":1,"category_id":1,"bbox":[0,0,9,9],"segmentation":{"size":[4,5],"counts":[0,20]}}]})"));
    const Ran ran = run("data check " + path("bad.json") + " --json");
    EXPECT_EQ(ran.code, 1);
    std::map<std::string, int> counts;
    const json findings = json::parse(ran.out)["findings"];
    for (const auto& item : findings) {
        counts[item["problem"]] = item["count"];
    }
    const std::map<std::string, int> expected{{"two images share an id", 1},
                                              {"annotation id 0", 1},
                                              {"duplicate annotation id", 1},
                                              {"duplicate category id", 1},
                                              {"two categories share a name", 1},
                                              {"unused category", 1},
                                              {"broken mask", 1},
                                              {"annotation with an unknown image id", 1},
                                              {"annotation with an unknown category id", 1},
                                              {"box without an area", 1},
                                              {"box outside the image", 1},
                                              {"two-corner rectangle", 1},
                                              {"mask without pixels", 1},
                                              {"crowd annotated with polygons", 1},
                                              {"box does not enclose its mask", 1},
                                              {"mask size differs from the image size", 1}};
    EXPECT_EQ(counts, expected);

    EXPECT_EQ(run("data check " + path("bad.json") + " --fix " + path("good.json")).code, 0);
    const json fixed = read_json(path("good.json"));
    EXPECT_EQ(fixed["annotations"].size(), 8U);
    EXPECT_EQ(fixed["annotations"][0]["note"], "kept");
    const Ran again = run("data check " + path("good.json"));
    EXPECT_TRUE(has(again.text(), "2 problems"))
        << "ids and names stand for a human: " << again.text();
}

TEST_F(Verbs, DataSetsAreCopiedWithTheirIds) {
    ASSERT_EQ(run("data split " + path("gt.json") + " --out " + path("s") + " --fraction 0.5").code,
              0);
    const json train = read_json(path("s-train.json"));
    const json val = read_json(path("s-val.json"));
    EXPECT_EQ(train["images"].size() + val["images"].size(), 4U);
    EXPECT_FALSE(val["images"].empty());
    EXPECT_EQ(train["info"]["year"], 2026);
    const std::string parts = path("s-train.json") + " " + path("s-val.json");
    ASSERT_EQ(run("data merge " + parts + " --out " + path("all.json")).code, 0);
    json all = read_json(path("all.json"));
    json before = read_json(path("gt.json"));
    const auto by_id = [](const json& a, const json& b) { return a["id"] < b["id"]; };
    for (json* file : {&all, &before}) {
        std::sort((*file)["images"].begin(), (*file)["images"].end(), by_id);
        std::sort((*file)["annotations"].begin(), (*file)["annotations"].end(), by_id);
    }
    EXPECT_EQ(all, before);
    const Ran twice =
        run("data merge " + path("gt.json") + " " + path("gt.json") + " --out " + path("x.json"));
    EXPECT_EQ(twice.code, 1);
    EXPECT_TRUE(has(twice.text(), "--renumber")) << twice.text();
    ASSERT_EQ(run("data filter " + path("gt.json") + " --categories 'kind 3' --used --out " +
                  path("f.json"))
                  .code,
              0);
    const json filtered = read_json(path("f.json"));
    EXPECT_EQ(filtered["categories"], json::parse(R"([{"id":3,"name":"kind 3"}])"));
    for (const auto& item : filtered["annotations"]) {
        EXPECT_EQ(item["category_id"], 3);
    }
    EXPECT_TRUE(has(
        run("data filter " + path("gt.json") + " --categories kin3 --out " + path("f.json")).text(),
        "did you mean"));
    EXPECT_EQ(run("data stats " + path("gt.json") + " --json").code, 0);
}

}  // namespace
}  // namespace embedmask
