// Benchmarks the path from embeddings to run lengths. The limit is reading the D planes of each
// window once per detection: compare the counter `planes`, which is this traffic, with the cache
// bandwidth.
#include <benchmark/benchmark.h>

#include <random>

#include "base/parallel.h"
#include "mask/coupling.h"

namespace embedmask {
namespace {

constexpr int kDims = 16;

std::vector<float> normal_values(std::size_t count) {
    std::mt19937 random(1);
    std::normal_distribution<float> normal(0, 0.5F);
    std::vector<float> values(count);
    for (float& value : values) {
        value = normal(random);
    }
    return values;
}

// Target: 100 detections of a 640x480 image in at most 10 ms.
void couple(benchmark::State& state, ImageSize image, int count, int threads) {
    const mask::Geometry geometry{image, {1066, 800}, {1088, 800}};
    const auto pixels = normal_values(std::size_t{kDims} * (1088 / 8) * (800 / 8));
    const std::vector<float> embedding(kDims, 0.0F);
    const std::vector<float> margin(kDims, 0.1F);
    std::mt19937 random(2);
    std::vector<Box> boxes;
    double cells = 0;
    for (int i = 0; i < count; ++i) {
        const auto x = static_cast<float>(random() % 850);
        const auto y = static_cast<float>(random() % 640);
        boxes.push_back({x, y, x + 30 + static_cast<float>(random() % 180),
                         y + 30 + static_cast<float>(random() % 120)});
        cells += double{boxes[i].x2 - x} * (boxes[i].y2 - y) / 16;
    }
    std::vector<Rle> masks(boxes.size());
    for (auto step : state) {
        const mask::Coupling coupling(pixels, kDims, geometry, {});
        detail::parallel_for(boxes.size(), threads, [&](std::size_t i) {
            masks[i] = coupling.mask(boxes[i], embedding, margin);
        });
        benchmark::ClobberMemory();
    }
    state.counters["planes"] = benchmark::Counter(cells * kDims * sizeof(float),
                                                  benchmark::Counter::kIsIterationInvariantRate,
                                                  benchmark::Counter::kIs1024);
}
BENCHMARK_CAPTURE(couple, 100_on_640x480, ImageSize{640, 480}, 100, 1)
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(couple, 300_on_12_megapixels, ImageSize{4000, 3000}, 300, 1)
    ->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace embedmask

BENCHMARK_MAIN();
