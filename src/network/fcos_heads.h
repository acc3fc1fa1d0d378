// The class, box and centre-ness heads of FCOS (spec §4.1, §4.2).
#pragma once

#include <string>

#include "embedmask/config.h"
#include "network/detector.h"
#include "network/tower.h"

namespace embedmask::network {

class FcosHeads {
public:
    explicit FcosHeads(const Config& config);

    void declare(Builder& builder) const;
    /// Adds the outputs of level number `number`, and the nodes of `level` after its pyramid.
    void forward(Builder& builder, DetectorLevel& level, int number) const;

private:
    [[nodiscard]] std::string scale_name(std::size_t level) const;

    const Config& config_;
    std::string prefix_;
    std::string centerness_;
    Tower class_tower_;
    Tower box_tower_;
};

}  // namespace embedmask::network
