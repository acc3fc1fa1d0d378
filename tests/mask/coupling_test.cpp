#include "mask/coupling.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <cmath>
#include <random>

#include "embedmask/config.h"
#include "test_data.h"

namespace embedmask::mask {
namespace {

std::vector<float> flat(const nlohmann::json& value) {
    std::vector<float> out;
    if (!value.is_array()) {
        return {value.get<float>()};
    }
    for (const auto& element : value) {
        const auto part = flat(element);
        out.insert(out.end(), part.begin(), part.end());
    }
    return out;
}

struct GoldenCase {
    nlohmann::json golden = testing::golden("mask_inference");
    std::vector<float> pixels = flat(golden["pixel_map"]);
    Geometry geometry{{31, 24}, {38, 30}, {40, 32}};

    [[nodiscard]] Coupling coupling(const CouplingOptions& options) const {
        return {pixels, 4, geometry, options};
    }
};

TEST(Coupling, MasksEqualTheGoldenVector) {
    const GoldenCase c;
    const Coupling coupling = c.coupling({});
    for (std::size_t i = 0; i < 3; ++i) {
        const auto box = c.golden["boxes"][i].get<Box>();
        const Window window = coupling.window(box);
        EXPECT_EQ((std::vector{window.x1, window.y1, window.x2, window.y2}),
                  c.golden["windows"][i].get<std::vector<int>>());
        const Rle mask = coupling.mask(box, flat(c.golden["q"][i]), flat(c.golden["margin"][i]));
        EXPECT_EQ(compress(mask), c.golden["rle_string"][i].get<std::string>());
        EXPECT_EQ(area(mask), c.golden["areas"][i].get<std::uint64_t>());
    }
}

TEST(Coupling, MasksAtInputSizeEqualTheGoldenVector) {
    const GoldenCase c;
    CouplingOptions options;
    options.at_input_size = true;
    const Coupling coupling = c.coupling(options);
    EXPECT_EQ(coupling.mask_size(), (ImageSize{38, 30}));
    for (std::size_t i = 0; i < 3; ++i) {
        const Rle mask = coupling.mask(c.golden["boxes"][i].get<Box>(), flat(c.golden["q"][i]),
                                       flat(c.golden["margin"][i]));
        EXPECT_EQ(area(mask), c.golden["postprocessed_areas"][i].get<std::uint64_t>());
    }
}

TEST(Coupling, LogProbabilitiesEqualTheGoldenVector) {
    const GoldenCase c;
    const Coupling coupling = c.coupling({});
    const std::vector<float> q = flat(c.golden["q"][2]);
    const std::vector<float> m = flat(c.golden["margin"][2]);
    const Plane plane = coupling.log_probability(q, m, 0, 4);
    const Window window = coupling.window(c.golden["boxes"][2].get<Box>());
    for (int y = window.y1; y < window.y2; ++y) {
        for (int x = window.x1; x < window.x2; ++x) {
            EXPECT_NEAR(plane.values[static_cast<std::size_t>(x * plane.height + y)],
                        c.golden["log_masks"][2][y][x].get<double>(), 1e-4);
        }
    }
    // The paper's equation (3): spatial-aware times spatial-free is the fused probability.
    const Plane aware = coupling.log_probability(q, m, 0, 2);
    const Plane free = coupling.log_probability(q, m, 2, 4);
    for (std::size_t i = 0; i < plane.values.size(); ++i) {
        EXPECT_NEAR(std::exp(aware.values[i]) * std::exp(free.values[i]), std::exp(plane.values[i]),
                    1e-5);
    }
}

TEST(Coupling, PasteSizesEqualTheGoldenVector) {
    const auto golden = testing::golden("paste_size");
    for (const auto& c : golden["cases"]) {
        EXPECT_EQ(paste_size(c["mask_hw"][0], c["orig_wh"][1], c["input_wh"][1]),
                  c["paste_hw"][0].get<int>());
        EXPECT_EQ(paste_size(c["mask_hw"][1], c["orig_wh"][0], c["input_wh"][0]),
                  c["paste_hw"][1].get<int>());
    }
}

// The definition, in double, whole maps, no tricks: judge of every combination of switches.
class DenseReference {
public:
    DenseReference(const std::vector<float>& pixels, int dims, const Geometry& g,
                   const CouplingOptions& options)
        : pixels_(pixels), dims_(dims), g_(g), o_(options) {}

    // Values at the output's pixels, row-major, before thresholding.
    [[nodiscard]] std::vector<double> values(const Window& window, const std::vector<float>& q,
                                             const std::vector<float>& m) const {
        const int height = g_.padded.height / o_.pixel_stride;
        const int width = g_.padded.width / o_.pixel_stride;
        const int factor = o_.pixel_stride / 4;
        Map quarter{factor * height, factor * width, {}};
        if (o_.upsample_embedding) {
            std::vector<double> sum(static_cast<std::size_t>(quarter.h * quarter.w), 0.0);
            for (int d = 0; d < dims_; ++d) {
                Map plane{height, width, {}};
                plane.v.assign(pixels_.begin() + d * height * width,
                               pixels_.begin() + (d + 1) * height * width);
                const Map up = upsampled(plane, factor);
                for (std::size_t i = 0; i < sum.size(); ++i) {
                    sum[i] -= m[d] * (up.v[i] - q[d]) * (up.v[i] - q[d]);
                }
            }
            quarter.v = sum;
            if (!o_.log_domain) {
                exponentiate(quarter);
            }
        } else {
            Map coarse{height, width,
                       std::vector<double>(static_cast<std::size_t>(height * width), 0.0)};
            for (int d = 0; d < dims_; ++d) {
                for (int i = 0; i < height * width; ++i) {
                    const double p = pixels_[static_cast<std::size_t>(d * height * width + i)];
                    coarse.v[static_cast<std::size_t>(i)] -= m[d] * (p - q[d]) * (p - q[d]);
                }
            }
            if (!o_.log_domain) {
                exponentiate(coarse);
            }
            quarter = upsampled(coarse, factor);
        }
        for (int y = 0; y < quarter.h; ++y) {
            for (int x = 0; x < quarter.w; ++x) {
                const bool inside =
                    x >= window.x1 && x < window.x2 && y >= window.y1 && y < window.y2;
                if (!inside) {
                    quarter.v[y * quarter.w + x] = o_.log_domain ? -10 : std::exp(-10.0);
                }
            }
        }
        if (o_.aligned) {
            Map full = upsampled(quarter, 4);
            full = cropped(full, g_.content);
            return resized(full, g_.original.height, g_.original.width).v;
        }
        const Map pasted =
            resized(quarter, paste_size(quarter.h, g_.original.height, g_.content.height),
                    paste_size(quarter.w, g_.original.width, g_.content.width));
        return cropped(pasted, g_.original).v;
    }

private:
    struct Map {
        int h;
        int w;
        std::vector<double> v;

        [[nodiscard]] double lerp(double y, double x) const {
            const int y0 = std::min(static_cast<int>(y), h - 1);
            const int x0 = std::min(static_cast<int>(x), w - 1);
            const int y1 = std::min(y0 + 1, h - 1);
            const int x1 = std::min(x0 + 1, w - 1);
            const double wy = y - y0;
            const double wx = x - x0;
            return (1 - wy) * ((1 - wx) * v[y0 * w + x0] + wx * v[y0 * w + x1]) +
                   wy * ((1 - wx) * v[y1 * w + x0] + wx * v[y1 * w + x1]);
        }
    };

    static void exponentiate(Map& map) {
        for (double& value : map.v) {
            value = std::exp(value);
        }
    }

    static Map resized(const Map& in, int h, int w) {
        Map out{h, w, {}};
        for (int y = 0; y < h; ++y) {
            for (int x = 0; x < w; ++x) {
                out.v.push_back(in.lerp(std::max((y + 0.5) * in.h / h - 0.5, 0.0),
                                        std::max((x + 0.5) * in.w / w - 0.5, 0.0)));
            }
        }
        return out;
    }

    [[nodiscard]] Map upsampled(const Map& in, int f) const {
        if (!o_.aligned) {
            return resized(in, f * in.h, f * in.w);
        }
        Map out{f * in.h, f * in.w, {}};
        for (int y = 0; y < out.h; ++y) {
            for (int x = 0; x < out.w; ++x) {
                out.v.push_back(in.lerp(std::max(y - f / 2, 0) / static_cast<double>(f),
                                        std::max(x - f / 2, 0) / static_cast<double>(f)));
            }
        }
        return out;
    }

    static Map cropped(const Map& in, ImageSize size) {
        Map out{size.height, size.width, {}};
        for (int y = 0; y < size.height; ++y) {
            for (int x = 0; x < size.width; ++x) {
                out.v.push_back(in.v[y * in.w + x]);
            }
        }
        return out;
    }

    const std::vector<float>& pixels_;
    int dims_;
    Geometry g_;
    CouplingOptions o_;
};

struct Switches {
    bool upsample_embedding;
    bool aligned;
    bool box_window;
    bool log_domain;
};

class EverySwitch : public ::testing::TestWithParam<int> {};

TEST_P(EverySwitch, EqualsTheDenseDefinition) {
    const int bits = GetParam();
    CouplingOptions options;
    options.upsample_embedding = (bits & 1) != 0;
    options.aligned = (bits & 2) != 0;
    options.box_window = (bits & 4) != 0;
    options.log_domain = (bits & 8) != 0;
    options.pixel_stride = (bits & 16) != 0 ? 4 : 8;
    constexpr int kDims = 5;
    std::mt19937 random(static_cast<std::uint32_t>(bits) + 1);
    std::normal_distribution<float> normal;
    std::uniform_real_distribution<float> uniform;
    // Enlarging, shrinking, extreme and tiny originals.
    const Geometry geometries[] = {{{131, 97}, {60, 45}, {64, 64}},
                                   {{20, 30}, {64, 93}, {64, 96}},
                                   {{500, 3}, {96, 1}, {96, 32}},
                                   {{1, 1}, {32, 32}, {32, 32}},
                                   {{64, 64}, {64, 64}, {64, 64}}};
    for (const Geometry& g : geometries) {
        std::vector<float> pixels;
        const int cells =
            g.padded.width / options.pixel_stride * (g.padded.height / options.pixel_stride);
        for (int i = 0; i < kDims * cells; ++i) {
            pixels.push_back(normal(random));
        }
        const Coupling coupling(pixels, kDims, g, options);
        const DenseReference reference(pixels, kDims, g, options);
        for (int n = 0; n < 8; ++n) {
            std::vector<float> q;
            std::vector<float> m;
            for (int d = 0; d < kDims; ++d) {
                q.push_back(normal(random) * 0.5F);
                m.push_back(uniform(random) * 0.2F);
            }
            const float right = static_cast<float>(g.content.width - 1);
            const float bottom = static_cast<float>(g.content.height - 1);
            const float x = uniform(random) * right;
            const float y = uniform(random) * bottom;
            const Box box = {x, y, x + uniform(random) * (right - x),
                             y + uniform(random) * (bottom - y)};
            const auto expected = reference.values(coupling.window(box), q, m);
            const auto bitmap = decode_rows(coupling.mask(box, q, m));
            const double limit = options.log_domain ? std::log(0.53) : 0.53;
            ASSERT_EQ(bitmap.size(), expected.size());
            for (std::size_t i = 0; i < bitmap.size(); ++i) {
                if (std::fabs(expected[i] - limit) < 1e-5) {
                    continue;  // rounding decides
                }
                ASSERT_EQ(bitmap[i] != 0, expected[i] > limit) << "pixel " << i;
            }
        }
    }
}

INSTANTIATE_TEST_SUITE_P(Coupling, EverySwitch, ::testing::Range(0, 32));

TEST(Coupling, ManyThresholdsFromOneCouplingEqualSingleOnes) {
    const GoldenCase c;
    const auto box = c.golden["boxes"][0].get<Box>();
    const auto q = flat(c.golden["q"][0]);
    const auto m = flat(c.golden["margin"][0]);
    const double thresholds[] = {0.45, 0.5, 0.53, 0.6};
    const auto masks = c.coupling({}).masks(box, q, m, thresholds);
    for (std::size_t i = 0; i < masks.size(); ++i) {
        CouplingOptions options;
        options.threshold = thresholds[i];
        EXPECT_EQ(masks[i], c.coupling(options).mask(box, q, m));
    }
}

std::int64_t peak_memory_kilobytes() {
    struct rusage usage {};
    getrusage(RUSAGE_SELF, &usage);
    return usage.ru_maxrss;
}

// 300 detections over the whole of a 12-megapixel image: as bitmaps they would take 3.6 GB.
TEST(Coupling, ThreeHundredDetectionsOnTwelveMegapixelsAddLittleMemory) {
    if (testing::kSanitized) {
        GTEST_SKIP() << "memory is not measured under sanitizers";
    }
    const Geometry g{{4000, 3000}, {1066, 800}, {1088, 800}};
    std::vector<float> pixels(16 * 136 * 100);
    for (std::size_t i = 0; i < pixels.size(); ++i) {
        pixels[i] = std::sin(static_cast<float>(i) * 0.37F);
    }
    const std::int64_t before = peak_memory_kilobytes();
    const Coupling coupling(pixels, 16, g, {});
    const std::vector<float> q(16, 0.1F);
    const std::vector<float> m(16, 0.05F);
    std::vector<Rle> masks;
    for (int n = 0; n < 300; ++n) {
        masks.push_back(coupling.mask({0, 0, 1065, 799}, q, m));
    }
    EXPECT_GT(area(masks[0]), 0U);
    EXPECT_LT(peak_memory_kilobytes() - before, 150 * 1024);
}

TEST(Taps, ResamplingEqualsTheGoldenVectors) {
    const auto golden = testing::golden("interpolation");
    const auto check = [](const nlohmann::json& in, const nlohmann::json& out, const Taps& columns,
                          const Taps& rows) {
        for (std::size_t y = 0; y < rows.size(); ++y) {
            for (std::size_t x = 0; x < columns.size(); ++x) {
                double value = 0;
                for (int i = 0; i < rows[y].count; ++i) {
                    for (int j = 0; j < columns[x].count; ++j) {
                        value += double{rows[y].weight[i]} * columns[x].weight[j] *
                                 in[rows[y].first + i][columns[x].first + j].get<double>();
                    }
                }
                EXPECT_NEAR(value, out[y][x].get<double>(), 1e-6);
            }
        }
    };
    for (int c = 0; c < 2; ++c) {
        check(golden["up2_in"][c], golden["up2_out"][c], half_pixel_taps(4, 8, 8),
              half_pixel_taps(3, 6, 6));
    }
    check(golden["resize_in"], golden["resize_out"], half_pixel_taps(4, 7, 7),
          half_pixel_taps(3, 5, 5));
    const auto& in = golden["aligned_in"][0];
    const int h = static_cast<int>(in.size());
    const int w = static_cast<int>(in[0].size());
    check(in, golden["aligned_x2"][0], aligned_taps(w, 2), aligned_taps(h, 2));
    check(in, golden["aligned_x4"][0], aligned_taps(w, 4), aligned_taps(h, 4));
}

}  // namespace
}  // namespace embedmask::mask
