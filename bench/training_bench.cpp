// Benchmarks a training step and its parts (docs/training.md).
//
// The limit of a step is the network's own forward and backward pass (`bare_network`): everything
// else of `training_step` is overhead. The limit of the mask loss is memory traffic: it reads the
// pixel map once per object, forward and backward. `naive` is the textbook implementation with
// arrays of objects x dimensions x pixels.
#include <benchmark/benchmark.h>
#include <torch/torch.h>

#include <cstdlib>
#include <filesystem>

#include "train/communicator.h"
#include "train/loader.h"
#include "train/losses.h"
#include "train/lovasz.h"
#include "train/optimizer.h"
#include "train/rbf_distance.h"
#include "train/resample.h"

namespace embedmask::train {
namespace {

using torch::Tensor;

constexpr std::int64_t kHeight = 320;
constexpr std::int64_t kWidth = 448;
constexpr std::int64_t kBatch = 2;
constexpr std::int64_t kObjects = 7;

Instances objects() {
    Tensor masks = torch::zeros({kObjects, kHeight, kWidth}, torch::kUInt8);
    std::vector<Tensor> boxes;
    for (std::int64_t g = 0; g < kObjects; ++g) {
        const std::int64_t x = 20 + 55 * g;
        const std::int64_t y = 30 + 20 * g;
        masks[g].slice(0, y, y + 120).slice(1, x, x + 60).fill_(1);
        boxes.push_back(torch::tensor({static_cast<float>(x), static_cast<float>(y),
                                       static_cast<float>(x + 59), static_cast<float>(y + 119)}));
    }
    return {torch::stack(boxes), torch::ones({kObjects}, torch::kInt64), masks,
            torch::ones({kObjects}, torch::kBool)};
}

Batch make_batch() {
    torch::manual_seed(1);
    Batch batch;
    batch.images = torch::randn({kBatch, 3, kHeight, kWidth}) * 50;
    batch.instances.assign(kBatch, objects());
    return batch;
}

std::unique_ptr<Network> make_network(const Config& config) {
    auto network = std::make_unique<Network>(network::embedmask(config));
    network->initialize(1);
    for (const network::Parameter& parameter : network->graph().parameters) {
        if (parameter.name.ends_with("running_var")) {
            network->tensor(parameter.name).fill_(1);
        }
    }
    return network;
}

Compute compute_of(const benchmark::State& state) {
    return state.range(0) != 0 ? Compute::bf16 : Compute::fp32;
}

void bare_network(benchmark::State& state) {
    const Config config = preset("r50_1x");
    const auto network = make_network(config);
    const Batch batch = make_batch();
    for (auto _ : state) {
        Tensor sum = torch::zeros({});
        for (const auto& [name, output] : network->forward(batch.images, compute_of(state))) {
            sum = sum + output.mean();
        }
        sum.backward();
    }
}
BENCHMARK(bare_network)->ArgName("bf16")->Arg(0)->Arg(1)->Unit(benchmark::kMillisecond);

void training_step(benchmark::State& state) {
    const Config config = preset("r50_1x");
    const auto network = make_network(config);
    const Batch batch = make_batch();
    Optimizer optimizer(*network, config.solver);
    Communicator alone;
    std::int64_t iteration = 0;
    for (auto _ : state) {
        optimizer.zero_grad();
        const Losses losses =
            compute_losses(network->forward(batch.images, compute_of(state)), batch, config, alone,
                           at::detail::getDefaultCPUGenerator());
        total(losses).backward();
        optimizer.clip(++iteration);
        optimizer.step(iteration);
    }
}
BENCHMARK(training_step)->ArgName("bf16")->Arg(0)->Arg(1)->Unit(benchmark::kMillisecond);

struct MaskInput {
    Tensor pixels = (torch::randn({16, kHeight / 4 * kWidth / 4}) * 0.5).set_requires_grad(true);
    Tensor embeddings = (torch::randn({kBatch * kObjects, 16}) * 0.5).set_requires_grad(true);
    Tensor margins = torch::full({kBatch * kObjects, 16}, 0.17F).set_requires_grad(true);
    Tensor targets =
        torch::rand({kBatch * kObjects, kHeight / 4 * kWidth / 4}).lt(0.1).to(torch::kUInt8);
};

// `kept_MB`: memory that each implementation keeps between forward and backward, from the shapes of
// its arrays.
void mask_loss_ours(benchmark::State& state) {
    MaskInput in;
    for (auto _ : state) {
        const Tensor distance = rbf_distance(in.pixels, in.embeddings, in.margins);
        lovasz_of_distance(distance, in.targets, 1e-9).mean().backward();
    }
    // S and its gradient: (G, J) each.
    const double cells = static_cast<double>(in.targets.numel());
    state.counters["kept_MB"] = 2 * cells * sizeof(float) / 1e6;
}
BENCHMARK(mask_loss_ours)->Unit(benchmark::kMillisecond);

void mask_loss_naive(benchmark::State& state) {
    MaskInput in;
    for (auto _ : state) {
        const Tensor difference = in.pixels.unsqueeze(0) - in.embeddings.unsqueeze(2);
        const Tensor distance = (difference.square() * in.margins.unsqueeze(2)).sum(1);
        lovasz_of_distance(distance, in.targets, 1e-9).mean().backward();
    }
    // the difference and its square are kept for backward: (G, D, J) each, in addition to S and its
    // gradient.
    const double cells = static_cast<double>(in.targets.numel());
    state.counters["kept_MB"] = (2 * 16 + 2) * cells * sizeof(float) / 1e6;
}
BENCHMARK(mask_loss_naive)->Unit(benchmark::kMillisecond);

// Batches of two real images, ready for the network; needs EMBEDMASK_DATA.
void data_pipeline(benchmark::State& state) {
    const char* folder = std::getenv("EMBEDMASK_DATA");
    if (folder == nullptr || *folder == '\0') {
        state.SkipWithError("EMBEDMASK_DATA is not set");
        return;
    }
    const std::filesystem::path data(folder);
    Config config = preset("r50_1x");
    config.data.train = {(data / "coco-mini/annotations/instances_train.json").string()};
    config.data.train_images = {(data / "coco-mini/train").string()};
    config.input.short_train = {kHeight};
    config.input.max = kWidth;
    const TrainingData training(config);
    const ImageCache cache;
    std::vector<ImageSize> sizes;
    for (const TrainingImage& image : training.images()) {
        sizes.push_back(image.size);
    }
    SamplerOptions sampling;
    sampling.batch = kBatch;
    LoaderOptions loading;
    loading.workers = state.range(0);
    Loader loader(SampleMaker(training, config, cache), Sampler(sizes, {}, sampling), config,
                  loading);
    for (auto _ : state) {
        benchmark::DoNotOptimize(loader.next());
    }
}
BENCHMARK(data_pipeline)
    ->ArgName("workers")
    ->Arg(1)
    ->Arg(2)
    ->Unit(benchmark::kMillisecond)
    ->UseRealTime();

}  // namespace
}  // namespace embedmask::train
