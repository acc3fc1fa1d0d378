#include "train/nanodet_losses.h"

#include "config/detector.h"
#include "train/flat_outputs.h"
#include "train/nanodet_targets.h"

namespace embedmask::train {
namespace {

using torch::Tensor;

// Weights of the author's recipe.
constexpr double kBoxWeight = 2;
constexpr double kBinsWeight = 0.25;

// The positive locations of a batch.
struct Positives {
    Tensor images;     // (P)
    Tensor locations;  // (P)
    Tensor ltrb;       // (P, 4) in strides
    Tensor boxes;      // (P, 4) of the objects, pixels
    Tensor weights;    // (P) the highest class probability, by which good predictions count more

    [[nodiscard]] Tensor of(const Tensor& rows) const { return rows.index({images, locations}); }
};

Positives positives_of(const Assigned& assigned, const Batch& batch, const Tensor& labels,
                       const Tensor& class_logits) {
    Positives positives;
    const Tensor where = torch::nonzero(labels > 0);
    positives.images = where.select(1, 0);
    positives.locations = where.select(1, 1);
    std::vector<Tensor> ltrb;
    std::vector<Tensor> boxes;
    for (std::size_t i = 0; i < assigned.images.size(); ++i) {
        const Assignment& image = assigned.images[i];
        const Tensor own = torch::nonzero(image.labels > 0).squeeze(1);
        ltrb.push_back(image.ltrb.index_select(0, own));
        boxes.push_back(
            batch.instances[i].boxes.index_select(0, image.instance.index_select(0, own)));
    }
    positives.ltrb = torch::cat(ltrb);
    positives.boxes = torch::cat(boxes);
    positives.weights = std::get<0>(torch::sigmoid(positives.of(class_logits).detach()).max(1));
    return positives;
}

struct LossScales {
    Tensor positives;
    Tensor weights;
};

LossScales loss_scales(const Positives& positives, Communicator& ranks) {
    Tensor sums =
        torch::stack({torch::tensor(static_cast<double>(positives.images.size(0)), torch::kFloat64)
                          .to(positives.images.device()),
                      positives.weights.sum().to(torch::kFloat64)});
    ranks.sum(sums);
    sums = (sums / ranks.world()).clamp_min(1).to(positives.weights.scalar_type());
    return {sums[0], sums[1]};
}

}  // namespace

Tensor quality_focal_loss(const Tensor& logits, const Tensor& labels, const Tensor& quality,
                          double beta) {
    const Tensor channels = torch::arange(1, logits.size(-1) + 1, labels.options());
    const Tensor own = labels.unsqueeze(-1) == channels;
    const Tensor target = torch::where(own, quality.unsqueeze(-1).to(logits), 0.0);
    const Tensor cross_entropy = torch::softplus(logits) - target * logits;
    return ((target - torch::sigmoid(logits)).abs().pow(beta) * cross_entropy).sum();
}

Tensor distribution_focal_loss(const Tensor& bins, const Tensor& targets) {
    const Tensor low = targets.floor();
    const Tensor index = low.to(torch::kInt64).unsqueeze(1);
    const Tensor log_p = torch::log_softmax(bins, 1);
    const Tensor part = targets - low;
    return -((1 - part) * log_p.gather(1, index).squeeze(1) +
             part * log_p.gather(1, index + 1).squeeze(1));
}

Tensor giou_loss(const Tensor& boxes, const Tensor& targets) {
    constexpr double kSmallestArea = 1e-6;
    const auto spanned = [](const Tensor& low, const Tensor& high) {
        return (high - low).clamp_min(0).prod(1);
    };
    const auto low = [](const Tensor& b) { return b.slice(1, 0, 2); };
    const auto high = [](const Tensor& b) { return b.slice(1, 2, 4); };
    const Tensor common = spanned(torch::maximum(low(boxes), low(targets)),
                                  torch::minimum(high(boxes), high(targets)));
    const Tensor united =
        (box_areas(boxes, 0) + box_areas(targets, 0) - common).clamp_min(kSmallestArea);
    const Tensor hull = spanned(torch::minimum(low(boxes), low(targets)),
                                torch::maximum(high(boxes), high(targets)))
                            .clamp_min(kSmallestArea);
    return 1 - (common / united - (hull - united) / hull);
}

DetectorLosses nanodet_losses(const Outputs& outputs, const Batch& batch, const Config& config,
                              Communicator& ranks) {
    DetectorLosses result;
    Assigned& assigned = result.assigned;
    assigned.locations = make_locations(level_sizes(outputs), config, batch.images.device());
    const Tensor class_logits = flat(outputs, "class_logits");
    const Tensor predicted =
        flat(outputs, "box") * assigned.locations.stride.view({1, -1, 1});  // pixels
    std::vector<Tensor> labels;
    std::vector<Tensor> quality;
    for (std::size_t i = 0; i < batch.instances.size(); ++i) {
        const auto image = static_cast<std::int64_t>(i);
        const Tensor boxes = boxes_of(assigned.locations.xy, predicted[image].detach());
        SoftAssignment soft = assign_softly(assigned.locations, class_logits[image].detach(), boxes,
                                            batch.instances[i]);
        labels.push_back(soft.assignment.labels);
        quality.push_back(soft.quality);
        assigned.images.push_back(std::move(soft.assignment));
    }
    const Tensor all_labels = torch::stack(labels);
    const Positives positives = positives_of(assigned, batch, all_labels, class_logits);
    const LossScales by = loss_scales(positives, ranks);
    Losses& losses = result.losses;
    losses.emplace_back("loss_cls", quality_focal_loss(class_logits, all_labels,
                                                       torch::stack(quality), config.focal_gamma) /
                                        by.positives);

    // Sums over the positives stay connected to the graph without any.
    const Tensor xy = assigned.locations.xy.index_select(0, positives.locations);
    const Tensor boxes = boxes_of(xy, positives.of(predicted));
    losses.emplace_back(
        "loss_reg",
        kBoxWeight * (positives.weights * giou_loss(boxes, positives.boxes)).sum() / by.weights);

    const Tensor flat_bins = flat(outputs, "box_bins");
    constexpr double kBelowLast = 0.1;  // targets stay below the last bin
    const Tensor targets =
        positives.ltrb.clamp(0, static_cast<double>(detail::kBoxBins - 1) - kBelowLast).flatten();
    const Tensor each =
        distribution_focal_loss(positives.of(flat_bins).reshape({-1, detail::kBoxBins}), targets);
    losses.emplace_back("loss_dfl",
                        kBinsWeight *
                            (positives.weights * each.view({-1, detail::kBoxSides}).mean(1)).sum() /
                            by.weights);
    return result;
}

}  // namespace embedmask::train
