#include "network/bottleneck.h"

namespace embedmask::network {

void Bottleneck::declare(Builder& builder) const {
    const std::int64_t out = width * 4;
    const auto unit = [&](const std::string& conv_name, const std::string& norm_name,
                          std::int64_t from, std::int64_t to, int kernel) {
        builder.declare_conv(conv_name, from, to, kernel, false,
                             ConvInit::kaiming(from * kernel * kernel), trainable);
        builder.declare_frozen_batch_norm(norm_name, to);
    };
    if (!shortcut.empty()) {
        unit(shortcut, shortcut_norm, in, out, 1);
    }
    unit(conv[0], norm[0], in, width, 1);
    unit(conv[1], norm[1], width, width, 3);
    unit(conv[2], norm[2], width, out, 1);
}

NodeId Bottleneck::forward(Builder& builder, NodeId x, const Config::Backbone& config) const {
    const int stride1 = config.stride_in_1x1 ? stride : 1;
    const int stride3 = config.stride_in_1x1 ? 1 : stride;
    const auto unit = [&](NodeId from, int i, int conv_stride) {
        return builder.frozen_batch_norm(builder.conv(from, conv[i], conv_stride), norm[i],
                                         config.frozen_bn_eps);
    };
    NodeId skip = x;
    if (!shortcut.empty()) {
        skip = builder.frozen_batch_norm(builder.conv(x, shortcut, stride), shortcut_norm,
                                         config.frozen_bn_eps);
    }
    NodeId y = builder.relu(unit(x, 0, stride1));
    y = builder.relu(unit(y, 1, stride3));
    y = unit(y, 2, 1);
    return builder.relu(builder.add(y, skip));
}

}  // namespace embedmask::network
