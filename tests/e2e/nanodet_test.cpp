// The NanoDet-Plus weights of their author on COCO images.
#include <gtest/gtest.h>

#include "e2e/pedestrians.h"
#include "e2e/program.h"

namespace embedmask {
namespace {

using testing::has;
using testing::Ran;
using testing::run;

class Nanodet : public ::testing::Test {
protected:
    void SetUp() override {
        if (testing::shared_data().empty()) {
            GTEST_SKIP() << testing::kNoSharedData;
        }
        data_ = testing::shared_data();
        weights_ = (data_ / "nanodet-plus-m-416-coco.safetensors").string();
        annotations_ = (data_ / "coco-mini/annotations/instances_val.json").string();
    }

    [[nodiscard]] Ran convert(const std::string& weights, const std::string& preset) const {
        return run("convert " + weights + " --preset " + preset + " --categories " + annotations_ +
                   " --out " + path("model.safetensors"));
    }

    /// Box AP on the validation images of coco-mini.
    [[nodiscard]] double box_ap(const std::string& sizes) const {
        const Ran ran = run("eval " + path("model.safetensors") + " --data " + annotations_ +
                            " --images " + (data_ / "coco-mini/val").string() +
                            " --precision fp32 --json " + path("report.json") + sizes);
        EXPECT_EQ(ran.code, 0) << ran.talk;
        return testing::read_json(path("report.json"))["stats"]["bbox"][0];
    }

    [[nodiscard]] std::string path(const char* name) const {
        return (folder_.path() / name).string();
    }

    testing::TemporaryFolder folder_;
    std::filesystem::path data_;
    std::string weights_;
    std::string annotations_;
};

TEST_F(Nanodet, ReachesTheReferenceAp) {
    const Ran converted = convert(weights_, "nanodet");
    ASSERT_EQ(converted.code, 0) << converted.talk;
    EXPECT_TRUE(has(converted.out, "220 tensors, 220 used")) << converted.out;
    EXPECT_NEAR(box_ap(""), 0.3568, 0.002);
    EXPECT_NEAR(box_ap(" --short-side 416 --max-side 693"), 0.3605, 0.002);
}

TEST_F(Nanodet, WeightsOfAnotherDetectorAreRefused) {
    EXPECT_TRUE(has(convert(weights_, "fcos").talk, "parameters of preset fcos have no weights"));
    const std::string fcos = (data_ / "embedmask-r50-pennfudan-head.safetensors").string();
    EXPECT_TRUE(has(convert(fcos, "nanodet").talk, "228 parameters of preset nanodet have no"));
    EXPECT_FALSE(std::filesystem::exists(path("model.safetensors")));
}

}  // namespace
}  // namespace embedmask
