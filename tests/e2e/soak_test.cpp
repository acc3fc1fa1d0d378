// Many images of many sizes through one Predictor: memory settles instead of growing.
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <iostream>
#include <random>
#include <string>

#include "embedmask/model.h"
#include "embedmask/predictor.h"

namespace embedmask {
namespace {

// EMBEDMASK_SOAK_IMAGES asks for a longer soak.
int images_to_predict() {
    const char* asked = std::getenv("EMBEDMASK_SOAK_IMAGES");
    return asked == nullptr ? 120 : std::atoi(asked);
}

double resident_megabytes() {
    std::ifstream file("/proc/self/statm");
    double total = 0;
    double resident = 0;
    file >> total >> resident;
    return resident * static_cast<double>(::sysconf(_SC_PAGESIZE)) / 1e6;
}

Image random_image(std::mt19937& random) {
    std::uniform_int_distribution<int> side(40, 400);
    const int width = side(random);
    const int height = side(random);
    Image image{{width, height}, std::vector<std::uint8_t>(3UL * width * height)};
    for (auto& value : image.rgb) {
        value = static_cast<std::uint8_t>(random() >> 24U);
    }
    return image;
}

TEST(Soak, MemorySettles) {
    const Predictor predictor(
        read_model(std::string(EMBEDMASK_SOURCE_DIR) + "/models/pedestrians.safetensors"),
        {.threads = 2, .short_side = 64, .max_side = 160});
    constexpr int kSettled = 60;  // by then every padded size has been seen
    constexpr double kAllowedMegabytes = 60;
    const int images = images_to_predict();
    ASSERT_GT(images, kSettled);
    std::mt19937 random(1);
    double settled = 0;
    for (int i = 0; i < images; ++i) {
        const Image image = random_image(random);
        const Prediction found = predictor.predict(image);
        ASSERT_EQ(found.size.width, image.size.width);
        ASSERT_EQ(found.size.height, image.size.height);
        if (i + 1 == kSettled) {
            settled = resident_megabytes();
        }
    }
    const double last = resident_megabytes();
    std::cout << "resident after " << kSettled << " images " << settled << " MB, after " << images
              << " images " << last << " MB\n";
    EXPECT_LT(last - settled, kAllowedMegabytes);
}

}  // namespace
}  // namespace embedmask
