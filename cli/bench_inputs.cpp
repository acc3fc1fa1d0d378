#include "bench_inputs.h"

#include <algorithm>
#include <random>

namespace embedmask::cli {

std::vector<float> normal_values(std::size_t count, float mean, float deviation) {
    std::mt19937 random(1);
    std::normal_distribution<float> normal(mean, deviation);
    std::vector<float> values(count);
    for (float& value : values) {
        value = normal(random);
    }
    return values;
}

std::vector<std::uint8_t> synthetic_image() {
    const ImageSize small{80, 60};
    Image noise{small, std::vector<std::uint8_t>(3UL * small.width * small.height)};
    std::mt19937 random(1);
    for (auto& value : noise.rgb) {
        value = static_cast<std::uint8_t>(random() >> 24U);
    }
    return encode_jpeg(resize(noise, {640, 480}));
}

std::vector<SyntheticObject> synthetic_objects(const mask::Geometry& geometry, std::size_t count) {
    std::mt19937 random(2);
    const auto between = [&](double low, double high) {
        return static_cast<float>(std::uniform_real_distribution<double>(low, high)(random));
    };
    const auto width = static_cast<float>(geometry.content.width);
    const auto height = static_cast<float>(geometry.content.height);
    const float scale_x = static_cast<float>(geometry.original.width) / width;
    const float scale_y = static_cast<float>(geometry.original.height) / height;
    std::vector<SyntheticObject> objects(count);
    for (auto& [box, detection] : objects) {
        box.x1 = between(0, width * 0.8);
        box.y1 = between(0, height * 0.8);
        box.x2 = std::min(box.x1 + between(30, width * 0.4), width);
        box.y2 = std::min(box.y1 + between(30, height * 0.4), height);
        detection.box =
            to_coco({box.x1 * scale_x, box.y1 * scale_y, box.x2 * scale_x, box.y2 * scale_y});
        detection.score = between(0.3, 1);
        detection.category_id = 1;
    }
    return objects;
}

}  // namespace embedmask::cli
