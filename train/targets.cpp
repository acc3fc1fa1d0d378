#include "train/targets.h"

#include <limits>

namespace embedmask::train {
namespace {

using torch::Tensor;

constexpr double kUnbounded = 1e8;  // upper end of the last level's range (§5.2)
constexpr double kInfinity = std::numeric_limits<double>::infinity();

double box_offset(const Config& config) {
    return config.legacy_plus_one ? 1 : 0;
}

Tensor column(const Tensor& boxes, int i) {
    return boxes.select(-1, i);
}

Tensor box_area(const Tensor& boxes, double offset) {
    return (column(boxes, 2) - column(boxes, 0) + offset) *
           (column(boxes, 3) - column(boxes, 1) + offset);
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

Tensor predicted_boxes(const Locations& locations, const Tensor& pixels) {
    return torch::cat({locations.xy - pixels.slice(1, 0, 2), locations.xy + pixels.slice(1, 2, 4)},
                      1);
}

}  // namespace

Locations make_locations(const LevelSizes& sizes, const Config& config, torch::Device device) {
    const auto options = torch::TensorOptions().dtype(torch::kFloat32).device(device);
    std::vector<Tensor> xy;
    std::vector<Tensor> stride;
    std::vector<Tensor> low;
    std::vector<Tensor> high;
    for (std::size_t level = 0; level < sizes.size(); ++level) {
        const auto [rows, columns] = sizes[level];
        const std::int64_t s = config.strides[level];
        const Tensor x = torch::arange(columns, options) * s + s / 2;
        const Tensor y = torch::arange(rows, options) * s + s / 2;
        xy.push_back(torch::stack({x.view({1, -1}).expand({rows, columns}),
                                   y.view({-1, 1}).expand({rows, columns})},
                                  2)
                         .reshape({-1, 2}));
        const std::int64_t count = rows * columns;
        const auto filled = [&](double value) { return torch::full({count}, value, options); };
        stride.push_back(filled(static_cast<double>(s)));
        low.push_back(
            filled(level == 0 ? -1.0 : static_cast<double>(config.size_split[level - 1])));
        high.push_back(filled(level < config.size_split.size()
                                  ? static_cast<double>(config.size_split[level])
                                  : kUnbounded));
    }
    return {torch::cat(xy), torch::cat(stride), torch::cat(low), torch::cat(high), sizes};
}

Assignment assign(const Locations& locations, const Instances& instances, const Config& config) {
    const torch::NoGradGuard no_grad;
    const std::int64_t count = locations.xy.size(0);
    const auto device = locations.xy.device();
    if (instances.size() == 0) {
        const auto integers = torch::TensorOptions().dtype(torch::kInt64).device(device);
        return {torch::zeros({count}, integers), torch::full({count}, -1, integers),
                torch::zeros({count, 4}, locations.xy.options())};
    }
    const Tensor xy = locations.xy.unsqueeze(1);        // (K, 1, 2)
    const Tensor boxes = instances.boxes.unsqueeze(0);  // (1, G, 4)
    const Tensor ltrb = torch::cat({xy - boxes.slice(2, 0, 2), boxes.slice(2, 2, 4) - xy}, 2);
    const Tensor reach = std::get<0>(ltrb.max(2));
    Tensor eligible = inside_region(locations, instances, ltrb, config) &
                      (reach >= locations.low.unsqueeze(1)) &
                      (reach <= locations.high.unsqueeze(1));
    if (config.sample_in_mask) {
        eligible = eligible & inside_masks(locations, instances, config);
    }
    const Tensor area = box_area(instances.boxes, box_offset(config));
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

Tensor assigned_iou(const Locations& locations, const Assignment& assignment,
                    const Instances& instances, const Tensor& predicted, const Config& config) {
    const torch::NoGradGuard no_grad;
    const Tensor assigned = assignment.instance >= 0;
    if (instances.size() == 0) {
        return torch::zeros_like(locations.stride);
    }
    const double offset = box_offset(config);
    const Tensor boxes = predicted_boxes(locations, predicted);
    const Tensor truth = instances.boxes.index_select(0, assignment.instance.clamp_min(0));
    const Tensor low = torch::maximum(boxes.slice(1, 0, 2), truth.slice(1, 0, 2));
    const Tensor high = torch::minimum(boxes.slice(1, 2, 4), truth.slice(1, 2, 4));
    const Tensor common = (high - low + offset).clamp_min(0).prod(1);
    const Tensor total = box_area(boxes, offset) + box_area(truth, offset) - common;
    // Non-finite boxes match nothing; the losses report them later.
    const Tensor iou = torch::nan_to_num(common / total, 0.0, 0.0, 0.0);
    return torch::where(assigned, iou, 0.0);
}

Tensor best_locations(const Locations& locations, const Assignment& assignment,
                      const Instances& instances, const Tensor& predicted, const Config& config) {
    const torch::NoGradGuard no_grad;
    const Tensor iou = assigned_iou(locations, assignment, instances, predicted, config);
    // (G, K): -1 where the location is not assigned to the object; the first of equal values
    // counts.
    const Tensor objects = torch::arange(instances.size(), instances.labels.options());
    const Tensor own = assignment.instance.unsqueeze(0) == objects.unsqueeze(1);
    const Tensor value = torch::where(own, iou.unsqueeze(0), -1.0);
    const std::int64_t count = locations.xy.size(0);
    if (instances.size() == 0) {
        return torch::zeros({0}, instances.labels.options());
    }
    const Tensor largest = std::get<0>(value.max(1, true));
    const Tensor order = torch::arange(count, instances.labels.options());
    const Tensor first =
        std::get<0>(torch::where(value == largest, order.unsqueeze(0), count).min(1));
    return torch::where(own.any(1), first, -1);
}

Tensor quarter_masks(const Tensor& masks, std::int64_t height, std::int64_t width,
                     const Config& config) {
    const torch::NoGradGuard no_grad;
    const std::int64_t right = width - masks.size(2);
    const std::int64_t below = height - masks.size(1);
    const Tensor padded = torch::constant_pad_nd(masks, {0, right, 0, below});
    if (config.mask_target == MaskTarget::sample) {
        return padded.slice(1, 2, c10::nullopt, 4).slice(2, 2, c10::nullopt, 4).contiguous();
    }
    // Bilinear resizing to a quarter is the mean of the centre 2x2 of every 4x4 pixels.
    Tensor sum = torch::zeros({masks.size(0), height / 4, width / 4}, masks.options());
    for (const std::int64_t row : {1, 2}) {
        for (const std::int64_t column : {1, 2}) {
            sum += padded.slice(1, row, c10::nullopt, 4).slice(2, column, c10::nullopt, 4);
        }
    }
    return (sum.to(torch::kFloat32) / 4 > config.mask_target_threshold).to(torch::kUInt8);
}

Tensor semantic_target(const Instances& instances, std::int64_t height, std::int64_t width) {
    const torch::NoGradGuard no_grad;
    const auto options = instances.labels.options();
    if (instances.size() == 0) {
        return torch::zeros({height / 8, width / 8}, options);
    }
    const Tensor& masks = instances.masks;
    const Tensor padded =
        torch::constant_pad_nd(masks, {0, width - masks.size(2), 0, height - masks.size(1)});
    const Tensor cells =
        padded.slice(1, 4, c10::nullopt, 8).slice(2, 4, c10::nullopt, 8).to(torch::kBool);
    const Tensor area = masks.sum({1, 2}, false, torch::kFloat64).view({-1, 1, 1});
    const Tensor cost = torch::where(cells, area, kInfinity);
    const Tensor smallest = std::get<0>(cost.min(0, true));
    const Tensor order = torch::arange(instances.size(), options).view({-1, 1, 1});
    const Tensor winner =
        std::get<0>(torch::where(cost == smallest, order, instances.size()).min(0));
    const Tensor label = instances.labels.index_select(0, winner.flatten()).view(winner.sizes());
    return torch::where(cells.any(0), label, 0);
}

}  // namespace embedmask::train
