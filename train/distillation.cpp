#include "train/distillation.h"

#include "train/flat_outputs.h"

namespace embedmask::train {
namespace {

using torch::Tensor;

// Binary cross-entropy of logits with probabilities, less the entropy of the latter.
Tensor divergence(const Tensor& logits, const Tensor& target_logits) {
    const Tensor target = torch::sigmoid(target_logits);
    const auto cross_entropy = [&](const Tensor& x) { return torch::softplus(x) - target * x; };
    return cross_entropy(logits) - cross_entropy(target_logits);
}

bool has_equal(const Outputs& a, const Outputs& b, const std::string& name) {
    const auto first = a.find(name);
    const auto second = b.find(name);
    return first != a.end() && second != b.end() && first->second.sizes() == second->second.sizes();
}

}  // namespace

Losses distillation_losses(const Outputs& student, const Outputs& teacher, const Config& config,
                           Communicator& ranks) {
    const Tensor teacher_logits = flat(teacher, "class_logits");
    const Tensor weights = std::get<0>(torch::sigmoid(teacher_logits).max(2));  // (N, K)
    Tensor total_weight = weights.sum().to(torch::kFloat64);
    ranks.sum(total_weight);
    const Tensor scale = (total_weight / ranks.world()).clamp_min(1).to(weights.scalar_type());
    const auto weighted = [&](const Tensor& values) { return (weights * values).sum() / scale; };

    Losses losses;
    losses.emplace_back(
        "loss_cls", config.teacher.class_weight *
                        weighted(divergence(flat(student, "class_logits"), teacher_logits).sum(2)));
    losses.emplace_back("loss_reg",
                        config.teacher.box_weight *
                            weighted((flat(student, "box") - flat(teacher, "box")).abs().mean(2)));
    if (student.contains(network::output_name("centerness", 0))) {
        losses.emplace_back("loss_centerness", config.teacher.class_weight *
                                                   weighted(divergence(flat(student, "centerness"),
                                                                       flat(teacher, "centerness"))
                                                                .squeeze(2)));
    }
    const std::string first = network::output_name("embedding", 0);
    if (!has_equal(student, teacher, first) || !has_equal(student, teacher, "pixel_embedding")) {
        return losses;
    }
    Tensor embedding =
        weighted((flat(student, "embedding") - flat(teacher, "embedding")).abs().mean(2));
    if (has_equal(student, teacher, network::output_name("margin", 0))) {
        const auto logarithm = [](const Outputs& outputs) {
            constexpr double kSmallest = 1e-12;
            return torch::log(flat(outputs, "margin").clamp_min(kSmallest));
        };
        embedding = embedding + weighted((logarithm(student) - logarithm(teacher)).abs().mean(2));
    }
    const auto pixels = [](const Outputs& outputs) {
        return outputs.find("pixel_embedding")->second;
    };
    embedding = embedding + (pixels(student) - pixels(teacher)).abs().mean();
    losses.emplace_back("loss_embedding", config.teacher.embedding_weight * embedding);
    return losses;
}

}  // namespace embedmask::train
