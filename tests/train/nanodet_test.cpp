// Targets and losses of NanoDet-Plus against tests/reference/nanodet_losses.py.
#include <gtest/gtest.h>

#include <ATen/CPUGeneratorImpl.h>
#include <set>

#include "tensors.h"
#include "test_data.h"
#include "train/flat_outputs.h"
#include "train/losses.h"
#include "train/mask_proposals.h"
#include "train/nanodet_losses.h"
#include "train/nanodet_targets.h"

namespace embedmask::train {
namespace {

using nlohmann::json;
using testing::check_gradient;
using testing::golden;
using torch::Tensor;

constexpr std::int64_t kBins = 8;

// The sines of the reference, as the outputs of a network.
struct NanodetCase {
    Config config = preset("nanodet");
    Batch batch;
    Outputs outputs;
};

LevelSizes sizes_of(const Config& config, std::int64_t height, std::int64_t width) {
    LevelSizes sizes;
    for (const std::int64_t stride : config.strides) {
        sizes.push_back({(height + stride - 1) / stride, (width + stride - 1) / stride});
    }
    return sizes;
}

NanodetCase make_case(const json& vector) {
    NanodetCase item;
    const std::int64_t height = vector["height"];
    const std::int64_t width = vector["width"];
    const std::int64_t classes = vector["classes"];
    const auto count = static_cast<std::int64_t>(vector["images"].size());
    const LevelSizes sizes = sizes_of(item.config, height, width);
    item.batch.images = torch::zeros({count, 3, height, width}, torch::kFloat64);
    std::int64_t first = 0;
    for (int level = 0; level < static_cast<int>(sizes.size()); ++level) {
        const auto [rows, columns] = sizes[static_cast<std::size_t>(level)];
        const auto map = [&](const Tensor& values) {
            return values.view({count, rows, columns, -1}).permute({0, 3, 1, 2}).contiguous();
        };
        const Tensor k =
            torch::arange(first, first + rows * columns, torch::kFloat64).view({1, -1}) +
            torch::arange(count, torch::kFloat64).view({-1, 1}) * 1000;
        const Tensor c = torch::arange(classes, torch::kFloat64);
        const auto name = [&](const char* kind) { return network::output_name(kind, level); };
        item.outputs[name("class_logits")] =
            map(-1.5 +
                2.2 * torch::sin(0.7 * (k.unsqueeze(2) * static_cast<double>(classes) + c) + 0.3));
        const Tensor side = torch::arange(4, torch::kFloat64).view({1, 1, 4, 1});
        const Tensor i = (k.view({count, -1, 1, 1}) * 4 + side) * static_cast<double>(kBins) +
                         torch::arange(kBins, torch::kFloat64);
        const Tensor bins = 1.5 * torch::sin(0.9 * i) + 0.8 * torch::sin(0.013 * i + side);
        item.outputs[name("box_bins")] = map(bins.flatten(2));
        item.outputs[name("box")] =
            map((torch::softmax(bins, 3) * torch::arange(kBins, torch::kFloat64)).sum(3));
        first += rows * columns;
    }
    for (const json& image : vector["images"]) {
        const auto objects = static_cast<std::int64_t>(image["objects"].size());
        Tensor rows = objects == 0 ? torch::zeros({0, 5}, torch::kFloat64)
                                   : testing::as_tensor(image["objects"]);
        item.batch.instances.push_back({rows.slice(1, 1, 5), rows.select(1, 0).to(torch::kInt64),
                                        torch::zeros({objects, height, width}, torch::kUInt8),
                                        torch::zeros({objects}, torch::kBool)});
    }
    return item;
}

TEST(Nanodet, GoldenAssignment) {
    const json vector = golden("nanodet_training");
    const NanodetCase item = make_case(vector);
    const Locations locations = make_locations(level_sizes(item.outputs), item.config, torch::kCPU);
    const Tensor logits = flat(item.outputs, "class_logits");
    const Tensor distances = flat(item.outputs, "box") * locations.stride.view({1, -1, 1});
    for (std::size_t i = 0; i < item.batch.instances.size(); ++i) {
        const auto image = static_cast<std::int64_t>(i);
        const Instances& instances = item.batch.instances[i];
        const SoftAssignment found = assign_softly(
            locations, logits[image], boxes_of(locations.xy, distances[image]), instances);
        const json& positives = vector["images"][i]["positives"];
        EXPECT_EQ((found.assignment.labels > 0).sum().item<std::int64_t>(),
                  static_cast<std::int64_t>(positives.size()));
        for (const json& positive : positives) {
            const std::int64_t k = positive["location"];
            const std::int64_t object = positive["object"];
            EXPECT_EQ(found.assignment.instance[k].item<std::int64_t>(), object) << k;
            EXPECT_EQ(found.assignment.labels[k].item<std::int64_t>(),
                      instances.labels[object].item<std::int64_t>());
            EXPECT_NEAR(found.quality[k].item<double>(), positive["quality"].get<double>(), 1e-12);
        }
    }
}

TEST(Nanodet, GoldenLosses) {
    const json vector = golden("nanodet_training");
    const NanodetCase item = make_case(vector);
    Communicator alone;
    const DetectorLosses found = nanodet_losses(item.outputs, item.batch, item.config, alone);
    ASSERT_EQ(found.losses.size(), 3U);
    for (const auto& [name, value] : found.losses) {
        EXPECT_NEAR(value.item<double>(), vector[name].get<double>(), 1e-11) << name;
    }
}

TEST(Nanodet, LossesWithoutObjectsAreConnectedAndFinite) {
    NanodetCase item = make_case(golden("nanodet_training"));
    for (Instances& instances : item.batch.instances) {
        instances = item.batch.instances[1];
    }
    for (auto& [name, value] : item.outputs) {
        value.set_requires_grad(true);
    }
    Communicator alone;
    const Losses losses = nanodet_losses(item.outputs, item.batch, item.config, alone).losses;
    total(losses).backward();
    EXPECT_EQ(losses[1].second.item<double>(), 0);
    EXPECT_EQ(losses[2].second.item<double>(), 0);
    for (const auto& [name, value] : item.outputs) {
        ASSERT_TRUE(value.grad().defined()) << name;
        EXPECT_TRUE(torch::isfinite(value.grad()).all().item<bool>()) << name;
    }
}

// Every rank of two holds the same batch: sums double, and their mean over the ranks stays.
class Twin : public Communicator {
public:
    [[nodiscard]] int world() const override { return 2; }
    void sum(Tensor& tensor) override {
        tensor = tensor * 2;
        ++sums;
    }
    int sums = 0;
};

TEST(Nanodet, NormalizersAreMeansOverTheRanks) {
    const json vector = golden("nanodet_training");
    const NanodetCase item = make_case(vector);
    Twin twin;
    const DetectorLosses found = nanodet_losses(item.outputs, item.batch, item.config, twin);
    EXPECT_EQ(twin.sums, 1);
    for (const auto& [name, value] : found.losses) {
        EXPECT_NEAR(value.item<double>(), vector[name].get<double>(), 1e-11) << name;
    }
}

TEST(Nanodet, GradientsEqualFiniteDifferences) {
    torch::manual_seed(4);
    const Tensor labels = torch::tensor({0, 2, 1, 3}, torch::kInt64);
    const Tensor quality = torch::tensor({0.0, 0.8, 0.3, 0.55}, torch::kFloat64);
    check_gradient([&](const Tensor& x) { return quality_focal_loss(x, labels, quality, 2); },
                   torch::randn({4, 3}, torch::kFloat64));
    const Tensor targets = torch::tensor({0.0, 1.25, 5.5, 6.9}, torch::kFloat64);
    const Tensor weight = torch::tensor({1.0, 0.5, 2.0, 0.7}, torch::kFloat64);
    check_gradient(
        [&](const Tensor& x) { return (distribution_focal_loss(x, targets) * weight).sum(); },
        torch::randn({4, kBins}, torch::kFloat64));
    const Tensor truth = torch::tensor(
        {{0.0, 0.0, 10.0, 8.0}, {5.0, 5.0, 9.0, 30.0}, {1.0, 2.0, 3.0, 4.0}}, torch::kFloat64);
    const Tensor boxes = torch::tensor(
        {{1.0, -2.0, 9.0, 7.0}, {6.0, 4.0, 10.0, 20.0}, {5.0, 6.0, 8.0, 9.0}}, torch::kFloat64);
    check_gradient(
        [&](const Tensor& x) { return (giou_loss(x, truth) * weight.slice(0, 0, 3)).sum(); },
        boxes);
}

TEST(MaskProposals, BestTwoAreTheBestByIouAndOneOfTheNextSeven) {
    // 10 locations, 3 objects: the last two overlap nothing, or one location only.
    Tensor iou = torch::zeros({10, 3}, torch::kFloat64);
    iou.select(1, 0).copy_(
        torch::tensor({0.95, 0.9, 0.89, 0.88, 0.87, 0.86, 0.85, 0.84, 0.7, 0.4}, torch::kFloat64));
    iou[4][2] = 0.3;
    Tensor probability = torch::full({10, 3}, 0.5, torch::kFloat64);
    probability[7][0] = 0.01;  // ranked after location 8
    std::set<std::int64_t> seconds;
    at::Generator random = at::detail::createCPUGenerator(1);
    for (int draw = 0; draw < 200; ++draw) {
        const auto [locations, objects] = best_two_locations(iou, probability, 0.5, random);
        ASSERT_EQ(locations.size(0), 3);
        EXPECT_EQ(objects[0].item<std::int64_t>(), 0);
        EXPECT_EQ(objects[1].item<std::int64_t>(), 0);
        EXPECT_EQ(objects[2].item<std::int64_t>(), 2);
        EXPECT_EQ(locations[0].item<std::int64_t>(), 0);
        EXPECT_EQ(locations[2].item<std::int64_t>(), 4);
        seconds.insert(locations[1].item<std::int64_t>());
    }
    EXPECT_EQ(seconds, (std::set<std::int64_t>{1, 2, 3, 4, 5, 6, 8}));
}

}  // namespace
}  // namespace embedmask::train
