// eval MODEL: one streaming pass gives the digits of predict followed by eval, alone or in parts.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "base/atomic_file.h"
#include "e2e/pedestrians.h"
#include "e2e/program.h"
#include "embedmask/image.h"
#include "embedmask/predictor.h"

namespace embedmask {
namespace {

using nlohmann::json;
using testing::has;
using testing::Ran;
using testing::read_json;
using testing::run;

using testing::kSamples;

/// Ground truth for the sample images: what the model finds at its own size. Scored is what it
/// finds on smaller inputs, which is neither all nor nothing.
class EvalModel : public ::testing::Test {
protected:
    static void SetUpTestSuite() {
        folder_ = new testing::TemporaryFolder;
        json images = json::array();
        for (const char* name : {"000000000761.jpg", "000000001000.jpg", "000000140556.jpg",
                                 "000000252219.jpg", "000000360452.jpg"}) {
            const Image image = read_image(kSamples + "/" + name);
            images.push_back({{"id", 10 * images.size() + 3},
                              {"file_name", name},
                              {"width", image.size.width},
                              {"height", image.size.height}});
        }
        json data{{"images", images}, {"categories", {{{"id", 1}, {"name", "person"}}}}};
        detail::write_file_atomically(path("list.json"), data.dump());
        const Ran ran = run("predict pedestrians --data " + path("list.json") + " --images " +
                            kSamples + " --score-threshold 0.4 --write coco --out " + path("gt"));
        ASSERT_EQ(ran.code, 0) << ran.talk;
        data["annotations"] = json::array();
        for (json record : read_json(path("gt/detections_segm.json"))) {
            record["id"] = data["annotations"].size() + 1;
            record.erase("score");
            data["annotations"].push_back(record);
        }
        ASSERT_GT(data["annotations"].size(), 5U);
        detail::write_file_atomically(path("gt.json"), data.dump());
    }
    static void TearDownTestSuite() { delete folder_; }

    static std::string path(const std::string& name) { return (folder_->path() / name).string(); }

    /// `embedmask eval pedestrians` of small inputs.
    static Ran eval(const std::string& more) {
        return run("eval pedestrians --short-side 192 --precision fp32 --images " + kSamples +
                   " --data " + path("gt.json") + " " + more);
    }

    static testing::TemporaryFolder* folder_;
};

testing::TemporaryFolder* EvalModel::folder_ = nullptr;

TEST_F(EvalModel, StreamingEqualsPredictThenEval) {
    const Ran streamed =
        eval("--streams 2 --type bbox --type segm --type boundary --tide --confusion --json " +
             path("stream.json"));
    ASSERT_EQ(streamed.code, 0) << streamed.talk;
    EXPECT_TRUE(has(streamed.talk, "images/s")) << streamed.talk;
    EXPECT_TRUE(has(streamed.talk, "per image: decode")) << streamed.talk;
    const json report = read_json(path("stream.json"));
    EXPECT_GT(report["stats"]["segm"][0], 0.1);
    EXPECT_LT(report["stats"]["segm"][0], 0.95);

    ASSERT_EQ(run("predict pedestrians --short-side 192 --precision fp32 --data " +
                  path("gt.json") + " --images " + kSamples + " --write coco --out " + path("p"))
                  .code,
              0);
    const auto check = [&](const std::string& file, const std::string& types) {
        ASSERT_EQ(run("eval --tide --confusion --results " + path(file) + types + " --data " +
                      path("gt.json") + " --json " + path("file.json"))
                      .code,
                  0);
        json expected = read_json(path("file.json"));
        for (const char* key : {"stats", "per_category", "curves", "images", "tide", "confusion"}) {
            for (const auto& [type, value] : expected[key].items()) {
                EXPECT_EQ(report[key][type], value) << key << " " << type;
            }
        }
    };
    check("p/detections_bbox.json", " --type bbox");
    check("p/detections_segm.json", " --type segm --type boundary");
}

TEST_F(EvalModel, PartsMergeIntoTheDigitsOfOneRun) {
    const std::string more = " --mask-thresholds 0.4:0.6:0.1";
    ASSERT_EQ(eval("--json " + path("one.json") + more).code, 0);
    for (const char* shard : {"2/3", "0/3", "1/3"}) {
        const Ran part = eval("--out " + path("parts") + " --shard " + shard + more);
        ASSERT_EQ(part.code, 0) << part.talk;
        EXPECT_TRUE(part.out.empty()) << part.out;
    }
    const auto part = [](int i) {
        return path("parts/evaluation.shard-" + std::to_string(i) + "-of-3.json ");
    };
    const auto merge = [](const std::string& parts) {
        return run("eval merge " + parts + " --data " + path("gt.json") + " --json " +
                   path("merged.json"));
    };
    const Ran merged = merge(part(0) + part(1) + part(2));
    ASSERT_EQ(merged.code, 0) << merged.talk;
    EXPECT_EQ(read_json(path("merged.json")), read_json(path("one.json")));

    const auto fails = [&](const std::string& parts, const std::string& message) {
        const Ran ran = merge(parts);
        EXPECT_EQ(ran.code, 1);
        EXPECT_TRUE(has(ran.talk, message)) << ran.talk;
        EXPECT_TRUE(has(ran.talk, "to fix")) << ran.talk;
    };
    fails(part(1), "parts 0, 2 of 3 are missing");
    fails(part(0) + part(1) + part(2) + part(1), "duplicate part 1 of 3");
    fails(path("gt.json"), "expected a part of an evaluation");
    json other = read_json(path("parts/evaluation.shard-2-of-3.json"));
    const auto change = [&](const std::string& pointer, const json& value) {
        json changed = other;
        changed[json::json_pointer(pointer)] = value;
        detail::write_file_atomically(path("parts/changed.json"), changed.dump());
        return part(0) + part(1) + path("parts/changed.json");
    };
    fails(change("/settings/precision", "bf16"), "has precision \"fp32\"");
    fails(change("/images", json::array()), "no part contains the images 23 of");
    fails(change("/images", {23, 3}), "image 3 is not in");
    fails(change("/segm", 5), "malformed part manifest");
    fails(change("/bbox", "detections_bbox.shard-0-of-3.json"), "is not in");
}

TEST_F(EvalModel, OneThresholdOfTheSweepEqualsAPlainRun) {
    const Ran swept =
        eval("--type segm --mask-thresholds 0.35:0.65:0.15 --json " + path("sweep.json"));
    ASSERT_EQ(swept.code, 0) << swept.talk;
    EXPECT_TRUE(has(swept.out, "mask threshold       AP     AP50     AP75   segm")) << swept.out;
    const json points = read_json(path("sweep.json"))["mask_thresholds"]["segm"];
    ASSERT_EQ(points.size(), 3U);
    for (const std::size_t i : {0U, 2U}) {
        const std::string threshold = i == 0 ? "0.35" : "0.65";
        EXPECT_EQ(points[i]["threshold"].dump(), threshold);
        ASSERT_EQ(
            eval("--type segm --mask-threshold " + threshold + " --json " + path("t.json")).code,
            0);
        const json plain = read_json(path("t.json"));
        EXPECT_EQ(points[i]["AP"], plain["stats"]["segm"][0]) << threshold;
        EXPECT_EQ(points[i]["AP50"], plain["stats"]["segm"][1]);
        EXPECT_EQ(points[i]["ARl"], plain["stats"]["segm"][11]);
    }
    EXPECT_NE(points[0]["AP"], points[2]["AP"]);
}

TEST_F(EvalModel, NamesWhatIsWrong) {
    const auto fails = [](const std::string& more, int code, const std::string& message) {
        const Ran ran = eval(more);
        EXPECT_EQ(ran.code, code) << more;
        EXPECT_TRUE(has(ran.talk, message)) << ran.talk;
    };
    fails("--mask-thresholds 0.4:0.6", 1, "expected FIRST:LAST:STEP");
    fails("--mask-thresholds 0.6:0.4:0.1", 1, "FIRST at most LAST");
    fails("--mask-thresholds 0.4:0.6:0", 1, "a positive STEP");
    fails("--mask-thresholds 0.4:0.6:1e-9", 1, "at most 1000 numbers");
    fails("--mask-thresholds 0.4:x:0.1", 1, "found \"x\": expected a number");
    fails("--mask-thresholds nan", 1, "found \"nan\": expected a number");
    fails("--mask-thresholds 0.5,1.5", 1, "--mask-thresholds: found 1.5: expected");
    fails("--mask-thresholds 0.5 --type bbox", 1, "found boxes only");
    const std::string detector = path("detector.safetensors");
    ASSERT_EQ(run("convert " + std::string(EMBEDMASK_SOURCE_DIR) +
                  "/models/pedestrians-lite.safetensors --set embed_mode=none --out " + detector)
                  .code,
              0);
    const Ran without_masks =
        run("eval " + detector + " --images " + kSamples + " --data " + path("gt.json") +
            " --mask-thresholds 0.5 --shard 0/2 --out " + path("parts"));
    EXPECT_EQ(without_masks.code, 1);
    EXPECT_TRUE(has(without_masks.talk, "found boxes only")) << without_masks.talk;
    fails("--type mask", 1, "expected bbox, segm or boundary");
    fails("--shard 3/3 --out " + path("x"), 1, "part 3 of 3 does not exist");
    fails("--shard 0/3", 2, "--shard needs --out DIR");
    fails("--shard 0/3 --out x --json y", 2, "excludes");
    fails("--results " + path("gt.json"), 2, "not both");
    fails("--html " + path("nowhere/x.html"), 1, "does not exist");
    const Ran merge = run("eval merge x.json --data y --csv " + path("nowhere/x.csv"));
    EXPECT_TRUE(has(merge.talk, "does not exist")) << merge.talk;
    const Ran sweep = run("eval --results x --data y --mask-thresholds 0.5");
    EXPECT_EQ(sweep.code, 2);
    EXPECT_TRUE(has(sweep.talk, "need a MODEL")) << sweep.talk;

    json data = read_json(path("gt.json"));
    const auto with = [&](const json& changed) {
        detail::write_file_atomically(path("changed.json"), changed.dump());
        return run("eval pedestrians --images " + kSamples + " --data " + path("changed.json"));
    };
    json changed = data;
    changed["images"].push_back(changed["images"][0]);
    EXPECT_TRUE(has(with(changed).talk, "duplicate image id 3"));
    changed = data;
    changed["categories"][0]["name"] = "somebody";
    const std::string talk = with(changed).talk;
    EXPECT_TRUE(has(talk, "\"person\" in")) << talk;
    EXPECT_TRUE(has(talk, "\"somebody\" in")) << talk;
    changed = data;
    changed["images"][1]["width"] = 5;
    EXPECT_TRUE(has(with(changed).talk, "000000001000.jpg")) << "an image of another size";
    changed = data;
    changed["categories"][0]["id"] = 2;
    EXPECT_TRUE(has(with(changed).talk, "category 1 (person) is not in"));
    changed = data;
    changed.erase("annotations");
    EXPECT_TRUE(has(with(changed).talk, "nothing to score against"));
}

/// AP and AP50 of the pedestrian model on Penn-Fudan, by the program, against what the authors'
/// own inference path reaches with the same weights.
void expect_the_authors_ap(const std::string& precision, double tolerance) {
    const auto folder = testing::shared_data() / "penn-fudan";
    const testing::TemporaryFolder made;
    const std::string model = (made.path() / "f16.safetensors").string();
    write_model(model, testing::pedestrian_model(), Storage::f16);
    const std::string report = (made.path() / "report.json").string();
    const Ran ran = run("eval " + model + " --precision " + precision + " --data " +
                        (folder / "instances_val.json").string() + " --images " +
                        (folder / "images").string() + " --json " + report);
    ASSERT_EQ(ran.code, 0) << ran.talk;
    const json found = read_json(report)["stats"];
    const json expected = read_json(folder / "reference/stats.json");
    for (const char* type : {"bbox", "segm"}) {
        for (const std::size_t i : {0U, 1U}) {
            EXPECT_NEAR(found[type][i].get<double>(), expected[type][i].get<double>(), tolerance)
                << type << " AP" << (i == 1 ? "50" : "");
            std::printf("%s %s AP%s %.4f, expected %.4f\n", precision.c_str(), type,
                        i == 1 ? "50" : "", found[type][i].get<double>(),
                        expected[type][i].get<double>());
        }
    }
}

TEST(PennFudan, Fp32ReachesTheAuthorsAp) {
    if (testing::shared_data().empty()) {
        GTEST_SKIP() << testing::kNoSharedData;
    }
    expect_the_authors_ap("fp32", 0.005);
}

TEST(PennFudan, Bf16ReachesTheAuthorsAp) {
    if (testing::shared_data().empty()) {
        GTEST_SKIP() << testing::kNoSharedData;
    }
    if (Predictor(testing::pedestrian_model()).precision() != Precision::bf16) {
        GTEST_SKIP() << "this CPU has no bf16 units";
    }
    expect_the_authors_ap("bf16", 0.01);
}

/// Their detections, scored by the program: the twelve numbers of each type, every digit.
TEST(PennFudan, ReferenceDetectionsGiveTheReferenceNumbers) {
    if (testing::shared_data().empty()) {
        GTEST_SKIP() << testing::kNoSharedData;
    }
    const auto folder = testing::shared_data() / "penn-fudan";
    const testing::TemporaryFolder made;
    const std::string report = (made.path() / "report.json").string();
    const json expected = read_json(folder / "reference/stats.json");
    for (const std::string type : {"bbox", "segm"}) {
        const Ran ran =
            run("eval --type " + type + " --results " +
                (folder / "reference" / fmt::format("detections_{}.json", type)).string() +
                " --data " + (folder / "instances_val.json").string() + " --json " + report);
        ASSERT_EQ(ran.code, 0) << ran.talk;
        EXPECT_EQ(read_json(report)["stats"][type], expected[type]) << type;
    }
}

}  // namespace
}  // namespace embedmask
