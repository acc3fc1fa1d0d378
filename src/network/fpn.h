// Feature pyramid P3..P7 (spec §3.4).
#pragma once

#include <vector>

#include "network/backbone.h"

namespace embedmask::network {

void declare_fpn(Builder& builder, const Config& config);
/// The levels, P3 first.
std::vector<NodeId> fpn(Builder& builder, const Config& config, const BackboneFeatures& features);

}  // namespace embedmask::network
