#include "train/losses.h"

#include <fmt/format.h>

#include "train/detection_losses.h"
#include "train/mask_loss.h"
#include "train/targets.h"

namespace embedmask::train {
namespace {

using torch::Tensor;

constexpr int kLevels = 5;
constexpr double kSmallestNormalizer = 1e-6;

// One head output of all levels, with a row per location: (N, K, C).
Tensor flat(const Outputs& outputs, const char* kind) {
    std::vector<Tensor> levels;
    for (int level = 0; level < kLevels; ++level) {
        const Tensor& map = outputs.find(network::output_name(kind, level))->second;
        levels.push_back(map.permute({0, 2, 3, 1}).flatten(1, 2));
    }
    return torch::cat(levels, 1);
}

LevelSizes level_sizes(const Outputs& outputs) {
    LevelSizes sizes;
    for (int level = 0; level < kLevels; ++level) {
        const Tensor& map = outputs.find(network::output_name("box", level))->second;
        sizes.push_back({map.size(2), map.size(3)});
    }
    return sizes;
}

// The batch with all targets of its locations.
struct Assigned {
    Locations locations;
    std::vector<Assignment> images;
    Tensor labels;      // (N, K)
    Tensor positive;    // (N, K) bool
    Tensor ltrb;        // (P, 4), of the positives
    Tensor centerness;  // (P)
};

Assigned assign_batch(const Outputs& outputs, const Batch& batch, const Config& config) {
    Assigned all;
    all.locations = make_locations(level_sizes(outputs), config, batch.images.device());
    std::vector<Tensor> labels;
    std::vector<Tensor> ltrb;
    for (const Instances& instances : batch.instances) {
        all.images.push_back(assign(all.locations, instances, config));
        labels.push_back(all.images.back().labels);
        ltrb.push_back(all.images.back().ltrb);
    }
    all.labels = torch::stack(labels);
    all.positive = all.labels > 0;
    all.ltrb = torch::stack(ltrb).index({all.positive});
    all.centerness = centerness(all.ltrb);
    return all;
}

// P and Q of §6.1.
struct Normalizers {
    Tensor positives;
    Tensor centerness;
};

Normalizers normalizers(const Assigned& assigned, Communicator& ranks) {
    Tensor sums = torch::stack({assigned.positive.sum().to(torch::kFloat64),
                                assigned.centerness.sum().to(torch::kFloat64)});
    ranks.sum(sums);
    sums = sums / ranks.world();
    const auto type = assigned.ltrb.scalar_type();
    return {sums[0].clamp_min(1).to(type), sums[1].clamp_min(kSmallestNormalizer).to(type)};
}

// The embeddings of all heads of one batch.
struct Embeddings {
    Tensor proposals;  // q (N, K, D)
    Tensor margins;    // m (N, K, D)
    Tensor pixels;     // p (N, D, H/8, W/8)
};

Embeddings embeddings_of(const Outputs& outputs, const Config& config) {
    const Tensor proposals = flat(outputs, "embedding");
    const Tensor margins = config.fix_margin ? torch::full_like(proposals, initial_margin(config))
                                             : flat(outputs, "margin");
    return {proposals, margins, outputs.find("pixel_embedding")->second};
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

std::vector<Proposals> proposals_of_batch(const Embeddings& all, const Outputs& outputs,
                                          const Batch& batch, const Assigned& assigned,
                                          const Config& config) {
    Tensor distances = flat(outputs, "box").detach();
    if (config.norm_reg_targets) {
        distances = distances * assigned.locations.stride.view({1, -1, 1});
    }
    std::vector<Proposals> list;
    for (std::size_t i = 0; i < batch.instances.size(); ++i) {
        const auto image = static_cast<std::int64_t>(i);
        const Instances& instances = batch.instances[i];
        const Assignment& assignment = assigned.images[i];
        const Tensor best =
            best_locations(assigned.locations, assignment, instances, distances[image], config);
        if (config.mask_proposals == MaskProposals::best) {
            list.push_back(best_proposals(all, image, best, instances));
        } else {
            const Tensor iou =
                assigned_iou(assigned.locations, assignment, instances, distances[image], config);
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

// A zero connected to every head, so that all parameters get a gradient on every rank.
Tensor connection(const Outputs& outputs) {
    Tensor sum = outputs.find("pixel_embedding")->second.sum();
    for (int level = 0; level < kLevels; ++level) {
        for (const char* kind : {"embedding", "margin_logits"}) {
            const auto head = outputs.find(network::output_name(kind, level));
            if (head != outputs.end()) {
                sum = sum + head->second.sum();
            }
        }
    }
    return 0 * sum;
}

Tensor mask_loss(const Outputs& outputs, const Batch& batch, const Assigned& assigned,
                 const Config& config, const at::Generator& random) {
    Tensor connected = connection(outputs);
    if (config.mask_loss_weight <= 0) {
        return connected;
    }
    const Embeddings all = embeddings_of(outputs, config);
    const bool every = config.mask_proposals == MaskProposals::all_positives;
    const std::vector<Proposals> proposals =
        every ? all_positive_proposals(all, batch, assigned, config, random)
              : proposals_of_batch(all, outputs, batch, assigned, config);
    std::vector<Tensor> losses;  // over samples, or over images
    for (std::size_t i = 0; i < proposals.size(); ++i) {
        const Tensor image = mask_losses(all.pixels[static_cast<std::int64_t>(i)], proposals[i],
                                         batch.instances[i], config);
        if (every) {
            losses.push_back(image);
        } else {
            losses.push_back(image.size(0) > 0 ? image.mean() : image.sum());
        }
    }
    const Tensor values = every ? torch::cat(losses) : torch::stack(losses);
    const Tensor mean = values.size(0) > 0 ? values.mean() : values.sum();
    return config.mask_loss_weight * mean + connected;
}

Tensor semantic_loss(const Outputs& outputs, const Batch& batch, const Config& config) {
    std::vector<Tensor> targets;
    for (const Instances& instances : batch.instances) {
        targets.push_back(semantic_target(instances, batch.images.size(2), batch.images.size(3)));
    }
    const Tensor target = torch::stack(targets);
    const Tensor logits = outputs.find("semantic_logits")->second.permute({0, 2, 3, 1});
    const Tensor foreground = (target > 0).sum().clamp_min(1).to(logits.scalar_type());
    return config.semantic_loss_weight *
           focal_loss(logits, target, config.focal_alpha, config.focal_gamma) / foreground;
}

}  // namespace

Losses compute_losses(const Outputs& outputs, const Batch& batch, const Config& config,
                      Communicator& ranks, const at::Generator& random) {
    const Assigned assigned = assign_batch(outputs, batch, config);
    const Normalizers by = normalizers(assigned, ranks);
    Losses losses;
    losses.emplace_back("loss_cls", focal_loss(flat(outputs, "class_logits"), assigned.labels,
                                               config.focal_alpha, config.focal_gamma) /
                                        by.positives);
    // Sums over the positives: without positives they are zero and stay connected to the graph
    // (§6.4).
    constexpr double kHullEpsilon = 1e-7;
    const BoxLossOptions options{config.box_loss, config.legacy_plus_one ? kHullEpsilon : 0};
    const Tensor boxes = flat(outputs, "box").index({assigned.positive});
    losses.emplace_back(
        "loss_reg",
        (assigned.centerness * box_loss(boxes, assigned.ltrb.to(boxes), options)).sum() /
            by.centerness);
    const Tensor logits = flat(outputs, "centerness").squeeze(2).index({assigned.positive});
    losses.emplace_back("loss_centerness",
                        centerness_loss(logits, assigned.centerness.to(logits)) / by.positives);
    if (outputs.contains("pixel_embedding")) {
        losses.emplace_back("mask_loss", mask_loss(outputs, batch, assigned, config, random));
    }
    if (outputs.contains("semantic_logits")) {
        losses.emplace_back("loss_semantic", semantic_loss(outputs, batch, config));
    }
    return losses;
}

Tensor total(const Losses& losses) {
    Tensor sum;
    for (const auto& [name, value] : losses) {
        sum = sum.defined() ? sum + value : value;
    }
    return sum;
}

}  // namespace embedmask::train
