#include "network/backbone.h"

#include <fmt/format.h>

#include "network/bottleneck.h"

namespace embedmask::network {
namespace {

// Module names and sizes; declaring and calling use the same plan, so they cannot diverge.
struct Plan {
    std::string stem;
    std::string stem_norm;
    bool stem_trainable = false;
    std::vector<Bottleneck> blocks;
};

Plan plan(const Config& config) {
    const bool detectron = config.names == ParameterNames::detectron2;
    Plan plan;
    plan.stem = detectron ? "backbone.bottom_up.stem.conv1" : "backbone.body.stem.conv1";
    plan.stem_norm = detectron ? plan.stem + ".norm" : "backbone.body.stem.bn1";
    plan.stem_trainable = config.backbone.freeze_at < 1;

    const int counts[4] = {3, 4, config.backbone.depth == 101 ? 23 : 6, 3};
    const int stages = config.backbone.last_stage == LastStage::c4 ? 3 : 4;
    std::int64_t in = 64;
    for (int stage = 1; stage <= stages; ++stage) {
        for (int k = 0; k < counts[stage - 1]; ++k) {
            Bottleneck block;
            const std::string prefix =
                detectron ? fmt::format("backbone.bottom_up.res{}.{}.", stage + 1, k)
                          : fmt::format("backbone.body.layer{}.{}.", stage, k);
            for (int i = 0; i < 3; ++i) {
                block.conv[i] = fmt::format("{}conv{}", prefix, i + 1);
                block.norm[i] =
                    detectron ? block.conv[i] + ".norm" : fmt::format("{}bn{}", prefix, i + 1);
            }
            if (k == 0) {
                block.shortcut = prefix + (detectron ? "shortcut" : "downsample.0");
                block.shortcut_norm = prefix + (detectron ? "shortcut.norm" : "downsample.1");
            }
            block.in = in;
            block.width = 32LL << stage;
            block.stride = k == 0 && stage > 1 ? 2 : 1;
            block.trainable = config.backbone.freeze_at < stage + 1;
            block.stage = stage;
            in = block.width * 4;
            plan.blocks.push_back(block);
        }
    }
    return plan;
}

}  // namespace

std::vector<std::int64_t> backbone_channels(const Config& config) {
    if (config.backbone.last_stage == LastStage::c4) {
        return {512, 1024};
    }
    return {512, 1024, 2048};
}

void declare_backbone(Builder& builder, const Config& config) {
    const Plan modules = plan(config);
    builder.declare_conv(modules.stem, 3, 64, 7, false, ConvInit::kaiming(3 * 7 * 7),
                         modules.stem_trainable);
    builder.declare_frozen_batch_norm(modules.stem_norm, 64);
    for (const Bottleneck& block : modules.blocks) {
        block.declare(builder);
    }
}

BackboneFeatures backbone(Builder& builder, const Config& config) {
    const Plan modules = plan(config);
    NodeId x = builder.conv(builder.input(), modules.stem, 2);
    x = builder.relu(
        builder.frozen_batch_norm(x, modules.stem_norm, config.backbone.frozen_bn_eps));
    x = builder.max_pool(x, 3, 2, 1);
    BackboneFeatures features;
    features.channels = backbone_channels(config);
    for (std::size_t i = 0; i < modules.blocks.size(); ++i) {
        const Bottleneck& block = modules.blocks[i];
        x = block.forward(builder, x, config.backbone);
        const bool last_of_stage =
            i + 1 == modules.blocks.size() || modules.blocks[i + 1].stage != block.stage;
        if (last_of_stage && block.stage == 1) {
            features.quarter = {x, block.width * 4};
        }
        if (last_of_stage && block.stage >= 2) {
            features.maps.push_back(x);
        }
    }
    return features;
}

}  // namespace embedmask::network
