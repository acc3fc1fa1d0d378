#include "train/geometry.h"

#include <algorithm>

#include "embedmask/polygon.h"

namespace embedmask::train {
namespace {

using torch::Tensor;

constexpr std::size_t kSmallestRing = 6;  // numbers, three points

float scale_x(const Geometry& g) {
    return static_cast<float>(static_cast<double>(g.resized.width) / g.original.width);
}

float scale_y(const Geometry& g) {
    return static_cast<float>(static_cast<double>(g.resized.height) / g.original.height);
}

float offset(const Geometry& g) {
    return g.plus_one ? 1 : 0;
}

Box clipped(const Box& box, ImageSize size, float one) {
    const float right = static_cast<float>(size.width) - one;
    const float bottom = static_cast<float>(size.height) - one;
    return {std::clamp(box.x1, 0.0F, right), std::clamp(box.y1, 0.0F, bottom),
            std::clamp(box.x2, 0.0F, right), std::clamp(box.y2, 0.0F, bottom)};
}

bool is_empty(const Box& box) {
    return !(box.x2 > box.x1) || !(box.y2 > box.y1);
}

Tensor rows_of(const Rle& rle) {
    std::vector<std::uint8_t> rows = decode_rows(rle);
    return torch::from_blob(rows.data(), {rle.height, rle.width}, torch::kUInt8).clone();
}

Tensor polygon_mask(const std::vector<std::vector<double>>& rings, const Geometry& geometry) {
    std::vector<std::vector<double>> moved;
    for (const std::vector<double>& ring : rings) {
        if (ring.size() >= kSmallestRing) {
            moved.push_back(transform_ring(ring, geometry));
        }
    }
    return rows_of(rasterize_polygons(moved, geometry.resized.height, geometry.resized.width));
}

Tensor run_length_mask(const Rle& rle, const Geometry& geometry) {
    Tensor mask = rows_of(rle);
    if (geometry.resized != geometry.original) {
        const Tensor values = mask.to(torch::kFloat32).unsqueeze(0).unsqueeze(0);
        mask = at::upsample_bilinear2d(values, {geometry.resized.height, geometry.resized.width},
                                       /*align_corners=*/false)
                   .squeeze(0)
                   .squeeze(0)
                   .ge(0.5)
                   .to(torch::kUInt8);
    }
    return geometry.flipped ? mask.flip(1) : mask;
}

}  // namespace

std::optional<Box> transform_box(const CocoBox& box, const Geometry& g) {
    const float one = offset(g);
    const auto x = static_cast<float>(box.x);
    const auto y = static_cast<float>(box.y);
    Box moved = clipped({x, y, x + std::max(static_cast<float>(box.width) - one, 0.0F),
                         y + std::max(static_cast<float>(box.height) - one, 0.0F)},
                        g.original, one);
    if (is_empty(moved)) {
        return std::nullopt;
    }
    moved = {moved.x1 * scale_x(g), moved.y1 * scale_y(g), moved.x2 * scale_x(g),
             moved.y2 * scale_y(g)};
    if (g.flipped) {
        const auto width = static_cast<float>(g.resized.width);
        moved = {width - moved.x2 - one, moved.y1, width - moved.x1 - one, moved.y2};
    }
    if (g.crop_size == g.resized) {
        return moved;
    }
    const auto left = static_cast<float>(g.crop_x);
    const auto top = static_cast<float>(g.crop_y);
    moved = clipped({moved.x1 - left, moved.y1 - top, moved.x2 - left, moved.y2 - top}, g.crop_size,
                    one);
    if (is_empty(moved)) {
        return std::nullopt;
    }
    return moved;
}

std::vector<double> transform_ring(const std::vector<double>& ring, const Geometry& g) {
    const auto width = static_cast<float>(g.resized.width);
    std::vector<double> moved(ring.size() / 2 * 2);
    for (std::size_t i = 0; i + 1 < ring.size(); i += 2) {
        const float x = static_cast<float>(ring[i]) * scale_x(g);
        moved[i] = g.flipped ? width - x - offset(g) : x;
        moved[i + 1] = static_cast<float>(ring[i + 1]) * scale_y(g);
    }
    return moved;
}

std::optional<Tensor> transform_mask(const Segmentation& segmentation, const Geometry& g) {
    Tensor mask;
    if (segmentation.format == Segmentation::Format::polygons) {
        const auto& rings = segmentation.polygons;
        const bool any = std::any_of(rings.begin(), rings.end(),
                                     [](const auto& ring) { return ring.size() >= kSmallestRing; });
        if (!any) {
            return std::nullopt;
        }
        mask = polygon_mask(rings, g);
    } else {
        mask = run_length_mask(segmentation.rle, g);
    }
    return mask.slice(0, g.crop_y, g.crop_y + g.crop_size.height)
        .slice(1, g.crop_x, g.crop_x + g.crop_size.width)
        .contiguous();
}

}  // namespace embedmask::train
