// The head that gives every pixel an embedding (spec §4.2, §4.9).
#pragma once

#include <string>
#include <vector>

#include "network/detector.h"
#include "network/pixel_unit.h"
#include "network/tower.h"

namespace embedmask::network {

/// p at every cell of the pixel grid.
class PixelHead {
public:
    /// Both must outlive the head.
    PixelHead(const Config& config, const DetectorFeatures& detector);
    PixelHead(const Config& config, DetectorFeatures&& detector) = delete;
    void declare_branch(Builder& builder) const;
    void declare_outputs(Builder& builder) const;
    /// Adds pixel_embedding and, if enabled, semantic_logits (training only).
    void forward(Builder& builder) const;

private:
    void plan_fusion();
    void plan_tower();
    void plan_fine_stage();
    [[nodiscard]] NodeId fused_features(Builder& builder) const;
    [[nodiscard]] NodeId tower(Builder& builder, NodeId x) const;
    [[nodiscard]] NodeId fine_stage(Builder& builder, NodeId x) const;
    [[nodiscard]] NodeId pyramid(int level) const;

    const Config& config_;
    const DetectorFeatures& detector_;
    std::string branch_;  // prefix of the modules before the outputs
    std::string spatial_;
    std::string free_;
    std::string position_scale_;
    std::vector<PixelUnit> fusion_;  // of P3, P4, P5 ("p3p4p5"), or of P4, P5 ("top_down")
    Tower gn_tower_;                 // with group norm and full convolutions, else:
    std::vector<PixelUnit> tower_;   // at the stride of P3
    std::string last_;               // a convolution without norm after the tower; empty: none
    std::vector<PixelUnit>
        fine_inputs_;                  // 1x1: of the tower and of the backbone's map, for stride 4
    std::vector<PixelUnit> fine_;      // at stride 4
    std::vector<PixelUnit> semantic_;  // the auxiliary branch
    std::int64_t out_ = 0;             // channels before the outputs
};

}  // namespace embedmask::network
