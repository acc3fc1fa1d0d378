#include "train/nanodet_targets.h"

#include <algorithm>
#include <limits>

namespace embedmask::train {
namespace {

using torch::Tensor;

// (V, G): the focal cost of the class logits (V, C), with soft label iou (V, G) for the class of
// the object and 0 for the others.
Tensor class_cost(const Tensor& logits, const Tensor& iou, const Tensor& classes) {
    const Tensor probability = torch::sigmoid(logits);
    // Cross-entropy with target t is softplus(s) − t·s.
    const Tensor as_background = torch::softplus(logits) * probability.square();
    const Tensor own = logits.index_select(1, classes);
    const Tensor own_background = as_background.index_select(1, classes);
    const Tensor cross_entropy = torch::softplus(own) - iou * own;
    const Tensor as_object = cross_entropy * (iou - probability.index_select(1, classes)).square();
    return as_background.sum(1, true) - own_background + as_object;
}

// (V, G) bool: the locations that each object chooses by cost.
Tensor cheapest(const Tensor& cost, const Tensor& iou) {
    constexpr std::int64_t kLargest = 13;
    const std::int64_t count = std::min(kLargest, iou.size(0));
    const Tensor sums = std::get<0>(iou.topk(count, 0)).sum(0);
    const Tensor numbers = sums.to(torch::kInt64).clamp_min(1);  // (G)
    const Tensor order = std::get<1>(cost.sort(/*stable=*/true, 0, /*descending=*/false));
    const Tensor rank = torch::arange(iou.size(0), order.options()).unsqueeze(1);
    const Tensor chosen = (rank < numbers.unsqueeze(0)).expand_as(order);
    return torch::zeros_like(chosen).scatter(0, order, chosen);
}

}  // namespace

SoftAssignment assign_softly(const Locations& locations, const Tensor& class_logits,
                             const Tensor& boxes, const Instances& instances) {
    constexpr double kIouFactor = 3;
    constexpr double kEpsilon = 1e-7;
    const torch::NoGradGuard no_grad;
    SoftAssignment result{no_assignment(locations, boxes.scalar_type()),
                          torch::zeros({boxes.size(0)}, boxes.options())};
    if (instances.size() == 0) {
        return result;
    }
    const Tensor ltrb = distances(locations, instances.boxes);  // (K, G, 4)
    const Tensor inside = std::get<0>(ltrb.min(2)) > 0;
    const Tensor valid = torch::nonzero(inside.any(1)).squeeze(1);  // (V)
    if (valid.size(0) == 0) {
        return result;
    }
    const Tensor iou = pairwise_iou(boxes.index_select(0, valid), instances.boxes, 0);
    const Tensor cost = class_cost(class_logits.index_select(0, valid), iou, instances.labels - 1) -
                        kIouFactor * torch::log(iou + kEpsilon);
    const Tensor chosen = cheapest(cost, iou);
    // A location chosen by one object goes to it, by several to the cheapest of all objects.
    const Tensor several = chosen.sum(1, true) > 1;
    const Tensor allowed = chosen | several;
    const Tensor order =
        std::get<1>(torch::where(allowed, cost, std::numeric_limits<double>::infinity())
                        .sort(/*stable=*/true, 1, /*descending=*/false));
    const Tensor winner = order.select(1, 0);
    const Tensor positive = chosen.any(1);
    const Tensor at = valid.index({positive});
    const Tensor object = winner.index({positive});
    result.assignment.instance.index_put_({at}, object);
    result.assignment.labels.index_put_({at}, instances.labels.index_select(0, object));
    const Tensor strides = locations.stride.index_select(0, at).unsqueeze(1);
    result.assignment.ltrb.index_put_({at},
                                      (ltrb.index({at, object}) / strides).to(boxes.scalar_type()));
    result.quality.index_put_({at},
                              iou.index({positive}).gather(1, object.unsqueeze(1)).squeeze(1));
    return result;
}

}  // namespace embedmask::train
