#include "train/fcos_losses.h"

#include "train/detection_losses.h"
#include "train/fcos_targets.h"
#include "train/flat_outputs.h"

namespace embedmask::train {
namespace {

using torch::Tensor;

constexpr double kSmallestNormalizer = 1e-6;

struct FcosTargets {
    Tensor labels;      // (N, K)
    Tensor positive;    // (N, K) bool
    Tensor ltrb;        // (P, 4), of the positives
    Tensor centerness;  // (P)
};

FcosTargets targets_of(const Assigned& assigned) {
    std::vector<Tensor> labels;
    std::vector<Tensor> ltrb;
    for (const Assignment& image : assigned.images) {
        labels.push_back(image.labels);
        ltrb.push_back(image.ltrb);
    }
    FcosTargets targets;
    targets.labels = torch::stack(labels);
    targets.positive = targets.labels > 0;
    targets.ltrb = torch::stack(ltrb).index({targets.positive});
    targets.centerness = centerness(targets.ltrb);
    return targets;
}

// P and Q of §6.1.
struct Normalizers {
    Tensor positives;
    Tensor centerness;
};

Normalizers normalizers(const FcosTargets& targets, Communicator& ranks) {
    Tensor sums = torch::stack(
        {targets.positive.sum().to(torch::kFloat64), targets.centerness.sum().to(torch::kFloat64)});
    ranks.sum(sums);
    sums = sums / ranks.world();
    const auto type = targets.ltrb.scalar_type();
    return {sums[0].clamp_min(1).to(type), sums[1].clamp_min(kSmallestNormalizer).to(type)};
}

}  // namespace

DetectorLosses fcos_losses(const Outputs& outputs, const Batch& batch, const Config& config,
                           Communicator& ranks) {
    DetectorLosses result;
    Assigned& assigned = result.assigned;
    assigned.locations = make_locations(level_sizes(outputs), config, batch.images.device());
    for (const Instances& instances : batch.instances) {
        assigned.images.push_back(assign(assigned.locations, instances, config));
    }
    const FcosTargets targets = targets_of(assigned);
    const Normalizers by = normalizers(targets, ranks);
    Losses& losses = result.losses;
    losses.emplace_back("loss_cls", focal_loss(flat(outputs, "class_logits"), targets.labels,
                                               config.focal_alpha, config.focal_gamma) /
                                        by.positives);
    // Sums over the positives: without positives they are zero and stay connected to the graph
    // (§6.4).
    constexpr double kHullEpsilon = 1e-7;
    const BoxLossOptions options{config.box_loss, config.legacy_plus_one ? kHullEpsilon : 0};
    const Tensor boxes = flat(outputs, "box").index({targets.positive});
    losses.emplace_back(
        "loss_reg", (targets.centerness * box_loss(boxes, targets.ltrb.to(boxes), options)).sum() /
                        by.centerness);
    const Tensor logits = flat(outputs, "centerness").squeeze(2).index({targets.positive});
    losses.emplace_back("loss_centerness",
                        centerness_loss(logits, targets.centerness.to(logits)) / by.positives);
    return result;
}

}  // namespace embedmask::train
