// One real photo learned by heart: what a newcomer tries first, and what a broken loss cannot do.
#include <gtest/gtest.h>

#include "base/file.h"
#include "e2e/program.h"

namespace embedmask::testing {
namespace {

using nlohmann::json;

constexpr int kPhoto = 757;  // three elephants, two of them overlapping
constexpr const char* kName = "000000000757.jpg";

TEST(Overfit, OnePhotoIsLearnedByHeart) {
    const std::filesystem::path data = shared_data();
    if (data.empty()) GTEST_SKIP() << kNoSharedData;
    const TemporaryFolder folder;
    json annotations = read_json(data / "coco-mini/annotations/instances_train.json");
    std::erase_if(annotations["images"].get_ref<json::array_t&>(),
                  [](const json& image) { return image["id"] != kPhoto; });
    std::erase_if(annotations["annotations"].get_ref<json::array_t&>(),
                  [](const json& annotation) { return annotation["image_id"] != kPhoto; });
    std::erase_if(annotations["categories"].get_ref<json::array_t&>(),
                  [](const json& category) { return category["name"] != "elephant"; });
    const std::string file = (folder.path() / "one.json").string();
    write_file_atomically(file, annotations.dump());
    std::filesystem::create_directory(folder.path() / "photos");
    std::filesystem::copy(data / "coco-mini/train" / kName, folder.path() / "photos" / kName);

    const std::string photos = " --images " + (folder.path() / "photos").string();
    const std::string run_folder = (folder.path() / "run").string();
    const Ran trained =
        run("train finetune --data " + file + photos + " --out " + run_folder + " --weights " +
            (data / "resnet50-imagenet-caffe.safetensors").string() +
            " --set input.mean=[103.939,116.779,123.68] --set input.short_train=[256] --set "
            "input.short_test=256 --set input.max=427 --set solver.batch=1 --set "
            "solver.max_iter=300 --set solver.lr=0.005 --set solver.steps=[240,280] --set "
            "solver.warmup_iters=30 --set data.flip=0 --set checkpoint_period=1000");
    ASSERT_EQ(trained.code, 0) << trained.talk;
    const std::string report = (folder.path() / "report.json").string();
    const Ran scored = run("eval " + run_folder + "/last.safetensors --data " + file + photos +
                           " --json " + report);
    ASSERT_EQ(scored.code, 0) << scored.talk;
    const json segm = read_json(report)["stats"]["segm"];
    EXPECT_EQ(segm[1].get<double>(), 1) << scored.out;
    EXPECT_GE(segm[0].get<double>(), 0.8) << scored.out;
}

}  // namespace
}  // namespace embedmask::testing
