#include "train/flat_outputs.h"

namespace embedmask::train {
namespace {

// The maps of a kind, finest level first.
std::vector<torch::Tensor> levels_of(const Outputs& outputs, std::string_view kind) {
    std::vector<torch::Tensor> levels;
    for (int level = 0;; ++level) {
        const auto found = outputs.find(network::output_name(kind, level));
        if (found == outputs.end()) {
            return levels;
        }
        levels.push_back(found->second);
    }
}

}  // namespace

torch::Tensor flat(const Outputs& outputs, std::string_view kind) {
    std::vector<torch::Tensor> rows;
    for (const torch::Tensor& map : levels_of(outputs, kind)) {
        rows.push_back(map.permute({0, 2, 3, 1}).flatten(1, 2));
    }
    return torch::cat(rows, 1);
}

LevelSizes level_sizes(const Outputs& outputs) {
    LevelSizes sizes;
    for (const torch::Tensor& map : levels_of(outputs, "box")) {
        sizes.push_back({map.size(2), map.size(3)});
    }
    return sizes;
}

}  // namespace embedmask::train
