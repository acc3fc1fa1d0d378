// One real image learned by heart: what a newcomer tries first, and what a broken loss cannot do.
#include <gtest/gtest.h>

#include <iostream>

#include "base/atomic_file.h"
#include "e2e/program.h"
#include "embedmask/dataset.h"
#include "image/preprocess.h"

namespace embedmask::testing {
namespace {

using nlohmann::json;

constexpr int kImage = 757;  // three elephants, two of them overlapping
constexpr const char* kName = "000000000757.jpg";
constexpr int kShortSide = 256;
constexpr int kLongSide = 427;

// What the targets of the mask loss keep of a mask: IoU of the ground truth with its own
// quarter-resolution target, drawn back on the image cell by cell. (Inference interpolates between
// cells, which gains a little.)
double iou_through_the_grid(const Rle& truth) {
    const ImageSize image{truth.width, truth.height};
    const ImageSize input = image::resized_size(image, kShortSide, kLongSide, ResizeRule::mrcnn);
    const ImageSize padded{(input.width + 31) / 32 * 32, (input.height + 31) / 32 * 32};
    const auto at = [](ImageSize size, int x, int y) {
        return static_cast<std::size_t>(y) * static_cast<std::size_t>(size.width) +
               static_cast<std::size_t>(x);
    };
    const std::vector<std::uint8_t> full = decode_rows(truth);
    std::vector<std::uint8_t> resized;
    for (int y = 0; y < input.height; ++y) {
        for (int x = 0; x < input.width; ++x) {
            resized.push_back(
                full[at(image, x * image.width / input.width, y * image.height / input.height)]);
        }
    }
    // A cell is foreground when one of the four pixels at its centre is (§6.5 step 2).
    const auto pixel = [&](int x, int y) {
        return x < input.width && y < input.height && resized[at(input, x, y)] != 0;
    };
    std::vector<std::uint8_t> cells;
    for (int y = 0; y < padded.height; y += 4) {
        for (int x = 0; x < padded.width; x += 4) {
            const bool any = pixel(x + 1, y + 1) || pixel(x + 2, y + 1) || pixel(x + 1, y + 2) ||
                             pixel(x + 2, y + 2);
            cells.push_back(any ? 1 : 0);
        }
    }
    std::vector<std::uint8_t> drawn;
    for (int y = 0; y < image.height; ++y) {
        for (int x = 0; x < image.width; ++x) {
            drawn.push_back(
                cells[at({padded.width / 4, padded.height / 4}, x * input.width / image.width / 4,
                         y * input.height / image.height / 4)]);
        }
    }
    return mask_iou(encode_rows(drawn, image.height, image.width), truth);
}

TEST(Overfit, OneImageIsLearnedByHeart) {
    const std::filesystem::path data = shared_data();
    if (data.empty()) {
        GTEST_SKIP() << kNoSharedData;
    }
    const TemporaryFolder folder;
    json annotations = read_json(data / "coco-mini/annotations/instances_train.json");
    std::erase_if(annotations["images"].get_ref<json::array_t&>(),
                  [](const json& image) { return image["id"] != kImage; });
    std::erase_if(annotations["annotations"].get_ref<json::array_t&>(),
                  [](const json& annotation) { return annotation["image_id"] != kImage; });
    std::erase_if(annotations["categories"].get_ref<json::array_t&>(),
                  [](const json& category) { return category["name"] != "elephant"; });
    const std::string file = (folder.path() / "one.json").string();
    detail::write_file_atomically(file, annotations.dump());
    std::filesystem::create_directory(folder.path() / "images");
    std::filesystem::copy(data / "coco-mini/train" / kName, folder.path() / "images" / kName);

    const Dataset truth = read_dataset(file);
    for (const Annotation& annotation : truth.annotations) {
        const Rle mask =
            to_mask(annotation.segmentation, truth.images[0].height, truth.images[0].width);
        std::cout << "through the quarter-resolution grid: IoU " << iou_through_the_grid(mask)
                  << ", area " << area(mask) << "\n";
    }

    const std::string images = " --images " + (folder.path() / "images").string();
    const std::string run_folder = (folder.path() / "run").string();
    const Ran trained =
        run("train finetune --data " + file + images + " --out " + run_folder + " --weights " +
            (data / "resnet50-imagenet-caffe.safetensors").string() +
            " --set input.mean=[103.939,116.779,123.68] --set solver.batch=1 --set "
            "solver.max_iter=300 --set solver.lr=0.005 --set solver.steps=[240,280] --set "
            "solver.warmup_iters=30 --set data.flip=0 --set checkpoint_period=1000" +
            " --set input.short_train=[" + std::to_string(kShortSide) +
            "] --set input.short_test=" + std::to_string(kShortSide) +
            " --set input.max=" + std::to_string(kLongSide));
    ASSERT_EQ(trained.code, 0) << trained.talk;
    const std::string report = (folder.path() / "report.json").string();
    const Ran scored = run("eval " + run_folder + "/last.safetensors --data " + file + images +
                           " --json " + report);
    ASSERT_EQ(scored.code, 0) << scored.talk;
    const json segm = read_json(report)["stats"]["segm"];
    EXPECT_EQ(segm[1].get<double>(), 1) << scored.out;
    EXPECT_GE(segm[0].get<double>(), 0.8) << scored.out;
    std::cout << "segm AP " << segm[0] << "\n";
}

}  // namespace
}  // namespace embedmask::testing
