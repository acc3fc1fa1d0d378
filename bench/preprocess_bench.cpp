// Benchmarks preprocessing of one 640x480 image to 1066x800 in a 1088x800 tensor, on one thread.
// The limit is writing the tensor's 10.4 MB.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <string>
#include <vector>

#include "embedmask/image.h"
#include "image/preprocess.h"
#include "image/resample.h"

namespace embedmask {
namespace {

constexpr ImageSize kImage{640, 480};
constexpr ImageSize kTarget{1066, 800};
constexpr ImageSize kPadded{1088, 800};
constexpr std::size_t kFloats = 3UL * kPadded.width * kPadded.height;

Image noise(ImageSize size) {
    Image image{size, std::vector<std::uint8_t>(3UL * size.width * size.height)};
    for (std::size_t i = 0; i < image.rgb.size(); ++i) {
        image.rgb[i] = static_cast<std::uint8_t>((i * 2654435761U) >> 24U);
    }
    return image;
}

void preprocess_image(benchmark::State& state, ImageSize size) {
    const Image image = noise(size);
    std::vector<float> out(kFloats);
    for (auto step : state) {
        image::preprocess(image, kTarget, {}, out.data(), kPadded);
        benchmark::ClobberMemory();
    }
    state.SetBytesProcessed(
        static_cast<std::int64_t>(state.iterations() * kFloats * sizeof(float)));
}
BENCHMARK_CAPTURE(preprocess_image, 640x480, kImage)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(preprocess_image, 4000x3000, ImageSize{4000, 3000})
    ->Unit(benchmark::kMillisecond);

// The physical limit: only writes the tensor once.
void write_tensor(benchmark::State& state) {
    std::vector<float> out(kFloats);
    float value = 0;
    for (auto step : state) {
        std::fill(out.begin(), out.end(), value++);
        benchmark::ClobberMemory();
    }
    state.SetBytesProcessed(
        static_cast<std::int64_t>(state.iterations() * kFloats * sizeof(float)));
}
BENCHMARK(write_tensor)->Unit(benchmark::kMillisecond);

void rows_by_kernel(benchmark::State& state) {
    const image::RowKernels& kernels = image::available_kernels()[state.range(0)];
    const Image image = noise(kImage);
    std::vector<float> out(kFloats);
    for (auto step : state) {
        image::RowWindow window(image, kTarget, kernels);
        float* row = out.data();
        for (int y = 0; y < kTarget.height; ++y) {
            window.advance(y);
            for (int c = 0; c < 3; ++c, row += kPadded.width) {
                kernels.vertical_normalized(window.rows(c), window.weights(), kTarget.width,
                                            {1, 100, 1}, row);
            }
        }
        benchmark::ClobberMemory();
    }
    state.SetLabel(kernels.name);
}
BENCHMARK(rows_by_kernel)
    ->DenseRange(0, static_cast<int>(image::available_kernels().size()) - 1)
    ->Unit(benchmark::kMillisecond);

void decode_jpeg_640x480(benchmark::State& state) {
    // A smooth image, since noise would measure the worst case of the entropy coder.
    Image image = resize(noise({40, 30}), kImage);
    const auto file = encode_jpeg(image, 85);
    for (auto step : state) {
        benchmark::DoNotOptimize(decode_image(file, "image"));
    }
}
BENCHMARK(decode_jpeg_640x480)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace embedmask

BENCHMARK_MAIN();
