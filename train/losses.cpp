#include "train/losses.h"

#include "train/detection_losses.h"
#include "train/distillation.h"
#include "train/mask_loss.h"
#include "train/mask_proposals.h"
#include "train/mask_targets.h"

namespace embedmask::train {
namespace {

using torch::Tensor;

// A zero connected to every head, so that all parameters get a gradient on every rank.
Tensor connection(const Outputs& outputs) {
    Tensor sum;
    for (const auto& [name, value] : outputs) {
        if (name == "pixel_embedding" || name.starts_with("embedding.") ||
            name.starts_with("margin_logits.")) {
            sum = sum.defined() ? sum + value.sum() : value.sum();
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
    const Tensor& pixels = outputs.find("pixel_embedding")->second;
    const bool every = config.mask_proposals == MaskProposals::all_positives;
    const std::vector<Proposals> proposals =
        mask_proposals(outputs, batch, assigned, config, random);
    std::vector<Tensor> losses;  // over samples, or over images
    for (std::size_t i = 0; i < proposals.size(); ++i) {
        const Tensor image = mask_losses(pixels[static_cast<std::int64_t>(i)], proposals[i],
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
                      Communicator& ranks, const at::Generator& random, const Outputs* teacher) {
    DetectorLosses detector = detector_losses(outputs, batch, config, ranks);
    Losses losses = teacher == nullptr ? std::move(detector.losses)
                                       : distillation_losses(outputs, *teacher, config, ranks);
    if (outputs.contains("pixel_embedding")) {
        losses.emplace_back("mask_loss",
                            mask_loss(outputs, batch, detector.assigned, config, random));
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
