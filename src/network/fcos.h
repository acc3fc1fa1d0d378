// The FCOS detector on the feature pyramid (spec §4.1, §4.2). A second detector would need a file
// like this one and a decoder in detection/.
#pragma once

#include <array>

#include "network/builder.h"
#include "network/tower.h"

namespace embedmask::network {

class Fcos {
public:
    explicit Fcos(const Config& config);

    void declare_towers(Builder& builder) const;
    void declare_outputs(Builder& builder) const;

    /// Adds class_logits, box and centerness of one level to the graph's outputs. Returns the box
    /// tower, the input of the proposal embeddings.
    NodeId forward(Builder& builder, NodeId feature, int level) const;

private:
    [[nodiscard]] std::string scale_name(int level) const;

    const Config& config_;
    std::string prefix_;
    std::string centerness_;
    Tower class_tower_;
    Tower box_tower_;
};

}  // namespace embedmask::network
