// Images for the image tests.
#pragma once

#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "embedmask/image.h"
#include "test_data.h"

namespace embedmask::testing {

inline std::vector<std::uint8_t> from_hex(const std::string& text) {
    std::vector<std::uint8_t> bytes(text.size() / 2);
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        bytes[i] = static_cast<std::uint8_t>(std::stoi(text.substr(2 * i, 2), nullptr, 16));
    }
    return bytes;
}

/// The cases of tests/data/images/<name>.json.
inline nlohmann::json image_cases(const std::string& name) {
    std::ifstream file(data_path("images/" + name + ".json"));
    return nlohmann::json::parse(file).at("cases");
}

inline Image random_image(ImageSize size, unsigned seed) {
    std::mt19937 random(seed);
    Image image{size, std::vector<std::uint8_t>(3UL * size.width * size.height)};
    for (auto& byte : image.rgb) {
        // Many extremes, to expose overshoot and rounding.
        const auto value = random();
        byte = static_cast<std::uint8_t>((value & 0x300) == 0 ? 255 * (value & 1) : value & 255);
    }
    return image;
}

}  // namespace embedmask::testing
