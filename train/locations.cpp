#include "train/locations.h"

#include "config/detector.h"

namespace embedmask::train {

using torch::Tensor;

Locations make_locations(const LevelSizes& sizes, const Config& config, torch::Device device) {
    const auto options = torch::TensorOptions().dtype(torch::kFloat32).device(device);
    const bool centered = detail::detector_of(config.detector).at_cell_centers;
    std::vector<Tensor> xy;
    std::vector<Tensor> stride;
    for (std::size_t level = 0; level < sizes.size(); ++level) {
        const auto [rows, columns] = sizes[level];
        const std::int64_t s = config.strides[level];
        const std::int64_t origin = centered ? s / 2 : 0;
        const Tensor x = torch::arange(columns, options) * s + origin;
        const Tensor y = torch::arange(rows, options) * s + origin;
        xy.push_back(torch::stack({x.view({1, -1}).expand({rows, columns}),
                                   y.view({-1, 1}).expand({rows, columns})},
                                  2)
                         .reshape({-1, 2}));
        stride.push_back(torch::full({rows * columns}, static_cast<double>(s), options));
    }
    return {torch::cat(xy), torch::cat(stride), sizes};
}

Assignment no_assignment(const Locations& locations, torch::ScalarType type) {
    const std::int64_t count = locations.xy.size(0);
    const auto integers = torch::TensorOptions().dtype(torch::kInt64).device(locations.xy.device());
    return {torch::zeros({count}, integers), torch::full({count}, -1, integers),
            torch::zeros({count, 4}, integers.dtype(type))};
}

Tensor distances(const Locations& locations, const Tensor& boxes) {
    const Tensor xy = locations.xy.unsqueeze(1);  // (K, 1, 2)
    const Tensor all = boxes.unsqueeze(0);        // (1, G, 4)
    return torch::cat({xy - all.slice(2, 0, 2), all.slice(2, 2, 4) - xy}, 2);
}

Tensor boxes_of(const Tensor& xy, const Tensor& distances) {
    return torch::cat({xy - distances.slice(1, 0, 2), xy + distances.slice(1, 2, 4)}, 1);
}

Tensor box_areas(const Tensor& boxes, double offset) {
    return (boxes.slice(-1, 2, 4) - boxes.slice(-1, 0, 2) + offset).prod(-1);
}

Tensor pairwise_iou(const Tensor& a, const Tensor& b, double offset) {
    const Tensor rows = a.unsqueeze(1);
    const Tensor columns = b.unsqueeze(0);
    const Tensor low = torch::maximum(rows.slice(2, 0, 2), columns.slice(2, 0, 2));
    const Tensor high = torch::minimum(rows.slice(2, 2, 4), columns.slice(2, 2, 4));
    const Tensor common = (high - low + offset).clamp_min(0).prod(2);
    const Tensor total =
        box_areas(a, offset).unsqueeze(1) + box_areas(b, offset).unsqueeze(0) - common;
    return torch::nan_to_num(common / total, 0.0, 0.0, 0.0);
}

double side_offset(const Config& config) {
    return config.legacy_plus_one ? 1 : 0;
}

}  // namespace embedmask::train
