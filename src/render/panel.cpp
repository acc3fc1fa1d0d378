#include "render/panel.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "embedmask/error.h"
#include "render/canvas.h"

namespace embedmask::render {
namespace {

constexpr Color kPaper{24, 26, 30};
constexpr Color kInk{236, 238, 240};

// Bilinear lookup with the cells of the map as pixels stretched over the unit square.
class Sampler {
public:
    Sampler(std::span<const float> map, ImageSize size) : map_(map), size_(size) {}

    [[nodiscard]] float at(float u, float v) const {
        const float x = std::clamp(u * static_cast<float>(size_.width) - 0.5F, 0.F,
                                   static_cast<float>(size_.width - 1));
        const float y = std::clamp(v * static_cast<float>(size_.height) - 0.5F, 0.F,
                                   static_cast<float>(size_.height - 1));
        const int x0 = static_cast<int>(x);
        const int y0 = static_cast<int>(y);
        const int x1 = std::min(x0 + 1, size_.width - 1);
        const int y1 = std::min(y0 + 1, size_.height - 1);
        const float fx = x - static_cast<float>(x0);
        const float fy = y - static_cast<float>(y0);
        return (cell(x0, y0) * (1 - fx) + cell(x1, y0) * fx) * (1 - fy) +
               (cell(x0, y1) * (1 - fx) + cell(x1, y1) * fx) * fy;
    }

private:
    [[nodiscard]] float cell(int x, int y) const {
        return map_[static_cast<std::size_t>(y) * size_.width + x];
    }

    std::span<const float> map_;
    ImageSize size_;
};

void paste(Image& onto, const Image& image, int x, int y) {
    for (int row = 0; row < image.size.height; ++row) {
        const auto from =
            image.rgb.begin() + 3 * static_cast<std::ptrdiff_t>(row) * image.size.width;
        std::copy_n(
            from, 3 * static_cast<std::ptrdiff_t>(image.size.width),
            onto.rgb.begin() + 3 * (static_cast<std::ptrdiff_t>(y + row) * onto.size.width + x));
    }
}

Image scaled_to_height(const Image& image, int height) {
    const double ratio = static_cast<double>(height) / image.size.height;
    const int width = std::max(1, static_cast<int>(std::lround(image.size.width * ratio)));
    return resize(image, {width, height});
}

// The longest prefix of the text that fits.
std::string truncated_to_fit(std::string text, float height, float width) {
    while (!text.empty() && text_width(text, height) > width) {
        text.pop_back();
    }
    return text;
}

}  // namespace

Image panel(std::span<const CaptionedImage> images, const std::string& title) {
    if (images.empty()) {
        throw Error("a panel needs at least one image");
    }
    const ImageSize first = images.front().image.size;
    const bool two_columns = images.size() > 2 && first.width > first.height;
    const std::size_t columns = two_columns ? 2 : images.size();
    const float text_height = 1.3F * text_height_for(first);
    const int gap = std::max(2, static_cast<int>(text_height * 0.6F));
    const int line = static_cast<int>(std::ceil(text_height * 2.F));
    const int row_height = line + first.height + gap;

    std::vector<Image> scaled;
    std::vector<int> column_width(columns, 0);
    for (const CaptionedImage& item : images) {
        int& width = column_width[scaled.size() % columns];
        scaled.push_back(scaled_to_height(item.image, first.height));
        width = std::max(width, scaled.back().size.width);
    }
    const int rows = static_cast<int>((images.size() + columns - 1) / columns);
    const int width = std::accumulate(column_width.begin(), column_width.end(),
                                      gap * static_cast<int>(columns + 1));
    const int top = title.empty() ? 0 : line;
    Image sheet{{width, top + rows * row_height}, {}};
    sheet.rgb.resize(3 * static_cast<std::size_t>(width) * sheet.size.height);
    Canvas canvas(sheet);
    canvas.fill({0, 0, static_cast<float>(width), static_cast<float>(sheet.size.height)}, 0, kPaper,
                1.F);
    const auto write = [&](int x, int y, const std::string& text, int room) {
        canvas.text(static_cast<float>(x), static_cast<float>(y) + text_height * 0.5F, text_height,
                    truncated_to_fit(text, text_height, static_cast<float>(room)), kInk);
    };
    write(gap, 0, title, width - 2 * gap);
    int x = gap;
    for (std::size_t i = 0; i < scaled.size(); ++i) {
        if (i % columns == 0) {
            x = gap;
        }
        const int y = top + static_cast<int>(i / columns) * row_height;
        write(x, y, images[i].caption, scaled[i].size.width);
        paste(sheet, scaled[i], x, y + line);
        x += column_width[i % columns] + gap;
    }
    return sheet;
}

Image probability_image(const Image& image, std::span<const float> map, ImageSize map_size) {
    const bool fits = map_size.width > 0 && map_size.height > 0 &&
                      map.size() == static_cast<std::size_t>(map_size.width) * map_size.height;
    if (!fits) {
        throw Error(fmt::format("{} values are not a {}x{} map", map.size(), map_size.width,
                                map_size.height));
    }
    const Sampler sampler(map, map_size);
    Image result = image;
    Canvas canvas(result);
    for (int y = 0; y < image.size.height; ++y) {
        for (int x = 0; x < image.size.width; ++x) {
            const float probability =
                sampler.at((static_cast<float>(x) + 0.5F) / static_cast<float>(image.size.width),
                           (static_cast<float>(y) + 0.5F) / static_cast<float>(image.size.height));
            canvas.blend(x, y, heat_color(probability), 0.66F + 0.2F * probability);
        }
    }
    return result;
}

Image probability_panel(const Image& image, const ProbabilityMaps& maps, const std::string& title) {
    const std::vector<CaptionedImage> images{
        {"image", image},
        {"spatial-aware", probability_image(image, maps.spatial_aware, maps.map_size)},
        {"spatial-free", probability_image(image, maps.spatial_free, maps.map_size)},
        {"fused", probability_image(image, maps.fused, maps.map_size)}};
    return panel(images, title);
}

}  // namespace embedmask::render
