// Caffe2 and Detectron blob names, as in the MSRA files R-50.pkl and R-101.pkl (spec §10.3).
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "embedmask/weights.h"

namespace embedmask::foreign {

/// Whether the tensors have Caffe2's names for a ResNet.
bool is_caffe2(const Weights& tensors);

/// "res2_0_branch2a_bn_s" → "backbone.body.layer1.0.bn1.weight"; nothing for blobs without a
/// counterpart here (the classifier, momenta, convolution biases).
std::optional<std::string> from_caffe2(std::string_view blob);

/// Whether the blob is the bias of a convolution. These are zero in all known files and have no
/// counterpart in a network whose convolutions are followed by batch norm.
bool is_caffe2_conv_bias(std::string_view blob);

}  // namespace embedmask::foreign
