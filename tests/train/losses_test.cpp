#include "train/losses.h"

#include <gtest/gtest.h>

#include "tensors.h"
#include "test_data.h"
#include "train/detection_losses.h"
#include "train/fcos_targets.h"
#include "train/lovasz.h"
#include "train/lovasz_tensor.h"
#include "train/mask_loss.h"
#include "train/mask_targets.h"
#include "train/rbf_distance.h"
#include "train/resample.h"

namespace embedmask::train {
namespace {

using nlohmann::json;
using testing::as_tensor;
using testing::check_gradient;
using testing::expect_close;
using testing::golden;
using torch::Tensor;

Tensor variable(const json& values) {
    return as_tensor(values).set_requires_grad(true);
}

TEST(FocalLoss, Golden) {
    const json vector = golden("focal_loss");
    const Tensor logits = variable(vector["logits"]);
    const Tensor labels = as_tensor(vector["labels"]).to(torch::kInt64);
    const Tensor sum = focal_loss(logits, labels, 0.25, 2);
    EXPECT_NEAR(sum.item<double>(), vector["sum"].get<double>(), 1e-12);
    sum.backward();
    expect_close(logits.grad(), as_tensor(vector["grad_of_sum"]), 1e-12);
}

TEST(BoxLoss, Golden) {
    const json vector = golden("iou_loss");
    const Tensor predicted = variable(vector["pred"]);
    const Tensor target = as_tensor(vector["target"]);
    expect_close(box_loss(predicted, target, {BoxLoss::giou, 1e-7}), as_tensor(vector["loss_giou"]),
                 1e-12);
    expect_close(box_loss(predicted, target, {BoxLoss::iou, 1e-7}), as_tensor(vector["loss_iou"]),
                 1e-12);
    expect_close(box_loss(predicted, target, {BoxLoss::linear_iou, 1e-7}),
                 as_tensor(vector["loss_linear_iou"]), 1e-12);
    const Tensor weight = centerness(target);
    expect_close(weight, as_tensor(vector["centerness"]), 1e-12);
    const Tensor loss =
        (weight * box_loss(predicted, target, {BoxLoss::giou, 1e-7})).sum() / weight.sum();
    EXPECT_NEAR(loss.item<double>(), vector["reg_loss"].get<double>(), 1e-12);
    loss.backward();
    expect_close(predicted.grad(), as_tensor(vector["grad_pred"]), 1e-12);
}

TEST(CenternessLoss, Golden) {
    const json vector = golden("centerness_loss");
    const Tensor targets = centerness(as_tensor(vector["targets_ltrb"]));
    expect_close(targets, as_tensor(vector["targets"]), 1e-12);
    const Tensor logits = variable(vector["logits"]);
    const Tensor sum = centerness_loss(logits, targets);
    EXPECT_NEAR(sum.item<double>(), vector["bce_sum"].get<double>(), 1e-12);
    sum.backward();
    expect_close(logits.grad(), as_tensor(vector["grad_of_sum"]), 1e-12);
}

TEST(RbfDistance, GoldenAndGradient) {
    for (const json& item : golden("rbf_kernel")["cases"]) {
        const Tensor s =
            rbf_distance(as_tensor(item["p"]).unsqueeze(1), as_tensor(item["q"]).unsqueeze(0),
                         as_tensor(item["margin"]).unsqueeze(0));
        EXPECT_NEAR(s.item<double>(), item["S"].get<double>(), 1e-12);
    }
    torch::manual_seed(1);
    const Tensor p = torch::randn({3, 37}, torch::kFloat64);
    const Tensor q = torch::randn({2, 3}, torch::kFloat64);
    const Tensor m = torch::rand({2, 3}, torch::kFloat64);
    const Tensor w = torch::randn({2, 37}, torch::kFloat64);
    check_gradient([&](const Tensor& x) { return (rbf_distance(x, q, m) * w).sum(); }, p);
    check_gradient([&](const Tensor& x) { return (rbf_distance(p, x, m) * w).sum(); }, q);
    check_gradient([&](const Tensor& x) { return (rbf_distance(p, q, x) * w).sum(); }, m);
}

// What other devices run, run on this one.
TEST(RbfDistance, WholeTensorFormsGiveTheSame) {
    torch::manual_seed(3);
    for (const std::int64_t objects : {0, 1, 4}) {
        const Tensor p = torch::randn({8, 53}, torch::kFloat64).set_requires_grad(true);
        const Tensor q = torch::randn({objects, 8}, torch::kFloat64).set_requires_grad(true);
        const Tensor m = torch::rand({objects, 8}, torch::kFloat64).set_requires_grad(true);
        const Tensor grad = torch::randn({objects, 53}, torch::kFloat64);
        const Tensor s = rbf_distance(p, q, m);
        expect_close(rbf_distance_by_object(p.detach(), q.detach(), m.detach()), s.detach(), 1e-12);
        s.backward(grad);
        const auto gradients = rbf_gradients_by_object(p.detach(), q.detach(), m.detach(), grad);
        expect_close(gradients[0], p.grad(), 1e-12);
        expect_close(gradients[1], q.grad(), 1e-12);
        expect_close(gradients[2], m.grad(), 1e-12);
    }
}

TEST(Lovasz, GoldenHinge) {
    for (const json& item : golden("lovasz_hinge")["cases"]) {
        const Tensor logits = variable(item["logits"]);
        const Tensor labels = as_tensor(item["labels"]).to(torch::kUInt8);
        const Tensor loss = lovasz_hinge(logits, labels);
        EXPECT_NEAR(loss.item<double>(), item["loss"].get<double>(), 1e-12);
        loss.backward();
        if (item.contains("grad_logits") && !item["grad_logits"].is_null()) {
            expect_close(logits.grad(), as_tensor(item["grad_logits"]), 1e-12);
        }
    }
}

TEST(Lovasz, GoldenProbabilities) {
    for (const json& item : golden("lovasz_prob")["cases"]) {
        const Tensor probability = variable(item["prob"]);
        const Tensor labels = as_tensor(item["labels"]).to(torch::kUInt8).unsqueeze(0);
        const Tensor loss = lovasz_of_probability(probability.unsqueeze(0), labels, 1e-9).sum();
        EXPECT_NEAR(loss.item<double>(), item["loss"].get<double>(), 1e-11);
        loss.backward();
        expect_close(probability.grad(), as_tensor(item["grad_prob"]), 1e-11);
    }
}

TEST(Lovasz, GradientOfTheStableForm) {
    torch::manual_seed(2);
    const Tensor distance = torch::rand({2, 20}, torch::kFloat64) * 3 + 0.01;
    const Tensor labels = torch::rand({2, 20}).gt(0.5).to(torch::kUInt8);
    check_gradient([&](const Tensor& x) { return lovasz_of_distance(x, labels, 1e-9).sum(); },
                   distance);
    check_gradient(
        [&](const Tensor& x) { return lovasz_of_probability(torch::exp(-x), labels, 1e-9).sum(); },
        distance);
}

TEST(Lovasz, ProbabilityOneAndZeroAreFinite) {
    const Tensor distance = torch::tensor({{0.F, 0.F, 1e-12F, 200.F, 1e30F, 0.7F}});
    for (const int label : {0, 1}) {
        const Tensor x = distance.clone().set_requires_grad(true);
        const Tensor labels = torch::full({1, 6}, label, torch::kUInt8);
        const Tensor loss = lovasz_of_distance(x, labels, 1e-9).sum();
        loss.backward();
        EXPECT_TRUE(torch::isfinite(loss).item<bool>());
        EXPECT_TRUE(torch::isfinite(x.grad()).all().item<bool>());
        EXPECT_EQ(x.grad()[0][0].item<float>(), 0);
    }
}

TEST(Lovasz, CellsLeftOutDoNotCount) {
    const Tensor distance = torch::tensor({{0.2, 1.5, 0.4, 0.9}}, torch::kFloat64);
    const Tensor kept = torch::tensor({{0.2, 0.4, 0.9}}, torch::kFloat64);
    const Tensor labels = torch::tensor({{1, 255, 0, 1}}).to(torch::kUInt8);
    const Tensor kept_labels = torch::tensor({{1, 0, 1}}).to(torch::kUInt8);
    EXPECT_EQ(lovasz_of_distance(distance, labels, 1e-9).item<double>(),
              lovasz_of_distance(kept, kept_labels, 1e-9).item<double>());
}

// What other devices run, run on this one: every source, cells left out, ties, the limits.
TEST(Lovasz, WholeTensorFormGivesTheSame) {
    torch::manual_seed(4);
    for (const auto type : {torch::kFloat64, torch::kFloat32}) {
        const double tolerance = type == torch::kFloat64 ? 1e-10 : 1e-5;
        Tensor distance = (torch::rand({3, 40}, torch::kFloat64) * 3).to(type);
        using torch::indexing::Slice;
        distance.index_put_({0, Slice(0, 4)}, 0.0);     // probability 1
        distance.index_put_({1, Slice(0, 4)}, 1000.0);  // probability 0
        distance.index_put_({2, Slice(0, 9)}, 0.5);     // ties
        Tensor targets = torch::rand({3, 40}).gt(0.6).to(torch::kUInt8);
        targets.index_put_({Slice(), Slice(30, 34)}, static_cast<int>(kLeftOut));
        targets.index_put_({2, Slice(0, 9)}, 1);
        const LogitLimits limits = logit_limits(1e-9, type == torch::kFloat32);
        const auto same = [&](LovaszInput input, const Tensor& values, const auto& loss) {
            const Tensor x = values.clone().set_requires_grad(true);
            const Tensor losses = loss(x);
            losses.sum().backward();
            const LovaszTensors found = lovasz_by_tensor(input, values, targets, limits);
            expect_close(found.losses, losses.detach(), tolerance);
            expect_close(found.gradient, x.grad(), tolerance);
        };
        same(LovaszInput::Distance, distance,
             [&](const Tensor& x) { return lovasz_of_distance(x, targets, 1e-9); });
        same(LovaszInput::Probability, torch::exp(-distance),
             [&](const Tensor& x) { return lovasz_of_probability(x, targets, 1e-9); });
    }
    const Tensor logits = torch::randn({30}, torch::kFloat64).set_requires_grad(true);
    const Tensor labels = torch::rand({30}).gt(0.5).to(torch::kUInt8);
    const Tensor loss = lovasz_hinge(logits, labels);
    loss.backward();
    const LovaszTensors found =
        lovasz_by_tensor(LovaszInput::Logit, logits.detach().unsqueeze(0), labels.unsqueeze(0), {});
    expect_close(found.losses.squeeze(0), loss.detach(), 1e-12);
    expect_close(found.gradient.squeeze(0), logits.grad(), 1e-12);
}

TEST(Resample, Golden) {
    const json vector = golden("interpolation");
    expect_close(
        enlarge(as_tensor(vector["up2_in"]).unsqueeze(0), 2, Resampler::half_pixel).squeeze(0),
        as_tensor(vector["up2_out"]), 1e-12);
    const Tensor aligned = as_tensor(vector["aligned_in"]).unsqueeze(0);
    expect_close(resample_aligned(aligned, 2).squeeze(0), as_tensor(vector["aligned_x2"]), 1e-12);
    expect_close(resample_aligned(aligned, 4).squeeze(0), as_tensor(vector["aligned_x4"]), 1e-12);
}

// Rectangles y0, y1, x0, x1, ends exclusive.
Instances rectangles(const json& rects, std::int64_t height, std::int64_t width) {
    std::vector<Tensor> masks;
    for (const json& r : rects) {
        Tensor mask = torch::zeros({height, width}, torch::kUInt8);
        mask.slice(0, r[0].get<int>(), r[1].get<int>())
            .slice(1, r[2].get<int>(), r[3].get<int>())
            .fill_(1);
        masks.push_back(mask);
    }
    const auto count = static_cast<std::int64_t>(masks.size());
    return {torch::zeros({count, 4}), torch::ones({count}, torch::kInt64), torch::stack(masks),
            torch::ones({count}, torch::kBool)};
}

TEST(MaskLoss, Golden) {
    const json vector = golden("mask_loss");
    const Instances instances = rectangles(vector["rects"], 30, 38);
    const Tensor pixels = variable(vector["pixel_map"]);
    const Tensor q = variable(vector["q"]);
    const Tensor m = variable(vector["margin"]);
    const Tensor losses = mask_losses(pixels, {q, m, torch::arange(2)}, instances, Config());
    expect_close(losses, as_tensor(vector["per_instance"]), 1e-10);
    (0.5 * losses.mean()).backward();
    expect_close(pixels.grad(), as_tensor(vector["grad_pixel_map"]), 1e-10);
    expect_close(q.grad(), as_tensor(vector["grad_q"]), 1e-10);
    expect_close(m.grad(), as_tensor(vector["grad_margin"]), 1e-10);
}

TEST(MaskLoss, GoldenTable2) {
    const json vector = golden("table2");
    Instances instances = rectangles(vector["rects"], 32, 40);
    const Proposals one{as_tensor(vector["q"]).unsqueeze(0),
                        as_tensor(vector["margin"]).unsqueeze(0), torch::zeros({1}, torch::kInt64)};
    const Tensor loss =
        mask_losses(as_tensor(vector["pixel_map"]), one, instances, preset("table2"));
    EXPECT_NEAR(loss.item<double>(), vector["lovasz"].get<double>(), 1e-10);
    instances.labels = torch::tensor({3, 1, 2});
    const Tensor target = semantic_target(instances, 32, 40);
    EXPECT_TRUE(torch::equal(target, as_tensor(vector["semantic_target"]).to(torch::kInt64)));
}

// The heads' tensors of total_loss.json.
Tensor filled(const json& fill, std::int64_t height, std::int64_t width, int level, int image) {
    const std::int64_t channels = fill["channels"];
    const Tensor i = torch::arange(channels * height * width, torch::kFloat64);
    const double phase = fill["phase"].get<double>() + 0.7 * level + 1.3 * image;
    return (fill["base"].get<double>() +
            fill["amp"].get<double>() * torch::sin(fill["freq"].get<double>() * i + phase))
        .view({1, channels, height, width});
}

Tensor add_coordinates(const Tensor& map, std::int64_t stride) {
    Tensor out = map.clone();
    const auto axis = [&](std::int64_t cells) {
        return (torch::arange(cells, torch::kFloat64) * stride + stride / 2) / 100;
    };
    out.select(1, 0) += axis(map.size(3)).view({1, -1});
    out.select(1, 1) += axis(map.size(2)).view({-1, 1});
    return out;
}

struct TotalLossCase {
    Outputs outputs;
    std::map<std::string, std::vector<Tensor>> leaves;  // by head, level by level
    Batch batch;
};

Instances ellipses(const json& image, std::int64_t height, std::int64_t width) {
    const Tensor boxes = as_tensor(image["boxes"]);
    const Tensor y = torch::arange(height, torch::kFloat64).view({-1, 1});
    const Tensor x = torch::arange(width, torch::kFloat64).view({1, -1});
    std::vector<Tensor> masks;
    for (std::int64_t g = 0; g < boxes.size(0); ++g) {
        const Tensor box = boxes[g];
        const Tensor dx = (x - (box[0] + box[2]) / 2) / ((box[2] - box[0] + 1) / 2);
        const Tensor dy = (y - (box[1] + box[3]) / 2) / ((box[3] - box[1] + 1) / 2);
        masks.push_back(dx * dx + dy * dy <= 1);
    }
    return {boxes, as_tensor(image["labels"]).to(torch::kInt64),
            torch::stack(masks).to(torch::kUInt8), torch::ones({boxes.size(0)}, torch::kBool)};
}

TotalLossCase total_loss_case(const json& vector) {
    TotalLossCase out;
    const std::int64_t height = vector["padded_hw"][0];
    const std::int64_t width = vector["padded_hw"][1];
    const auto leaf = [&](const std::string& head, int level, std::int64_t h, std::int64_t w) {
        Tensor both = torch::cat({filled(vector["fill"][head], h, w, level, 0),
                                  filled(vector["fill"][head], h, w, level, 1)});
        if (head == "margin") {
            both = torch::exp(both);  // the vector's gradients are those of m
        }
        const Tensor variable = both.detach().clone().set_requires_grad(true);
        out.leaves[head].push_back(variable);
        return variable;
    };
    const std::vector<std::int64_t> strides{8, 16, 32, 64, 128};
    for (int level = 0; level < 5; ++level) {
        // P6 and P7 come from convolutions with stride 2: ceil(h/2).
        const std::int64_t s = strides[static_cast<std::size_t>(level)];
        const std::int64_t h = (height + s - 1) / s;
        const std::int64_t w = (width + s - 1) / s;
        const auto name = [&](const char* kind) { return network::output_name(kind, level); };
        out.outputs[name("class_logits")] = leaf("cls", level, h, w);
        out.outputs[name("box")] = torch::relu(leaf("box", level, h, w));
        out.outputs[name("centerness")] = leaf("ctr", level, h, w);
        out.outputs[name("embedding")] = add_coordinates(leaf("embed", level, h, w), s);
        const Tensor margin = leaf("margin", level, h, w);
        out.outputs[name("margin_logits")] = torch::log(margin);
        out.outputs[name("margin")] = margin;
    }
    out.outputs["pixel_embedding"] = add_coordinates(leaf("pixel", 0, height / 8, width / 8), 8);
    out.batch.images = torch::zeros({2, 3, height, width}, torch::kFloat64);
    for (const json& image : vector["images"]) {
        out.batch.instances.push_back(
            ellipses(image, vector["content_hw"][0], vector["content_hw"][1]));
    }
    return out;
}

TEST(Losses, GoldenTotal) {
    const json vector = golden("total_loss");
    TotalLossCase item = total_loss_case(vector);
    Communicator alone;
    const Losses losses = compute_losses(item.outputs, item.batch, Config(), alone,
                                         at::detail::getDefaultCPUGenerator());
    for (const auto& [name, value] : losses) {
        EXPECT_NEAR(value.item<double>(), vector[name].get<double>(), 1e-9) << name;
    }
    const Tensor sum = total(losses);
    EXPECT_NEAR(sum.item<double>(), vector["total"].get<double>(), 1e-9);
    sum.backward();
    for (auto& [head, leaves] : item.leaves) {
        for (std::size_t image = 0; image < 2; ++image) {
            const json& norms = vector["grad_norms"][head][image];
            for (std::size_t level = 0; level < leaves.size(); ++level) {
                const double norm =
                    leaves[level].grad()[static_cast<std::int64_t>(image)].norm().item<double>();
                const double expected =
                    norms.is_array() ? norms[level].get<double>() : norms.get<double>();
                EXPECT_NEAR(norm, expected, 1e-9) << head << " " << level;
            }
        }
    }
}

}  // namespace
}  // namespace embedmask::train
