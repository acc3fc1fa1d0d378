#include "network/activation.h"

namespace embedmask::network {

double negative_slope(const Config& config) {
    return config.head_activation == HeadActivation::leaky_relu ? 0.1 : 0;
}

NodeId activate(Builder& builder, NodeId x, const Config& config) {
    const double slope = negative_slope(config);
    return slope == 0 ? builder.relu(x) : builder.leaky_relu(x, slope);
}

}  // namespace embedmask::network
