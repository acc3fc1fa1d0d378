// The head that gives every location a proposal embedding and a margin (spec §4.2, §4.9).
#pragma once

#include <string>

#include "network/detector.h"

namespace embedmask::network {

/// q and m at every location, from the detector's towers.
class ProposalHead {
public:
    /// Both must outlive the head.
    ProposalHead(const Config& config, const DetectorFeatures& detector);
    ProposalHead(const Config& config, DetectorFeatures&& detector) = delete;
    void declare(Builder& builder) const;
    /// Adds embedding, margin_logits (training) and margin (unless fixed) of one level.
    void forward(Builder& builder, int level) const;

private:
    /// Whether spatial and spatial-free margins have convolutions of their own.
    [[nodiscard]] bool has_split_margin() const;
    [[nodiscard]] std::string of_level(const std::string& name, int level) const;
    [[nodiscard]] ConvInit output_init(double bias) const;
    void declare_level(Builder& builder, int level) const;
    void declare_level_scales(Builder& builder) const;
    void declare_bottleneck(Builder& builder, const std::string& name, int level) const;
    void declare_output(Builder& builder, const std::string& name, int level, std::int64_t out,
                        double bias, std::int64_t extra_inputs = 0) const;
    void declare_embeddings(Builder& builder, int level) const;
    [[nodiscard]] NodeId input(Builder& builder, int level) const;
    [[nodiscard]] NodeId embedding(Builder& builder, NodeId x, int level) const;
    [[nodiscard]] NodeId spatial_embedding(Builder& builder, NodeId x, int level) const;
    [[nodiscard]] NodeId margin_logits(Builder& builder, NodeId x, int level) const;
    [[nodiscard]] NodeId spatial_margin_logits(Builder& builder, NodeId g, int level) const;
    [[nodiscard]] NodeId half_size(Builder& builder, int level) const;

    const Config& config_;
    const DetectorFeatures& detector_;
    std::int64_t in_ = 0;  // channels that the head reads
    struct Names {
        std::string hidden;      // the 1x1 convolution of "conv1"
        std::string embed_conv;  // the 1x1 bottlenecks of "conv1_conv3"
        std::string margin_conv;
        std::string spatial;
        std::string free;
        std::string margin;  // one convolution, or the next two
        std::string spatial_margin;
        std::string free_margin;
        std::string level_scale;
        std::string position_scale;
    } names_;
};

}  // namespace embedmask::network
