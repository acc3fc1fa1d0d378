// Benchmarks drawing and exporting the instances of one image. The limit of the overlay is reading
// and writing the image's pixels once per mask that covers them.
#include <benchmark/benchmark.h>

#include <vector>

#include "data/formats/labelme.h"
#include "embedmask/image.h"
#include "mask/id_map.h"
#include "render/overlay.h"

namespace embedmask {
namespace {

// A disc as run lengths.
Rle disc(ImageSize size, int cx, int cy, int radius) {
    Rle mask{size.height, size.width, {0}};
    bool current = false;
    for (int x = 0; x < size.width; ++x) {
        for (int y = 0; y < size.height; ++y) {
            const bool inside = (x - cx) * (x - cx) + (y - cy) * (y - cy) < radius * radius;
            if (inside != current) {
                mask.counts.push_back(0);
                current = inside;
            }
            ++mask.counts.back();
        }
    }
    return mask;
}

struct Scene {
    Image image;
    std::vector<Rle> masks;
    std::vector<render::DrawnInstance> instances;
    std::vector<data::LabeledObject> objects;  // the same, in the form for label files
};

Scene scene(ImageSize size, int count) {
    Scene result{{size, std::vector<std::uint8_t>(3UL * size.width * size.height, 90)}, {}, {}, {}};
    const int radius = size.height / 8;
    for (int i = 0; i < count; ++i) {
        const int cx = (i * 7919) % size.width;
        const int cy = (i * 104729) % size.height;
        result.masks.push_back(disc(size, cx, cy, radius));
        result.instances.push_back(
            {nullptr,
             {static_cast<float>(cx - radius), static_cast<float>(cy - radius),
              static_cast<float>(cx + radius), static_cast<float>(cy + radius)},
             "person",
             0.9F,
             0,
             render::palette_color(i)});
    }
    for (int i = 0; i < count; ++i) {
        result.instances[i].mask = &result.masks[i];
        result.objects.push_back({&result.masks[i], "person", 0, 0.9F});
    }
    return result;
}

void draw(benchmark::State& state, ImageSize size, int count) {
    const Scene input = scene(size, count);
    for (auto step : state) {
        benchmark::DoNotOptimize(render::overlay(input.image, input.instances));
    }
}
BENCHMARK_CAPTURE(draw, 640x480_10, ImageSize{640, 480}, 10)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(draw, 640x480_100, ImageSize{640, 480}, 100)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(draw, 4000x3000_10, ImageSize{4000, 3000}, 10)->Unit(benchmark::kMillisecond);

void make_id_map(benchmark::State& state) {
    const Scene input = scene({640, 480}, 10);
    for (auto step : state) {
        benchmark::DoNotOptimize(
            mask::id_map(input.image.size, mask::scored_masks(input.instances)));
    }
}
BENCHMARK(make_id_map)->Unit(benchmark::kMillisecond);

void make_labelme(benchmark::State& state) {
    const Scene input = scene({640, 480}, 10);
    for (auto step : state) {
        benchmark::DoNotOptimize(data::labelme_text("image.jpg", input.image.size, input.objects));
    }
}
BENCHMARK(make_labelme)->Unit(benchmark::kMillisecond);

void write_image(benchmark::State& state, bool png) {
    const Scene input = scene({640, 480}, 10);
    const Image image = render::overlay(input.image, input.instances);
    for (auto step : state) {
        benchmark::DoNotOptimize(png ? encode_png(image) : encode_jpeg(image));
    }
}
BENCHMARK_CAPTURE(write_image, png, true)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(write_image, jpeg, false)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace embedmask

BENCHMARK_MAIN();
