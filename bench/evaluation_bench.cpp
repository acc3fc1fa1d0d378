// Benchmarks the evaluator and its parts on generated data (seeded), to measure the effect of
// changes. bench/pycocotools_compare.py compares with pycocotools.
#include "embedmask/evaluation.h"

#include <benchmark/benchmark.h>

#include <cmath>
#include <random>

#include "embedmask/polygon.h"

namespace embedmask {
namespace {

constexpr int kWidth = 640;
constexpr int kHeight = 480;
constexpr int kCategories = 80;

std::vector<double> outline(std::mt19937& random, double x, double y, double w, double h) {
    std::uniform_real_distribution<double> reach(0.7, 1);
    const int corners = 12 + static_cast<int>(random() % 28);
    std::vector<double> ring;
    for (int i = 0; i < corners; ++i) {
        const double angle = 2 * M_PI * i / corners;
        ring.push_back(x + w / 2 * (1 + reach(random) * std::cos(angle)));
        ring.push_back(y + h / 2 * (1 + reach(random) * std::sin(angle)));
    }
    return ring;
}

struct Files {
    Dataset dataset;
    std::vector<Result> results;
};

Files generate(int images, int truths, int detections) {
    std::mt19937 random(2020);
    std::uniform_real_distribution<double> unit(0, 1);
    Files files;
    for (int i = 0; i < images; ++i) {
        files.dataset.images.push_back({i + 1, kWidth, kHeight, ""});
    }
    for (int i = 0; i < kCategories; ++i) {
        files.dataset.categories.push_back({i + 1, "", ""});
    }
    for (int i = 0; i < truths; ++i) {
        const double side = std::exp(2.5 + 3.2 * unit(random));
        Annotation annotation;
        annotation.id = i + 1;
        annotation.image_id = 1 + i % images;
        annotation.category_id = 1 + static_cast<int>(random() % kCategories);
        annotation.box =
            CocoBox{unit(random) * (kWidth - side), unit(random) * (kHeight - side), side, side};
        annotation.area = side * side;
        annotation.segmentation.format = Segmentation::Format::polygons;
        annotation.segmentation.polygons = {
            outline(random, annotation.box->x, annotation.box->y, side, side)};
        files.dataset.annotations.push_back(std::move(annotation));
    }
    for (int i = 0; i < detections; ++i) {
        const Annotation& source = files.dataset.annotations[static_cast<std::size_t>(i % truths)];
        const auto& [x, y, w, h] = *source.box;
        Result result;
        result.image_id = source.image_id;
        result.category_id = source.category_id;
        result.score = unit(random);
        result.segmentation.format = Segmentation::Format::rle;
        result.segmentation.rle = rasterize_ring(
            outline(random, x + 5 * unit(random), y + 5 * unit(random), w, h), kHeight, kWidth);
        files.results.push_back(std::move(result));
    }
    return files;
}

void evaluation(benchmark::State& state) {
    const Files files = generate(2000, 15000, 60000);
    EvaluationOptions options;
    options.type = state.range(0) == 0 ? IouType::bbox : IouType::segm;
    options.threads = static_cast<int>(state.range(1));
    for (auto _ : state) {
        benchmark::DoNotOptimize(evaluate(files.dataset, files.results, options));
    }
}
BENCHMARK(evaluation)
    ->ArgNames({"segm", "threads"})
    ->ArgsProduct({{0, 1}, {1, 2}})
    ->Unit(benchmark::kMillisecond)
    ->UseRealTime();

void rasterize(benchmark::State& state) {
    std::mt19937 random(1);
    const auto side = static_cast<double>(state.range(0));
    const auto ring = outline(random, 20, 20, side, side);
    for (auto _ : state) {
        benchmark::DoNotOptimize(rasterize_ring(ring, kHeight, kWidth));
    }
}
BENCHMARK(rasterize)->Arg(50)->Arg(400);

void intersection(benchmark::State& state) {
    std::mt19937 random(1);
    const Rle a = rasterize_ring(outline(random, 20, 20, 300, 300), kHeight, kWidth);
    const Rle b = rasterize_ring(outline(random, 60, 40, 300, 300), kHeight, kWidth);
    for (auto _ : state) {
        benchmark::DoNotOptimize(mask_iou(a, b));
    }
}
BENCHMARK(intersection);

void compressed_string(benchmark::State& state) {
    std::mt19937 random(1);
    const Rle mask = rasterize_ring(outline(random, 20, 20, 300, 300), kHeight, kWidth);
    const std::string text = compress(mask);
    for (auto _ : state) {
        benchmark::DoNotOptimize(decompress(text, kHeight, kWidth));
    }
}
BENCHMARK(compressed_string);

}  // namespace
}  // namespace embedmask
