#include "train/plan.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <numeric>

namespace embedmask::train {
namespace {

constexpr std::size_t kShownCategories = 10;

std::string category_table(const DataSummary& summary, const std::vector<Category>& categories) {
    std::vector<std::size_t> order(categories.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
        return summary.per_category[a] > summary.per_category[b];
    });
    std::string text;
    for (std::size_t i = 0; i < std::min(order.size(), kShownCategories); ++i) {
        text += fmt::format("    {:>8}  {}\n", summary.per_category[order[i]],
                            categories[order[i]].name);
    }
    if (order.size() > kShownCategories) {
        const std::size_t fewest = order.back();
        text += fmt::format("    ... and {} more categories; fewest objects: {} {}\n",
                            order.size() - kShownCategories, summary.per_category[fewest],
                            categories[fewest].name);
    }
    return text;
}

std::string network_name(const Config& config) {
    return config.detector == DetectorKind::nanodet
               ? "NanoDet-Plus-m"
               : fmt::format("ResNet-{}", config.backbone.depth);
}

}  // namespace

std::string plan_text(const Trainer& trainer, const TrainOptions& options) {
    const DataSummary& data = trainer.data().summary();
    const Config& config = trainer.config();
    const auto passes = static_cast<double>(config.solver.max_iter * config.solver.batch) /
                        static_cast<double>(std::max<std::int64_t>(data.images, 1));
    std::string text = fmt::format(
        "data      {} images, {} objects ({} crowds and {} images without objects left out, {} "
        "masks unknown)\n",
        data.images, data.objects, data.crowds, data.without_objects, data.unknown_masks);
    for (const std::string& warning : data.warnings) {
        text += fmt::format("          {}\n", warning);
    }
    text += category_table(data, trainer.data().categories());
    text += fmt::format(
        "network   {}, {} classes, {}, short side {}, {}\n"
        "schedule  {} iterations of {} images ({:.1f} passes), lr {:.4g}, {}, {} on {}\n",
        network_name(config), config.num_classes,
        has_masks(config) ? fmt::format("D = {}", config.embed_dim) : "no masks",
        fmt::join(config.input.short_train,
                  config.input.short_train_mode == ShortTrainMode::range ? " to " : ", "),
        config.freeze_detector ? "frozen detector"
                               : fmt::format("frozen stages {}", config.backbone.freeze_at),
        config.solver.max_iter, config.solver.batch, passes, config.solver.lr,
        config.solver.optimizer == OptimizerKind::adamw ? "adamw" : "sgd",
        options.compute == Compute::bf16 ? "bf16" : "fp32", options.device.str());
    const auto& steps = config.solver.steps;
    if (config.solver.schedule == ScheduleKind::steps && !steps.empty() &&
        steps.front() >= config.solver.max_iter) {
        text += fmt::format(
            "          the learning rate never drops: all of solver.steps = [{}] are past the last "
            "iteration\n",
            fmt::join(steps, ", "));
    }
    return text;
}

std::string trial_text(const Trainer::Trial& trial, const Config& config) {
    return fmt::format("measured  {:.2f} s per iteration, {:.1f} GB: the run takes about {}\n",
                       trial.seconds, trial.memory_mb / 1000,
                       duration(trial.seconds * static_cast<double>(config.solver.max_iter)));
}

}  // namespace embedmask::train
