#include "train/geometry.h"

#include <algorithm>

#include "embedmask/polygon.h"

namespace embedmask::train {
namespace {

using torch::Tensor;

constexpr std::size_t kSmallestRing = 6;  // numbers, three points

double scale_x(const Geometry& g) {
    return static_cast<double>(g.resized.width) / g.original.width;
}

double scale_y(const Geometry& g) {
    return static_cast<double>(g.resized.height) / g.original.height;
}

double offset(const Geometry& g) {
    return g.plus_one ? 1 : 0;
}

Tensor rows_of(const Rle& rle) {
    std::vector<std::uint8_t> rows = decode_rows(rle);
    return torch::from_blob(rows.data(), {rle.height, rle.width}, torch::kUInt8).clone();
}

Tensor polygon_mask(const std::vector<std::vector<double>>& rings, const Geometry& geometry) {
    std::vector<std::vector<double>> moved;
    for (const std::vector<double>& ring : rings) {
        if (ring.size() >= kSmallestRing) moved.push_back(transform_ring(ring, geometry));
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

std::optional<std::array<double, 4>> transform_box(const std::array<double, 4>& box,
                                                   const Geometry& g) {
    const double one = offset(g);
    double x1 = std::clamp(box[0], 0.0, g.original.width - one);
    double y1 = std::clamp(box[1], 0.0, g.original.height - one);
    double x2 = std::clamp(box[0] + std::max(box[2] - one, 0.0), 0.0, g.original.width - one);
    double y2 = std::clamp(box[1] + std::max(box[3] - one, 0.0), 0.0, g.original.height - one);
    if (!(x2 > x1) || !(y2 > y1)) return std::nullopt;
    x1 *= scale_x(g);
    x2 *= scale_x(g);
    y1 *= scale_y(g);
    y2 *= scale_y(g);
    if (g.flipped) {
        const double left = g.resized.width - x2 - one;
        x2 = g.resized.width - x1 - one;
        x1 = left;
    }
    if (g.crop_size == g.resized) return std::array{x1, y1, x2, y2};
    x1 = std::clamp(x1 - g.crop_x, 0.0, g.crop_size.width - one);
    x2 = std::clamp(x2 - g.crop_x, 0.0, g.crop_size.width - one);
    y1 = std::clamp(y1 - g.crop_y, 0.0, g.crop_size.height - one);
    y2 = std::clamp(y2 - g.crop_y, 0.0, g.crop_size.height - one);
    if (!(x2 > x1) || !(y2 > y1)) return std::nullopt;
    return std::array{x1, y1, x2, y2};
}

std::vector<double> transform_ring(const std::vector<double>& ring, const Geometry& g) {
    std::vector<double> moved(ring.size() / 2 * 2);
    for (std::size_t i = 0; i + 1 < ring.size(); i += 2) {
        const double x = ring[i] * scale_x(g);
        moved[i] = g.flipped ? g.resized.width - x - offset(g) : x;
        moved[i + 1] = ring[i + 1] * scale_y(g);
    }
    return moved;
}

std::optional<Tensor> transform_mask(const Segmentation& segmentation, const Geometry& g) {
    Tensor mask;
    if (segmentation.form == Segmentation::Form::polygons) {
        const auto& rings = segmentation.polygons;
        const bool any = std::any_of(rings.begin(), rings.end(),
                                     [](const auto& ring) { return ring.size() >= kSmallestRing; });
        if (!any) return std::nullopt;
        mask = polygon_mask(rings, g);
    } else {
        mask = run_length_mask(segmentation.rle, g);
    }
    return mask.slice(0, g.crop_y, g.crop_y + g.crop_size.height)
        .slice(1, g.crop_x, g.crop_x + g.crop_size.width)
        .contiguous();
}

}  // namespace embedmask::train
