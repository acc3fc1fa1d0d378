// SGD with momentum and AdamW over the groups of §8.1, and the average of the weights.
#pragma once

#include <torch/torch.h>

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "embedmask/config.h"
#include "train/network.h"

namespace embedmask::train {

/// Tensors by name, as stored in a checkpoint.
using State = std::map<std::string, torch::Tensor, std::less<>>;

class Optimizer {
public:
    Optimizer(const Network& network, const Config::Solver& solver);

    void zero_grad();
    /// Returns the global gradient norm of what is updated in the 1-based `iteration`; clips these
    /// gradients to `solver.clip_norm` if that is set.
    double clip(std::int64_t iteration);
    /// Whether the parameters of the detector get no update in the 1-based `iteration`
    /// (`solver.detector_start`), so that their gradients are not needed.
    [[nodiscard]] bool detector_waits(std::int64_t iteration) const;
    /// Gradients of the detector's parameters are computed or not.
    void enable_detector(bool enabled);
    /// One update with the learning rate of the 1-based `iteration`.
    void step(std::int64_t iteration);

    /// Buffers by "buffer/parameter"; empty before the first step.
    [[nodiscard]] State state() const;
    /// `iteration`: updates done so far. Error if a buffer is missing or has a different shape.
    void restore(const State& state, std::int64_t iteration);

    [[nodiscard]] std::vector<torch::Tensor> parameters() const;

private:
    struct Item {
        std::string name;
        torch::Tensor parameter;
        double lr_factor = 1;
        double decay = 0;
        std::int64_t start = 0;  // iterations without an update
        std::map<std::string, torch::Tensor> buffers;
    };

    void sgd(Item& item, double lr);
    void adamw(Item& item, double lr, std::int64_t iteration);

    Config::Solver solver_;
    std::vector<Item> items_;
    std::vector<torch::Tensor> detector_;  // its trainable parameters
};

/// Exponential moving average of all parameters and buffers. The decay is lower early on, so that
/// the random initialisation is forgotten: min(d, (1 + n)/(10 + n)) after n updates.
class WeightAverage {
public:
    WeightAverage(const Network& network, double decay);

    void update(const Network& network, std::int64_t iteration);
    [[nodiscard]] Weights weights() const;
    [[nodiscard]] State state() const;
    void restore(const State& state);

private:
    double decay_;
    State average_;
};

}  // namespace embedmask::train
