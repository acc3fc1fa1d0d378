// The heads that EmbedMask adds to its detector: proposal embeddings and margins, pixel embeddings
// (spec §4.2, §4.9).
#pragma once

#include <array>
#include <string>
#include <vector>

#include "network/builder.h"
#include "network/tower.h"

namespace embedmask::network {

/// q and m at every location, from the box tower.
class ProposalHead {
public:
    explicit ProposalHead(const Config& config);
    void declare(Builder& builder) const;
    /// Adds embedding, margin_logits (training) and margin (unless fixed) of one level.
    void forward(Builder& builder, NodeId box_features, int level) const;

private:
    [[nodiscard]] NodeId embedding(Builder& builder, NodeId x, int stride) const;
    [[nodiscard]] NodeId margin_logits(Builder& builder, NodeId x, int level) const;

    const Config& config_;
    struct Names {
        std::string embed_conv;  // the 1x1 bottlenecks of "conv1_conv3"
        std::string margin_conv;
        std::string spatial;
        std::string free;
        std::string margin;          // one convolution (authors) ...
        std::string spatial_margin;  // ... or two (detectron2)
        std::string free_margin;
        std::string level_scale;
        std::string position_scale;
    } names_;
};

/// p at every cell of the P3 grid.
class PixelHead {
public:
    explicit PixelHead(const Config& config);
    void declare_branch(Builder& builder) const;
    void declare_outputs(Builder& builder) const;
    /// Adds pixel_embedding and, if enabled, semantic_logits (training only).
    void forward(Builder& builder, const std::array<NodeId, 5>& pyramid) const;

private:
    [[nodiscard]] NodeId fused_features(Builder& builder, const std::array<NodeId, 5>& p) const;
    [[nodiscard]] NodeId tower(Builder& builder, NodeId x) const;
    [[nodiscard]] NodeId block(Builder& builder, NodeId x, const std::string& name) const;
    void declare_block(Builder& builder, const std::string& name, std::int64_t in) const;

    const Config& config_;
    std::string branch_;  // prefix of refine, tower, seg_head
    std::string spatial_;
    std::string free_;
    std::string position_scale_;
    Tower gn_tower_;
};

}  // namespace embedmask::network
