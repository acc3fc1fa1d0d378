// The model that ships: 80 categories.
#include <gtest/gtest.h>

#include "e2e/agreement.h"
#include "e2e/pedestrians.h"
#include "e2e/program.h"
#include "embedmask/model.h"

namespace embedmask {
namespace {

using testing::run;

std::vector<std::filesystem::path> samples() {
    std::vector<std::filesystem::path> images;
    for (const auto& entry : std::filesystem::directory_iterator(testing::kSamples)) {
        if (entry.path().extension() == ".jpg") {
            images.push_back(entry.path());
        }
    }
    return images;
}

Model coco_nano() {
    return read_model(std::string(EMBEDMASK_SOURCE_DIR) + "/models/coco-nano.safetensors");
}

void expect_agreement(const char* name, const Predictor& other, double least) {
    const Predictor exact(coco_nano(), {.precision = Precision::fp32});
    const testing::Agreement found = testing::agreement(exact, other, samples());
    std::printf("coco-nano, %s: %zu of %zu detections agree with fp32\n", name, found.agreeing,
                found.total);
    ASSERT_GT(found.total, 80U);
    EXPECT_GE(found.share(), least);
}

TEST(CocoNano, Bf16AgreesWithFp32) {
    const Predictor fast(coco_nano(), {.precision = Precision::automatic});
    if (fast.precision() != Precision::bf16) {
        GTEST_SKIP() << "this CPU has no bf16 units";
    }
    expect_agreement("bf16", fast, 0.7);
}

TEST(CocoNano, Int8StorageAgreesWithF16) {
    const testing::TemporaryFolder folder;
    write_model(folder.path() / "int8.safetensors", coco_nano(), Storage::i8);
    const Predictor small(read_model(folder.path() / "int8.safetensors"),
                          {.precision = Precision::fp32});
    expect_agreement("I8 storage", small, 0.7);
}

TEST(CocoNano, FindsManyKindsOfObjectsInTheSamples) {
    const testing::Ran ran = run("predict coco-nano " + testing::kSamples +
                                 " --json --precision fp32 --score-threshold 0.4");
    ASSERT_EQ(ran.code, 0) << ran.talk;
    for (const char* category : {"person", "bird", "bus", "cat", "couch", "tv", "keyboard"}) {
        EXPECT_TRUE(testing::has(ran.out, std::string("\"category\":\"") + category + '"'))
            << category;
    }
}

TEST(CocoNano, SaysWhereItComesFrom) {
    const testing::Ran ran = run("info coco-nano");
    EXPECT_TRUE(testing::has(ran.out, "RangiLyu")) << ran.out;
    EXPECT_TRUE(testing::has(ran.out, "Apache-2.0")) << ran.out;
}

TEST(CocoNano, ConvertAddsToItsOrigin) {
    const testing::TemporaryFolder folder;
    const std::string model = (folder.path() / "model.safetensors").string();
    const std::string convert = "convert " + std::string(EMBEDMASK_SOURCE_DIR) +
                                "/models/coco-nano.safetensors --out " + model + " --origin ";
    for (const char* wrong : {"text", "=text"}) {
        const testing::Ran refused = run(convert + wrong);
        EXPECT_EQ(refused.code, 1) << wrong;
        EXPECT_TRUE(testing::has(refused.talk, "expected KEY=TEXT")) << refused.talk;
        EXPECT_FALSE(std::filesystem::exists(model));
    }
    ASSERT_EQ(run(convert + "licence=a=b").code, 0);
    const auto provenance = read_model(model).provenance;
    EXPECT_EQ(provenance.at("licence"), "a=b");
    EXPECT_EQ(provenance.at("attribution"), coco_nano().provenance.at("attribution"));
}

// The figures of the model card.
TEST(CocoNano, ReachesTheApOfItsCard) {
    if (testing::shared_data().empty()) {
        GTEST_SKIP() << testing::kNoSharedData;
    }
    const std::string data = (testing::shared_data() / "coco-mini").string();
    const testing::TemporaryFolder folder;
    const std::string report = (folder.path() / "report.json").string();
    const testing::Ran ran =
        run("eval coco-nano --data " + data + "/annotations/instances_val.json --images " + data +
            "/val --precision fp32 --json " + report);
    ASSERT_EQ(ran.code, 0) << ran.talk;
    const auto stats = testing::read_json(report)["stats"];
    EXPECT_NEAR(stats["bbox"][0].get<double>(), 0.356, 0.002);
    EXPECT_NEAR(stats["segm"][0].get<double>(), 0.224, 0.002);
    EXPECT_NEAR(stats["segm"][1].get<double>(), 0.429, 0.002);
}

}  // namespace
}  // namespace embedmask
