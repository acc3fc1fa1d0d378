#include "network/backbone.h"

#include <fmt/format.h>

namespace embedmask::network {
namespace {

// One bottleneck: its module names and sizes. `declare` and `forward` read the same plan, so names
// and order cannot drift apart.
struct Bottleneck {
    std::string conv[3];
    std::string norm[3];
    std::string shortcut;  // empty = identity
    std::string shortcut_norm;
    std::int64_t in = 0;
    std::int64_t width = 0;
    int stride = 1;
    bool trainable = true;
    int stage = 1;  // 1..4 = layer1..layer4
};

struct Plan {
    std::string stem;
    std::string stem_norm;
    bool stem_trainable = false;
    std::vector<Bottleneck> blocks;
};

Plan plan(const Config& config) {
    const bool detectron = config.names == "detectron2";
    Plan plan;
    plan.stem = detectron ? "backbone.bottom_up.stem.conv1" : "backbone.body.stem.conv1";
    plan.stem_norm = detectron ? plan.stem + ".norm" : "backbone.body.stem.bn1";
    plan.stem_trainable = config.backbone.freeze_at < 1;

    const int counts[4] = {3, 4, config.backbone.depth == 101 ? 23 : 6, 3};
    const int stages = config.backbone.last_stage == "c4" ? 3 : 4;
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

void declare_block(Builder& b, const Bottleneck& block) {
    const std::int64_t out = block.width * 4;
    const auto unit = [&](const std::string& conv, const std::string& norm, std::int64_t from,
                          std::int64_t to, int kernel) {
        b.declare_conv(conv, from, to, kernel, false, ConvInit::kaiming(from * kernel * kernel),
                       block.trainable);
        b.declare_frozen_batch_norm(norm, to);
    };
    if (!block.shortcut.empty()) unit(block.shortcut, block.shortcut_norm, block.in, out, 1);
    unit(block.conv[0], block.norm[0], block.in, block.width, 1);
    unit(block.conv[1], block.norm[1], block.width, block.width, 3);
    unit(block.conv[2], block.norm[2], block.width, out, 1);
}

NodeId forward_block(Builder& b, const Bottleneck& block, NodeId x, const Config& config) {
    const double epsilon = config.backbone.frozen_bn_eps;
    const int stride1 = config.backbone.stride_in_1x1 ? block.stride : 1;
    const int stride3 = config.backbone.stride_in_1x1 ? 1 : block.stride;
    const auto unit = [&](NodeId from, int i, int stride) {
        return b.frozen_batch_norm(b.conv(from, block.conv[i], stride), block.norm[i], epsilon);
    };
    NodeId shortcut = x;
    if (!block.shortcut.empty()) {
        shortcut = b.frozen_batch_norm(b.conv(x, block.shortcut, block.stride), block.shortcut_norm,
                                       epsilon);
    }
    NodeId y = b.relu(unit(x, 0, stride1));
    y = b.relu(unit(y, 1, stride3));
    y = unit(y, 2, 1);
    return b.relu(b.add(y, shortcut));
}

}  // namespace

std::vector<std::int64_t> backbone_channels(const Config& config) {
    if (config.backbone.last_stage == "c4") return {512, 1024};
    return {512, 1024, 2048};
}

void declare_backbone(Builder& builder, const Config& config) {
    const Plan modules = plan(config);
    builder.declare_conv(modules.stem, 3, 64, 7, false, ConvInit::kaiming(3 * 7 * 7),
                         modules.stem_trainable);
    builder.declare_frozen_batch_norm(modules.stem_norm, 64);
    for (const Bottleneck& block : modules.blocks) {
        declare_block(builder, block);
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
        x = forward_block(builder, block, x, config);
        const bool last_of_stage =
            i + 1 == modules.blocks.size() || modules.blocks[i + 1].stage != block.stage;
        if (last_of_stage && block.stage >= 2) features.maps.push_back(x);
    }
    return features;
}

}  // namespace embedmask::network
