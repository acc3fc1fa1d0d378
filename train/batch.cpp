#include "train/batch.h"

namespace embedmask::train {

Instances Instances::to(torch::Device device) const {
    if (device.is_cpu()) {
        return *this;
    }
    const auto move = [&](const torch::Tensor& tensor) { return tensor.to(device, true); };
    return {move(boxes), move(labels), move(masks), move(known)};
}

}  // namespace embedmask::train
