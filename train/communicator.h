// Communication between the devices of one training.
#pragma once

#include <torch/torch.h>

#include <memory>
#include <string>
#include <vector>

namespace embedmask::train {

/// All calls are collective: every rank must make the same calls in the same order, even with
/// nothing to contribute, or training hangs (§6.4).
class Communicator {
public:
    Communicator() = default;
    virtual ~Communicator() = default;
    Communicator(const Communicator&) = delete;
    Communicator& operator=(const Communicator&) = delete;

    [[nodiscard]] virtual int rank() const { return 0; }
    [[nodiscard]] virtual int world() const { return 1; }

    /// Replaces `tensor` by its sum over all ranks.
    virtual void sum(torch::Tensor& tensor) { (void)tensor; }
    /// Broadcasts the values of rank 0 to all ranks.
    virtual void broadcast(torch::Tensor& tensor) { (void)tensor; }

    /// Averages the gradients of `parameters` over all ranks while `backward` of `loss` is still
    /// running.
    virtual void backward(const torch::Tensor& loss, const std::vector<torch::Tensor>& parameters) {
        (void)parameters;
        loss.backward();
    }
};

}  // namespace embedmask::train
