// Feature pyramid P3..P7 (spec §3.4).
#pragma once

#include <array>

#include "network/backbone.h"

namespace embedmask::network {

inline constexpr int kPyramidLevels = 5;

void declare_fpn(Builder& builder, const Config& config);
std::array<NodeId, kPyramidLevels> fpn(Builder& builder, const Config& config,
                                       const BackboneFeatures& features);

}  // namespace embedmask::network
