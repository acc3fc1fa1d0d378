#include "render/color.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <functional>

namespace embedmask::render {
namespace {

// Bright enough for dark streets, saturated enough for snow; neighbours are clearly different.
constexpr std::array<Color, 12> kPalette{{{255, 92, 56},
                                          {38, 166, 255},
                                          {255, 199, 0},
                                          {32, 201, 116},
                                          {200, 88, 255},
                                          {0, 205, 210},
                                          {255, 82, 160},
                                          {158, 214, 32},
                                          {110, 112, 255},
                                          {255, 150, 40},
                                          {226, 60, 84},
                                          {84, 224, 170}}};

struct ColorStop {
    float at;
    std::array<float, 3> rgb;
};

constexpr std::array<ColorStop, 6> kHeat{{{0.00F, {8, 8, 32}},
                                          {0.20F, {58, 16, 110}},
                                          {0.45F, {160, 32, 110}},
                                          {0.65F, {232, 88, 56}},
                                          {0.85F, {252, 178, 40}},
                                          {1.00F, {255, 250, 190}}}};

std::uint8_t to_byte(float value) {
    return static_cast<std::uint8_t>(std::clamp(value + 0.5F, 0.F, 255.F));
}

double linear(std::uint8_t value) {
    const double v = value / 255.0;
    return v <= 0.04045 ? v / 12.92 : std::pow((v + 0.055) / 1.055, 2.4);
}

}  // namespace

Color palette_color(int index) {
    const auto i = static_cast<std::size_t>(std::max(index, 0));
    const Color color = kPalette[i % kPalette.size()];
    // Later rounds are alternately darker and paler.
    const std::size_t round = i / kPalette.size() % 3;
    const auto shade = [round](std::uint8_t v) {
        const auto value = static_cast<float>(v);
        if (round == 1) {
            return to_byte(value * 0.68F);
        }
        if (round == 2) {
            return to_byte(value + (255.F - value) * 0.45F);
        }
        return v;
    };
    return {shade(color.r), shade(color.g), shade(color.b)};
}

std::vector<Color> choose_colors(std::span<const int> category_indices) {
    const bool one_category = std::adjacent_find(category_indices.begin(), category_indices.end(),
                                                 std::not_equal_to<>()) == category_indices.end();
    std::vector<Color> colors;
    colors.reserve(category_indices.size());
    for (const int category : category_indices) {
        colors.push_back(palette_color(one_category ? static_cast<int>(colors.size()) : category));
    }
    return colors;
}

Color contrasting_color(Color background) {
    const double luminance = 0.2126 * linear(background.r) + 0.7152 * linear(background.g) +
                             0.0722 * linear(background.b);
    const double with_black = (luminance + 0.05) / 0.05;
    const double with_white = 1.05 / (luminance + 0.05);
    return with_black >= with_white ? Color{0, 0, 0} : Color{255, 255, 255};
}

Color heat_color(float probability) {
    const float p = probability > 0 ? std::min(probability, 1.F) : 0.F;
    std::size_t i = 1;
    while (i + 1 < kHeat.size() && p > kHeat[i].at) {
        ++i;
    }
    const ColorStop& low = kHeat[i - 1];
    const ColorStop& high = kHeat[i];
    const float t = (p - low.at) / (high.at - low.at);
    const auto mix = [&](int c) { return to_byte(low.rgb[c] + t * (high.rgb[c] - low.rgb[c])); };
    return {mix(0), mix(1), mix(2)};
}

}  // namespace embedmask::render
