// A model and images for tests that take milliseconds.
#pragma once

#include <cmath>
#include <cstdint>
#include <string>

#include "embedmask/model.h"
#include "embedmask/predictor.h"
#include "engine/random_network.h"

namespace embedmask::testing {

/// A network small enough for plain loops, biased so that it detects something.
inline Model tiny_model(const char* preset_name = "lite") {
    Model model;
    model.config = preset(preset_name);
    const std::string sets[] = {"num_classes=2",         "backbone.last_stage=c4",
                                "fpn.channels=8",        "tower_channels=8",
                                "tower_groups=4",        "pixel_channels=8",
                                "tower_convs=1",         "input.short_test=32",
                                "input.max=64",          "backbone.frozen_bn_eps=1e-5",
                                "input.std=[50, 50, 50]"};
    apply_overrides(model.config, sets);
    model.categories = {{3, "cat"}, {8, "dog"}};
    model.weights = random_network(model.graph(), 4).weights;
    return model;
}

inline Image pattern(int width, int height) {
    Image image{{width, height}, {}};
    for (int i = 0; i < 3 * width * height; ++i) {
        image.rgb.push_back(static_cast<std::uint8_t>(127 + 120 * std::sin(0.37 * i)));
    }
    return image;
}

/// Plain loops, which give bit-identical results on every machine.
inline PredictorOptions reference(int streams = 1) {
    PredictorOptions options;
    options.engine = EngineKind::reference;
    options.streams = streams;
    options.threads = 2;
    return options;
}

}  // namespace embedmask::testing
