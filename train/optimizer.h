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
    /// Returns the global gradient norm; clips the gradients to `solver.clip_norm` if that is set.
    double clip();
    /// One update with the learning rate of the 1-based `iteration`.
    void step(std::int64_t iteration);

    /// Buffers by "buffer/parameter"; empty before the first step.
    [[nodiscard]] State state() const;
    /// Error if a buffer is missing or has a different shape.
    void restore(const State& state);

    [[nodiscard]] std::vector<torch::Tensor> parameters() const;

private:
    struct Item {
        std::string name;
        torch::Tensor parameter;
        double lr_factor = 1;
        double decay = 0;
        std::map<std::string, torch::Tensor> buffers;
    };

    void sgd(Item& item, double lr);
    void adamw(Item& item, double lr, std::int64_t iteration);

    Config::Solver solver_;
    std::vector<Item> items_;
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
