#include "train/fcos_targets.h"

#include <limits>

namespace embedmask::train {
namespace {

using torch::Tensor;

constexpr double kUnbounded = 1e8;  // upper end of the last level's range (§5.2)
constexpr double kInfinity = std::numeric_limits<double>::infinity();

Tensor column(const Tensor& boxes, int i) {
    return boxes.select(-1, i);
}

// Centres of the sampling regions (G, 2).
Tensor region_centers(const Instances& instances, const Config& config) {
    const Tensor& boxes = instances.boxes;
    Tensor box_centers = (boxes.slice(1, 0, 2) + boxes.slice(1, 2, 4)) / 2;
    if (config.center == SamplingCenter::box) {
        return box_centers;
    }
    // The centroid of the mask (§5.7), or of the box if the mask is unknown.
    const Tensor masks = instances.masks.to(torch::kFloat64);
    const auto options = masks.options();
    const Tensor total = masks.sum({1, 2}).clamp_min(1e-6);
    const Tensor x = (masks.sum(1) * torch::arange(masks.size(2), options)).sum(1) / total;
    const Tensor y = (masks.sum(2) * torch::arange(masks.size(1), options)).sum(1) / total;
    const Tensor centroids = torch::stack({x, y}, 1).to(torch::kFloat32);
    // An empty mask has no centroid (§11).
    const Tensor known = instances.known & (masks.sum({1, 2}) > 0);
    return torch::where(known.unsqueeze(1), centroids, box_centers);
}

// Condition 1: (K, G) bool.
Tensor inside_region(const Locations& locations, const Instances& instances, const Tensor& ltrb,
                     const Config& config) {
    if (!config.center_sampling) {
        return std::get<0>(ltrb.min(2)) > 0;
    }
    const Tensor& boxes = instances.boxes;
    const Tensor centers = region_centers(instances, config).unsqueeze(0);  // (1, G, 2)
    const Tensor reach = (locations.stride * config.center_radius).view({-1, 1, 1});
    const Tensor low = torch::maximum(centers - reach, boxes.slice(1, 0, 2).unsqueeze(0));
    const Tensor high = torch::minimum(centers + reach, boxes.slice(1, 2, 4).unsqueeze(0));
    const Tensor xy = locations.xy.unsqueeze(1);
    return ((xy > low) & (xy < high)).all(2);
}

// Condition 2: (K, G) bool. `reach` is max(l, t, r, b), the ends of a level's range are inclusive.
Tensor inside_range(const Locations& locations, const Tensor& reach, const Config& config) {
    const std::vector<std::int64_t>& split = config.size_split;
    std::vector<Tensor> low;
    std::vector<Tensor> high;
    for (std::size_t level = 0; level < locations.sizes.size(); ++level) {
        const auto [rows, columns] = locations.sizes[level];
        const auto filled = [&, count = rows * columns](double value) {
            return torch::full({count}, value, locations.xy.options());
        };
        low.push_back(filled(level == 0 ? -1.0 : static_cast<double>(split[level - 1])));
        high.push_back(
            filled(level < split.size() ? static_cast<double>(split[level]) : kUnbounded));
    }
    return (reach >= torch::cat(low).unsqueeze(1)) & (reach <= torch::cat(high).unsqueeze(1));
}

// Condition 3: (K, G) bool. Location (r, c) of a level is pixel (r·s + s/2, c·s + s/2).
Tensor inside_masks(const Locations& locations, const Instances& instances, const Config& config) {
    std::vector<Tensor> levels;
    for (std::size_t level = 0; level < locations.sizes.size(); ++level) {
        const auto [rows, columns] = locations.sizes[level];
        const std::int64_t stride = config.strides[level];
        const Tensor seen = instances.masks.slice(1, stride / 2, c10::nullopt, stride)
                                .slice(2, stride / 2, c10::nullopt, stride)
                                .slice(1, 0, rows)
                                .slice(2, 0, columns);
        const Tensor padded =
            torch::constant_pad_nd(seen, {0, columns - seen.size(2), 0, rows - seen.size(1)});
        levels.push_back(padded.reshape({instances.size(), rows * columns}));
    }
    const Tensor inside = torch::cat(levels, 1).t().to(torch::kBool);
    return inside | ~instances.known.unsqueeze(0);
}

}  // namespace

Assignment assign(const Locations& locations, const Instances& instances, const Config& config) {
    const torch::NoGradGuard no_grad;
    if (instances.size() == 0) {
        return no_assignment(locations);
    }
    const Tensor ltrb = distances(locations, instances.boxes);  // (K, G, 4)
    const Tensor reach = std::get<0>(ltrb.max(2));
    Tensor eligible =
        inside_region(locations, instances, ltrb, config) & inside_range(locations, reach, config);
    if (config.sample_in_mask) {
        eligible = eligible & inside_masks(locations, instances, config);
    }
    const Tensor area = box_areas(instances.boxes, side_offset(config));
    const Tensor cost = torch::where(eligible, area.unsqueeze(0), kInfinity);
    // argmin does not guarantee which of several equal minima it returns; the first one is
    // required.
    const Tensor smallest = std::get<0>(cost.min(1, true));
    const Tensor order = torch::arange(instances.size(), instances.labels.options());
    const Tensor winner =
        std::get<0>(torch::where(cost == smallest, order.unsqueeze(0), instances.size()).min(1));
    const Tensor positive = eligible.any(1);
    Assignment out;
    out.instance = torch::where(positive, winner, -1);
    out.labels = torch::where(positive, instances.labels.index_select(0, winner), 0);
    out.ltrb = ltrb.gather(1, winner.view({-1, 1, 1}).expand({-1, 1, 4})).squeeze(1);
    if (config.norm_reg_targets) {
        out.ltrb = out.ltrb / locations.stride.unsqueeze(1);
    }
    return out;
}

Tensor centerness(const Tensor& ltrb) {
    const Tensor left_right = torch::stack({column(ltrb, 0), column(ltrb, 2)}, 1);
    const Tensor top_bottom = torch::stack({column(ltrb, 1), column(ltrb, 3)}, 1);
    return torch::sqrt(left_right.amin(1) / left_right.amax(1) *
                       (top_bottom.amin(1) / top_bottom.amax(1)));
}

}  // namespace embedmask::train
