// A tower: n x [conv 3x3, GroupNorm, ReLU] with the names of a torch Sequential (spec §4.1).
#pragma once

#include <string>

#include "network/builder.h"

namespace embedmask::network {

struct Tower {
    std::string name;
    std::int64_t in = 0;
    std::int64_t channels = 0;
    std::int64_t convs = 0;
    int groups = 32;
    double slope = 0;  ///< of the activation for negative values

    void declare(Builder& builder) const;
    NodeId forward(Builder& builder, NodeId x) const;
};

}  // namespace embedmask::network
