#include "train/fcos_targets.h"

#include <gtest/gtest.h>

#include "tensors.h"
#include "test_data.h"
#include "train/mask_proposals.h"
#include "train/mask_targets.h"

namespace embedmask::train {
namespace {

using nlohmann::json;
using testing::as_tensor;
using testing::golden;
using torch::Tensor;

// Ellipses inscribed in the inclusive boxes, object 4 a rectangle (the vector's description).
Instances toy(const json& vector) {
    const Tensor boxes = as_tensor(vector["boxes"]);
    const std::int64_t height = vector["content_hw"][0];
    const std::int64_t width = vector["content_hw"][1];
    const Tensor y = torch::arange(height, torch::kFloat64).view({-1, 1});
    const Tensor x = torch::arange(width, torch::kFloat64).view({1, -1});
    std::vector<Tensor> masks;
    for (std::int64_t g = 0; g < boxes.size(0); ++g) {
        const Tensor box = boxes[g];
        if (g == 4) {
            masks.push_back((y >= 2) & (y < 41) & (x >= 100) & (x < 112));
            continue;
        }
        const Tensor dx = (x - (box[0] + box[2]) / 2) / ((box[2] - box[0] + 1) / 2);
        const Tensor dy = (y - (box[1] + box[3]) / 2) / ((box[3] - box[1] + 1) / 2);
        masks.push_back(dx * dx + dy * dy <= 1);
    }
    const auto count = boxes.size(0);
    return {boxes, as_tensor(vector["labels"]).to(torch::kInt64),
            torch::stack(masks).to(torch::kUInt8), torch::ones({count}, torch::kBool)};
}

LevelSizes sizes_of(const json& vector) {
    LevelSizes sizes;
    for (const auto& level : vector["level_hw"]) {
        sizes.push_back({level[0].get<std::int64_t>(), level[1].get<std::int64_t>()});
    }
    return sizes;
}

void expect_variant(const json& vector, const std::string& name, const Config& config) {
    const Instances instances = toy(vector);
    const Locations locations = make_locations(sizes_of(vector), config, torch::kCPU);
    ASSERT_EQ(locations.xy.size(0), vector["num_locations"].get<std::int64_t>());
    const Assignment found = assign(locations, instances, config);
    const json& expected = vector["variants"][name];
    EXPECT_EQ((found.labels > 0).sum().item<std::int64_t>(), expected["num_pos"].get<int>())
        << name;
    for (const json& positive : expected["positives"]) {
        const std::int64_t k = positive["flat"];
        EXPECT_EQ(found.labels[k].item<std::int64_t>(), positive["label"].get<int>()) << name;
        EXPECT_EQ(found.instance[k].item<std::int64_t>(), positive["gt"].get<int>()) << name;
        if (!positive.contains("ltrb_normalised")) {
            continue;
        }
        testing::expect_close(found.ltrb[k], as_tensor(positive["ltrb_normalised"]), 1e-12, name);
        EXPECT_NEAR(centerness(found.ltrb.slice(0, k, k + 1)).item<double>(),
                    positive["centerness"].get<double>(), 1e-12);
    }
}

TEST(Targets, GoldenVariants) {
    const json vector = golden("target_assignment");
    Config config;
    expect_variant(vector, "default", config);
    config.sample_in_mask = false;
    expect_variant(vector, "no_mask_test", config);
    config.center_sampling = false;
    expect_variant(vector, "plain_fcos", config);
    config.sample_in_mask = true;
    expect_variant(vector, "no_center_sampling", config);
    Config table2 = preset("table2");
    expect_variant(vector, "mask_centroid_centres", table2);
}

TEST(Targets, GoldenBestLocations) {
    const json vector = golden("target_assignment");
    const Config config;
    const Instances instances = toy(vector);
    const Locations locations = make_locations(sizes_of(vector), config, torch::kCPU);
    const Assignment assignment = assign(locations, instances, config);
    const Tensor i = torch::arange(locations.xy.size(0), torch::kFloat64).unsqueeze(1);
    const Tensor k = torch::arange(4, torch::kFloat64).unsqueeze(0);
    const Tensor predicted =
        (2 + 1.5 * torch::sin(0.37 * i + k)).clamp_min(0) * locations.stride.unsqueeze(1);
    const json& best = vector["best_location"];
    const Tensor found = best_locations(locations, assignment, instances, predicted, config);
    const Tensor iou = assigned_iou(locations, assignment, instances, predicted, config);
    const Tensor zeros =
        best_locations(locations, assignment, instances, torch::zeros_like(predicted), config);
    // A diverged network is no reason to look outside the map.
    EXPECT_TRUE(torch::equal(
        zeros, best_locations(locations, assignment, instances, predicted / 0.0 * 0.0, config)));
    for (std::int64_t g = 0; g < instances.size(); ++g) {
        const json& flat = best["best_flat_index"][static_cast<std::size_t>(g)];
        const std::int64_t expected = flat.is_null() ? -1 : flat.get<std::int64_t>();
        EXPECT_EQ(found[g].item<std::int64_t>(), expected);
        if (expected >= 0) {
            EXPECT_NEAR(iou[expected].item<double>(),
                        best["best_iou"][static_cast<std::size_t>(g)].get<double>(), 1e-12);
        }
        const json& tie = best["all_zero_prediction_best"][static_cast<std::size_t>(g)];
        EXPECT_EQ(zeros[g].item<std::int64_t>(), tie.is_null() ? -1 : tie.get<std::int64_t>());
    }
}

TEST(Targets, NoObjectsIsAllBackground) {
    const Config config;
    const Locations locations =
        make_locations({{4, 4}, {2, 2}, {1, 1}, {1, 1}, {1, 1}}, config, torch::kCPU);
    const Instances none{torch::zeros({0, 4}), torch::zeros({0}, torch::kInt64),
                         torch::zeros({0, 30, 30}, torch::kUInt8), torch::zeros({0}, torch::kBool)};
    const Assignment found = assign(locations, none, config);
    EXPECT_EQ(found.labels.sum().item<std::int64_t>(), 0);
    EXPECT_TRUE((found.instance == -1).all().item<bool>());
    EXPECT_EQ(best_locations(locations, found, none, found.ltrb, config).size(0), 0);
    EXPECT_EQ(quarter_masks(none.masks, 32, 32, config).size(0), 0);
    EXPECT_EQ(semantic_target(none, 32, 32).sum().item<std::int64_t>(), 0);
}

TEST(Targets, UnknownMasksAreNotAskedForTheLocation) {
    const Config config;
    const Locations locations =
        make_locations({{8, 8}, {4, 4}, {2, 2}, {1, 1}, {1, 1}}, config, torch::kCPU);
    Instances one{torch::tensor({{8.F, 8.F, 40.F, 40.F}}), torch::ones({1}, torch::kInt64),
                  torch::zeros({1, 64, 64}, torch::kUInt8), torch::ones({1}, torch::kBool)};
    EXPECT_EQ(assign(locations, one, config).labels.sum().item<std::int64_t>(), 0);
    one.known.fill_(false);
    EXPECT_GT(assign(locations, one, config).labels.sum().item<std::int64_t>(), 0);
}

TEST(Targets, AreaMasksCountAllPixelsOfACell) {
    Config config;
    config.mask_target = MaskTarget::area;
    config.mask_target_threshold = 0.5;
    Tensor mask = torch::zeros({1, 8, 8}, torch::kUInt8);
    mask.slice(1, 0, 2).slice(2, 0, 4).fill_(1);     // half of the first cell
    mask.slice(1, 4, 8).slice(2, 4, 8).fill_(1);     // the last cell,
    mask[0].slice(0, 4, 6).slice(1, 4, 8).fill_(0);  // less half
    mask[0][4][4] = 1;
    mask[0][7][7] = 0;
    mask[0][7][6] = 0;
    const Tensor found = quarter_masks(mask, 8, 12, config);
    const Tensor expected = torch::tensor({{1, 0, 0}, {0, 0, 0}}, torch::kUInt8);
    EXPECT_TRUE(torch::equal(found[0], expected)) << found;
}

TEST(Targets, GoldenQuarterMask) {
    const json vector = golden("interpolation");
    const Tensor mask = as_tensor(vector["mask_in"]).to(torch::kUInt8).unsqueeze(0);
    const Tensor found = quarter_masks(mask, 16, 16, Config());
    EXPECT_TRUE(torch::equal(found[0], as_tensor(vector["quarter_mask"]).to(torch::kUInt8)));
}

}  // namespace
}  // namespace embedmask::train
