// Pre-labels, measurements and conversions as people run them.
#include <gtest/gtest.h>

#include <algorithm>

#include "base/atomic_file.h"
#include "e2e/program.h"
#include "embedmask/dataset.h"
#include "embedmask/results.h"

namespace embedmask {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using testing::has;
using testing::kSamples;
using testing::Ran;
using testing::read_json;
using testing::run;

class LabelFormats : public ::testing::Test {
protected:
    [[nodiscard]] std::string path(const std::string& name) const {
        return (folder_.path() / name).string();
    }

    testing::TemporaryFolder folder_;
};

// What a model predicts comes back from the files for CVAT and Label Studio pixel for pixel.
TEST_F(LabelFormats, PreLabelsHoldThePredictedMasks) {
    const std::string images = kSamples + "/000000252219.jpg " + kSamples + "/000000000761.jpg";
    const Ran predicted =
        run("predict coco-nano " + images +
            " --write coco,cvat,label-studio,geojson,csv,labelme --score-threshold 0.3 --out " +
            path("out"));
    ASSERT_EQ(predicted.code, 0) << predicted.talk;
    EXPECT_TRUE(has(predicted.talk, "out/cvat/annotations.xml")) << predicted.talk;
    const auto results = read_results(path("out/detections_segm.json"));
    ASSERT_GE(results.size(), 5U);
    for (const char* format : {"cvat", "label-studio"}) {
        SCOPED_TRACE(format);
        const Ran back = run("data convert " + path("out/") + format + " --from " + format +
                             " --images " + kSamples + " --out " + path("back.json"));
        ASSERT_EQ(back.code, 0) << back.talk;
        const Dataset data = read_dataset(path("back.json"));
        ASSERT_EQ(data.annotations.size(), results.size());
        for (std::size_t i = 0; i < results.size(); ++i) {
            EXPECT_EQ(data.annotations[i].image_id, results[i].image_id);
            EXPECT_EQ(data.annotations[i].category_id, results[i].category_id);
            EXPECT_EQ(data.annotations[i].segmentation.rle, results[i].segmentation.rle);
        }
        EXPECT_EQ(run("data check " + path("back.json") + " --images " + kSamples).code, 0);
    }
    const json tasks = read_json(path("out/label-studio/tasks.json"));
    EXPECT_EQ(tasks[0]["data"]["image"], "/data/local-files/?d=000000252219.jpg");
    EXPECT_GT(tasks[0]["predictions"][0]["result"][0]["score"], 0.3);
    EXPECT_TRUE(fs::exists(path("out/cvat/labels.json")));
    EXPECT_TRUE(fs::exists(path("out/label-studio/config.xml")));
    std::size_t features = 0;
    for (const char* name : {"000000252219", "000000000761"}) {
        const json file = read_json(path("out/geojson/") + name + ".geojson");
        features += file["features"].size();
    }
    EXPECT_EQ(features, results.size());
    const auto table = detail::read_file(path("out/csv/measurements.csv"));
    EXPECT_EQ(std::ranges::count(table, '\n'), static_cast<std::ptrdiff_t>(results.size()) + 1);
    // Into its own folder again, and never over work of others.
    const std::string again = "predict coco-nano " + images + " --write cvat --out " + path("out");
    EXPECT_EQ(run(again).code, 0);
    detail::write_file_atomically(path("out/cvat/annotations.xml"), "corrected");
    const Ran refused = run(again);
    EXPECT_EQ(refused.code, 1);
    EXPECT_TRUE(has(refused.talk, "annotations.xml")) << refused.talk;
}

TEST_F(LabelFormats, PartsOfAPredictionHaveTheirOwnFiles) {
    const std::string command = "predict coco-nano " + kSamples +
                                " --write cvat --score-threshold 0.5 --out " + path("out");
    ASSERT_EQ(run(command + " --shard 1/4").code, 0);
    EXPECT_TRUE(fs::exists(path("out/cvat/annotations.shard-1-of-4.xml")));
}

TEST_F(LabelFormats, WrongUseIsExplained) {
    detail::write_file_atomically(path("a.json"),
                                  R"({"images":[{"id":1,"file_name":"a.png","width":9,"height":9}],
        "categories":[{"id":1,"name":"a"}],"annotations":[{"id":1,"image_id":1,"category_id":1,
        "bbox":[1,1,3,3],"segmentation":[[1,1,4,1,4,4]]}]})");
    const auto fails = [&](const std::string& arguments, int code, const std::string& part) {
        const Ran ran = run("data convert " + arguments);
        EXPECT_EQ(ran.code, code) << ran.text();
        EXPECT_TRUE(has(ran.text(), part)) << ran.text();
    };
    fails(path("a.json") + " --to voc-xml --out " + path("x"), 2, "--to");
    fails(path("a.json") + " --from csv --out " + path("x"), 2, "--from");
    fails(path("a.json") + " --from yolo --out " + path("x.json"), 1, "--images");
    fails(path("a.json") + " --to csv --pixel-size 0 --out " + path("x.csv"), 2, "--pixel-size");
    fails(path("a.json") + " --to csv --out " + path("a.json"), 1, "a.json");
    fails(path("a.json") + " --from cvat --out " + path("x.json"), 1, "malformed XML");
    fails(path("a.json") + " --from label-studio --out " + path("x.json"), 1, "list of tasks");
    fails(path("none.xml") + " --from cvat --out " + path("x.json"), 1, "none.xml");
    const Ran csv = run("data convert " + path("a.json") + " --to csv --out /dev/stdout");
    EXPECT_EQ(csv.code, 0) << csv.talk;
    EXPECT_TRUE(has(csv.out, "feret_max")) << csv.out;
}

TEST_F(LabelFormats, ImagesOfOneNameKeepTheirFolders) {
    const std::string image = kSamples + "/000000000761.jpg";
    fs::create_directories(path("im/sub"));
    fs::copy_file(image, path("im/a.jpg"));
    fs::copy_file(kSamples + "/000000252219.jpg", path("im/sub/a.jpg"));
    const std::string end = " --score-threshold 0.3 --out ";
    const Ran ran = run("predict coco-nano " + path("im") + " " + path("im/sub") +
                        " --write cvat,label-studio,csv" + end + path("out"));
    ASSERT_EQ(ran.code, 0) << ran.talk;
    const json tasks = read_json(path("out/label-studio/tasks.json"));
    EXPECT_EQ(tasks[1]["data"]["image"], "/data/local-files/?d=sub/a.jpg");
    const Ran back = run("data convert " + path("out/cvat") + " --from cvat --images " +
                         path("im") + " --out " + path("back.json"));
    ASSERT_EQ(back.code, 0) << back.talk;
    EXPECT_EQ(read_dataset(path("back.json")).images.at(1).file_name, "sub/a.jpg");
    // And those of an annotation file keep the names of their records.
    const Ran again = run("predict coco-nano --data " + path("back.json") + " --images " +
                          path("im") + " --write cvat,labelme" + end + path("again"));
    ASSERT_EQ(again.code, 0) << again.talk;
    const auto xml = detail::read_file(path("again/cvat/annotations.xml"));
    EXPECT_TRUE(has(std::string(xml.begin(), xml.end()), "name=\"sub/a.jpg\""));
    EXPECT_TRUE(fs::exists(path("again/labelme/categories.json")));
}

}  // namespace
}  // namespace embedmask
