#include "network/pixel_unit.h"

#include "network/activation.h"

namespace embedmask::network {
namespace {

bool uses_batch_norm(const Config& config) {
    return config.pixel_norm == PixelNorm::bn;
}

}  // namespace

void PixelUnit::declare(Builder& builder, const Config& config) const {
    const bool bn = uses_batch_norm(config);
    const std::int64_t group_inputs = depthwise ? 1 : in;
    builder.declare_conv(name + ".0", group_inputs, out, kernel, !bn,
                         ConvInit::kaiming(group_inputs * kernel * kernel));
    if (bn) {
        builder.declare_batch_norm(name + ".1", out);
    } else {
        builder.declare_group_norm(name + ".1", out);
    }
}

NodeId PixelUnit::forward(Builder& builder, NodeId x, const Config& config) const {
    x = builder.conv(x, name + ".0", 1, depthwise ? static_cast<int>(in) : 1);
    x = uses_batch_norm(config)
            ? builder.batch_norm(x, name + ".1")
            : builder.group_norm(x, name + ".1", static_cast<int>(config.tower_groups));
    return activated ? activate(builder, x, config) : x;
}

std::vector<PixelUnit> pixel_block(const Config& config, const std::string& name, std::int64_t in,
                                   std::int64_t out) {
    if (config.pixel_tower == PixelTower::conv) {
        return {{.name = name, .in = in, .out = out}};
    }
    return {{.name = name + ".dw", .in = in, .out = in, .depthwise = true},
            {.name = name + ".pw", .in = in, .out = out, .kernel = 1}};
}

}  // namespace embedmask::network
