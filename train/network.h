// The network as libtorch runs it: one emitter for every graph (docs/architecture.md).
#pragma once

#include <torch/torch.h>

#include <map>
#include <string>
#include <vector>

#include "embedmask/graph.h"
#include "embedmask/weights.h"

namespace embedmask::train {

/// Tensors by the names of Graph::outputs, float32, NCHW.
using Outputs = std::map<std::string, torch::Tensor, std::less<>>;

/// What convolutions compute in. GroupNorm statistics, scales, exponentials and coordinates are
/// float32 in both.
enum class Compute { fp32, bf16 };

/// A Graph as a module. Parameters and buffers carry the graph's names (dots make submodules) in
/// the graph's registration order. Frozen parameters (§3.3) have requires_grad false. One thread
/// at a time.
class Network : public torch::nn::Module {
public:
    explicit Network(network::Graph graph);
    ~Network() override;
    Network(const Network&) = delete;
    Network& operator=(const Network&) = delete;

    /// Starts every parameter as the graph says (§3.4, §4.5); equal seeds give equal weights.
    void initialize(std::uint64_t seed);

    /// `images` (N, 3, H, W), normalised; H and W multiples of 32. In training mode all outputs,
    /// else those that are not training-only.
    [[nodiscard]] Outputs forward(const torch::Tensor& images, Compute compute = Compute::fp32);

    /// Copies in the weights that the graph names; Error for missing ones or other shapes.
    void load(const Weights& weights);
    /// The weights as float32 copies on the CPU.
    [[nodiscard]] Weights weights() const;

    /// By name, in registration order: parameters and buffers.
    [[nodiscard]] const torch::Tensor& tensor(const std::string& name) const {
        return tensors_.at(name);
    }
    /// The parameters that are trained, with their names, in registration order.
    [[nodiscard]] std::vector<std::pair<std::string, torch::Tensor>> trainable() const;
    [[nodiscard]] const network::Graph& graph() const { return graph_; }

    /// Moving between devices replaces tensors; this keeps the by-name view right.
    void move_to(torch::Device device);

private:
    struct Plan;  // what is known of a node before any run
    class Run;

    void register_all();
    void refresh();
    void plan();

    network::Graph graph_;
    std::map<std::string, torch::Tensor, std::less<>> tensors_;
    std::vector<Plan> plan_;
};

}  // namespace embedmask::train
