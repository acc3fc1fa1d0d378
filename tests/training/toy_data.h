// Small images with coloured discs, so that training runs everywhere and takes seconds.
#pragma once

#include <cmath>
#include <filesystem>
#include <numbers>
#include <random>
#include <string>
#include <vector>

#include "base/atomic_file.h"
#include "e2e/program.h"
#include "embedmask/image.h"

namespace embedmask::testing {

struct ToyOptions {
    int images = 6;
    int first_id = 1;
    bool unknown_masks = false;
    std::vector<std::string> categories = {"disc", "blob"};
};

inline nlohmann::json circle(double x, double y, double radius) {
    nlohmann::json ring = nlohmann::json::array();
    for (int i = 0; i < 24; ++i) {
        const double angle = 2 * std::numbers::pi * i / 24;
        ring.push_back(x + radius * std::cos(angle));
        ring.push_back(y + radius * std::sin(angle));
    }
    return nlohmann::json::array({ring});
}

inline void paint(Image& image, double x, double y, double radius, int color) {
    for (int row = 0; row < image.size.height; ++row) {
        for (int column = 0; column < image.size.width; ++column) {
            if (std::hypot(column + 0.5 - x, row + 0.5 - y) > radius) {
                continue;
            }
            const auto at =
                3 * (static_cast<std::size_t>(row) * static_cast<std::size_t>(image.size.width) +
                     static_cast<std::size_t>(column));
            image.rgb[at] = color == 0 ? 230 : 30;
            image.rgb[at + 1] = 60;
            image.rgb[at + 2] = color == 0 ? 30 : 230;
        }
    }
}

/// Writes FOLDER/data.json and FOLDER/images/*.png: images of 128x96 with two discs each.
inline void write_toy_data(const std::filesystem::path& folder, const ToyOptions& options = {}) {
    using nlohmann::json;
    std::filesystem::create_directories(folder / "images");
    json data = {
        {"images", json::array()}, {"annotations", json::array()}, {"categories", json::array()}};
    for (std::size_t c = 0; c < options.categories.size(); ++c) {
        data["categories"].push_back(
            {{"id", 7 + 3 * c}, {"name", options.categories[c]}, {"supercategory", "shape"}});
    }
    std::mt19937 random(1);
    const auto between = [&](double low, double high) {
        return low + (high - low) * static_cast<double>(random()) / 4294967296.0;
    };
    int annotation = 1;
    for (int i = 0; i < options.images; ++i) {
        Image image{{128, 96}, std::vector<std::uint8_t>(128 * 96 * 3, 120)};
        for (std::uint8_t& value : image.rgb) {
            value = static_cast<std::uint8_t>(110 + random() % 20);
        }
        const int id = options.first_id + i;
        const std::string name = std::to_string(id) + ".png";
        data["images"].push_back({{"id", id}, {"width", 128}, {"height", 96}, {"file_name", name}});
        for (std::size_t k = 0; k < 2; ++k) {
            const double radius = between(14, 26);
            const double x = between(28, 100);
            const double y = between(28, 68);
            const std::size_t category = k % options.categories.size();
            paint(image, x, y, radius, static_cast<int>(category));
            data["annotations"].push_back(
                {{"id", annotation++},
                 {"image_id", id},
                 {"category_id", 7 + 3 * category},
                 {"iscrowd", 0},
                 {"area", std::numbers::pi * radius * radius},
                 {"bbox", {x - radius, y - radius, 2 * radius, 2 * radius}},
                 {"segmentation", options.unknown_masks ? json::array() : circle(x, y, radius)}});
        }
        write_png(folder / "images" / name, image);
    }
    detail::write_file_atomically(folder / "data.json", data.dump());
}

/// A network that trains in a tenth of a second per iteration.
inline const std::string kSmall =
    " lite --set fpn.channels=32 --set tower_channels=32 --set pixel_channels=32 --set "
    "tower_groups=8 --set tower_convs=1 --set embed_dim=8 --set input.short_train=[96] --set "
    "input.short_test=96 --set solver.batch=2 --set solver.lr=0.01 --set solver.warmup_iters=0 "
    "--set log_period=1 --set workers=2 --precision fp32 ";

}  // namespace embedmask::testing
