// Benchmarks the network alone, R-50 at 800x1088. The limit is 203.75 GMAC at the machine's
// multiply-add rate, which `embedmask bench` measures; compare it with the counter `flops`.
#include <benchmark/benchmark.h>

#include <algorithm>

#include "embedmask/config.h"
#include "engine/engine.h"
#include "network/random_weights.h"

namespace embedmask {
namespace {

constexpr std::int64_t kHeight = 800;
constexpr std::int64_t kWidth = 1088;
constexpr std::int64_t kTowers = 768;  // three towers of 256 channels read the same tensor

enum class Rewrites { none, shipped, merged_towers };

network::Network rewritten(const network::Network& plain, Rewrites rewrites) {
    switch (rewrites) {
        case Rewrites::none:
            return network::drop_training_branches(plain);
        case Rewrites::shipped:
            return network::optimize_for_inference(plain);
        case Rewrites::merged_towers:
            break;
    }
    return network::merge_sibling_convs(network::optimize_for_inference(plain), kTowers);
}

void run(benchmark::State& state, Precision precision, Rewrites rewrites, std::int64_t batch) {
    const network::Graph graph = network::embedmask(preset("g3"));
    const auto engine = engine::make_openvino_engine(
        rewritten({graph, network::random_weights(graph, 1)}, rewrites), {precision, 0, 1, {}});
    const auto request = engine->create_request();
    const auto input = request->input(batch, kHeight, kWidth);
    std::fill(input.begin(), input.end(), 0.5F);
    for (auto step : state) {
        request->start();
        request->wait();
    }
    state.SetLabel(name_of(engine->precision()));
    const auto macs = network::count_macs(graph, kHeight, kWidth) * batch;
    state.counters["flops"] = benchmark::Counter(2 * static_cast<double>(macs),
                                                 benchmark::Counter::kIsIterationInvariantRate);
}
BENCHMARK_CAPTURE(run, fp32, Precision::fp32, Rewrites::shipped, 1)
    ->Unit(benchmark::kMillisecond)
    ->UseRealTime()
    ->MinTime(3);
BENCHMARK_CAPTURE(run, fp32_no_rewrites, Precision::fp32, Rewrites::none, 1)
    ->Unit(benchmark::kMillisecond)
    ->UseRealTime()
    ->MinTime(3);
BENCHMARK_CAPTURE(run, auto, Precision::automatic, Rewrites::shipped, 1)
    -> Unit(benchmark::kMillisecond) -> UseRealTime() -> MinTime(3);
BENCHMARK_CAPTURE(run, auto_no_rewrites, Precision::automatic, Rewrites::none, 1)
    ->Unit(benchmark::kMillisecond)
    ->UseRealTime()
    ->MinTime(3);
BENCHMARK_CAPTURE(run, auto_merged_towers, Precision::automatic, Rewrites::merged_towers, 1)
    ->Unit(benchmark::kMillisecond)
    ->UseRealTime()
    ->MinTime(3);
BENCHMARK_CAPTURE(run, auto_batch_2, Precision::automatic, Rewrites::shipped, 2)
    ->Unit(benchmark::kMillisecond)
    ->UseRealTime()
    ->MinTime(3);

}  // namespace
}  // namespace embedmask

BENCHMARK_MAIN();
