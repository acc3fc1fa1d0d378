#include "train/mask_proposals.h"

#include "train/flat_outputs.h"

namespace embedmask::train {
namespace {

using torch::Tensor;

// The proposal embeddings of one batch.
struct Embeddings {
    Tensor proposals;  // q (N, K, D)
    Tensor margins;    // m (N, K, D)
};

Embeddings embeddings_of(const Outputs& outputs, const Config& config) {
    const Tensor proposals = flat(outputs, "embedding");
    const Tensor margins = config.fix_margin ? torch::full_like(proposals, initial_margin(config))
                                             : flat(outputs, "margin");
    return {proposals, margins};
}

Proposals gather(const Embeddings& all, std::int64_t image, const Tensor& locations,
                 const Tensor& objects) {
    return {all.proposals[image].index_select(0, locations),
            all.margins[image].index_select(0, locations), objects};
}

// One proposal per object with a known mask: the location with the best box (§5.5).
Proposals best_proposals(const Embeddings& all, std::int64_t image, const Tensor& best,
                         const Instances& instances) {
    const Tensor objects = torch::nonzero((best >= 0) & instances.known).squeeze(1);
    return gather(all, image, best.index_select(0, objects), objects);
}

// The first generation: the mean over all assigned locations whose box fits well (§5.5 History).
Proposals mean_proposals(const Embeddings& all, std::int64_t image, const Assignment& assignment,
                         const Tensor& iou, const Tensor& best, const Instances& instances,
                         const Config& config) {
    const Tensor objects = torch::nonzero((best >= 0) & instances.known).squeeze(1);
    const Tensor own = assignment.instance.unsqueeze(0) == objects.unsqueeze(1);
    const Tensor fits = own & (iou > config.mask_proposals_iou).unsqueeze(0);
    const Tensor only_best = torch::arange(iou.size(0), objects.options()).unsqueeze(0) ==
                             best.index_select(0, objects).unsqueeze(1);
    const Tensor chosen = torch::where(fits.any(1, true), fits, only_best);
    const Tensor weights = chosen.to(all.proposals.scalar_type());
    const Tensor mean = weights / weights.sum(1, true);
    return {mean.mm(all.proposals[image]), mean.mm(all.margins[image]), objects};
}

// Two per object with a known mask, from all locations.
Proposals best_two_proposals(const Embeddings& all, std::int64_t image, const Tensor& boxes,
                             const Tensor& class_logits, const Instances& instances,
                             const Config& config, const at::Generator& random) {
    const Tensor known = torch::nonzero(instances.known).squeeze(1);
    const Tensor truth = instances.boxes.index_select(0, known);
    const Tensor labels = instances.labels.index_select(0, known) - 1;
    const auto [locations, objects] = best_two_locations(
        pairwise_iou(boxes, truth, side_offset(config)),
        torch::sigmoid(class_logits.index_select(1, labels)), config.mask_proposals_iou, random);
    return gather(all, image, locations, known.index_select(0, objects));
}

// (N, K, 4) predicted distances in pixels.
Tensor predicted_distances(const Outputs& outputs, const Locations& locations,
                           const Config& config) {
    const Tensor predicted = flat(outputs, "box").detach();
    return config.norm_reg_targets ? predicted * locations.stride.view({1, -1, 1}) : predicted;
}

std::vector<Proposals> proposals_by_box(const Embeddings& all, const Outputs& outputs,
                                        const Batch& batch, const Assigned& assigned,
                                        const Config& config, const at::Generator& random) {
    const Locations& locations = assigned.locations;
    const Tensor predicted = predicted_distances(outputs, locations, config);
    Tensor class_logits;
    if (config.mask_proposals == MaskProposals::best_two) {
        class_logits = flat(outputs, "class_logits").detach();
    }
    std::vector<Proposals> list;
    for (std::size_t i = 0; i < batch.instances.size(); ++i) {
        const auto image = static_cast<std::int64_t>(i);
        const Instances& instances = batch.instances[i];
        if (config.mask_proposals == MaskProposals::best_two) {
            list.push_back(best_two_proposals(all, image, boxes_of(locations.xy, predicted[image]),
                                              class_logits[image], instances, config, random));
            continue;
        }
        const Assignment& assignment = assigned.images[i];
        const Tensor best =
            best_locations(locations, assignment, instances, predicted[image], config);
        if (config.mask_proposals == MaskProposals::best) {
            list.push_back(best_proposals(all, image, best, instances));
        } else {
            const Tensor iou =
                assigned_iou(locations, assignment, instances, predicted[image], config);
            list.push_back(mean_proposals(all, image, assignment, iou, best, instances, config));
        }
    }
    return list;
}

// All positive locations with a known mask, at most `max_proposals` per batch (§5.7).
std::vector<Proposals> all_positive_proposals(const Embeddings& all, const Batch& batch,
                                              const Assigned& assigned, const Config& config,
                                              const at::Generator& random) {
    std::vector<Tensor> images;
    std::vector<Tensor> locations;
    for (std::size_t i = 0; i < batch.instances.size(); ++i) {
        const Tensor& instance = assigned.images[i].instance;
        Tensor usable = instance >= 0;
        if (batch.instances[i].size() > 0) {
            usable = usable & batch.instances[i].known.index_select(0, instance.clamp_min(0));
        }
        locations.push_back(torch::nonzero(usable).squeeze(1));
        images.push_back(torch::full_like(locations.back(), static_cast<std::int64_t>(i)));
    }
    Tensor image = torch::cat(images);
    Tensor location = torch::cat(locations);
    if (location.size(0) > config.max_proposals) {
        const Tensor chosen = torch::randperm(location.size(0), random, torch::kInt64)
                                  .slice(0, 0, config.max_proposals)
                                  .to(location.device());
        image = image.index_select(0, chosen);
        location = location.index_select(0, chosen);
    }
    std::vector<Proposals> list;
    for (std::size_t i = 0; i < batch.instances.size(); ++i) {
        const auto number = static_cast<std::int64_t>(i);
        const Tensor own = location.index({image == number});
        list.push_back(gather(all, number, own, assigned.images[i].instance.index_select(0, own)));
    }
    return list;
}

}  // namespace

Tensor assigned_iou(const Locations& locations, const Assignment& assignment,
                    const Instances& instances, const Tensor& predicted, const Config& config) {
    const torch::NoGradGuard no_grad;
    const Tensor assigned = assignment.instance >= 0;
    if (instances.size() == 0) {
        return torch::zeros_like(locations.stride);
    }
    const double offset = side_offset(config);
    const Tensor boxes = boxes_of(locations.xy, predicted);
    const Tensor truth = instances.boxes.index_select(0, assignment.instance.clamp_min(0));
    const Tensor low = torch::maximum(boxes.slice(1, 0, 2), truth.slice(1, 0, 2));
    const Tensor high = torch::minimum(boxes.slice(1, 2, 4), truth.slice(1, 2, 4));
    const Tensor common = (high - low + offset).clamp_min(0).prod(1);
    const Tensor total = box_areas(boxes, offset) + box_areas(truth, offset) - common;
    // Non-finite boxes match nothing; the losses report them later.
    const Tensor iou = torch::nan_to_num(common / total, 0.0, 0.0, 0.0);
    return torch::where(assigned, iou, 0.0);
}

Tensor best_locations(const Locations& locations, const Assignment& assignment,
                      const Instances& instances, const Tensor& predicted, const Config& config) {
    const torch::NoGradGuard no_grad;
    const Tensor iou = assigned_iou(locations, assignment, instances, predicted, config);
    // (G, K): -1 where the location is not assigned to the object; the first of equal values
    // counts.
    const Tensor objects = torch::arange(instances.size(), instances.labels.options());
    const Tensor own = assignment.instance.unsqueeze(0) == objects.unsqueeze(1);
    const Tensor value = torch::where(own, iou.unsqueeze(0), -1.0);
    const std::int64_t count = locations.xy.size(0);
    if (instances.size() == 0) {
        return torch::zeros({0}, instances.labels.options());
    }
    const Tensor largest = std::get<0>(value.max(1, true));
    const Tensor order = torch::arange(count, instances.labels.options());
    const Tensor first =
        std::get<0>(torch::where(value == largest, order.unsqueeze(0), count).min(1));
    return torch::where(own.any(1), first, -1);
}

std::pair<Tensor, Tensor> best_two_locations(const Tensor& iou, const Tensor& probability,
                                             double least_iou, const at::Generator& random) {
    constexpr std::int64_t kNext = 7;
    constexpr double kPower = 6;
    const torch::NoGradGuard no_grad;
    if (iou.numel() == 0) {
        const Tensor none = torch::zeros({0}, iou.options().dtype(torch::kInt64));
        return {none, none};
    }
    const auto [largest, best] = iou.max(0);
    const Tensor rank = torch::where(iou > least_iou, probability * iou.pow(kPower), 0.0)
                            .scatter(0, best.unsqueeze(0), 0.0);
    const auto [values, next] = rank.topk(std::min(kNext, rank.size(0)), 0);
    // One copy from the device, then plain loops over a few numbers.
    const Tensor first = best.cpu();
    const Tensor overlaps = (largest > 0).cpu();
    const Tensor others = next.cpu();
    const Tensor counts = (values > 0).sum(0).cpu();
    std::vector<std::int64_t> locations;
    std::vector<std::int64_t> objects;
    for (std::int64_t object = 0; object < iou.size(1); ++object) {
        if (!overlaps[object].item<bool>()) {
            continue;
        }
        locations.push_back(first[object].item<std::int64_t>());
        objects.push_back(object);
        const std::int64_t count = counts[object].item<std::int64_t>();
        if (count == 0) {
            continue;
        }
        const std::int64_t choice =
            torch::randint(count, {1}, random, torch::kInt64).item<std::int64_t>();
        locations.push_back(others[choice][object].item<std::int64_t>());
        objects.push_back(object);
    }
    const auto on_device = [&](const std::vector<std::int64_t>& list) {
        return torch::tensor(list, torch::kInt64).to(iou.device());
    };
    return {on_device(locations), on_device(objects)};
}

std::vector<Proposals> mask_proposals(const Outputs& outputs, const Batch& batch,
                                      const Assigned& assigned, const Config& config,
                                      const at::Generator& random) {
    const Embeddings all = embeddings_of(outputs, config);
    if (config.mask_proposals == MaskProposals::all_positives) {
        return all_positive_proposals(all, batch, assigned, config, random);
    }
    return proposals_by_box(all, outputs, batch, assigned, config, random);
}

}  // namespace embedmask::train
