// The reference engine: plain loops for every op, slow and obvious.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <tuple>

#include "embedmask/error.h"
#include "engine/engine.h"

namespace embedmask::engine {
namespace {

using network::Node;
using network::Op;

struct Array {
    std::int64_t n = 0;
    std::int64_t c = 0;
    std::int64_t h = 0;
    std::int64_t w = 0;
    std::vector<float> values;

    Array() = default;
    Array(std::int64_t batch, std::int64_t channels, std::int64_t height, std::int64_t width)
        : n(batch),
          c(channels),
          h(height),
          w(width),
          values(static_cast<std::size_t>(batch * channels * height * width)) {}

    [[nodiscard]] float& at(std::int64_t i, std::int64_t k, std::int64_t y, std::int64_t x) {
        return values[static_cast<std::size_t>(((i * c + k) * h + y) * w + x)];
    }
    [[nodiscard]] float at(std::int64_t i, std::int64_t k, std::int64_t y, std::int64_t x) const {
        return values[static_cast<std::size_t>(((i * c + k) * h + y) * w + x)];
    }
};

// Calls f(i, k, y, x) for every element of `shape`.
template <typename F>
void for_each(const Array& shape, F f) {
    for (std::int64_t i = 0; i < shape.n; ++i) {
        for (std::int64_t k = 0; k < shape.c; ++k) {
            for (std::int64_t y = 0; y < shape.h; ++y) {
                for (std::int64_t x = 0; x < shape.w; ++x) {
                    f(i, k, y, x);
                }
            }
        }
    }
}

// out = f(in) for elementwise ops.
template <typename F>
Array map_elements(const Array& in, F f) {
    Array out = in;
    for (float& value : out.values) {
        value = f(value);
    }
    return out;
}

class Runner {
public:
    explicit Runner(const network::Network& network) : network_(network) {
        for (const auto& [name, tensor] : network.weights) {
            weights_[name] = to_floats(tensor);
        }
    }

    [[nodiscard]] std::vector<Array> run(const Array& image) const {
        std::vector<Array> values;
        for (const Node& node : network_.graph.nodes) {
            std::vector<const Array*> in;
            for (const network::NodeId input : node.inputs) {
                in.push_back(&values[input]);
            }
            values.push_back(in.empty() ? image : apply(node, in));
        }
        return values;
    }

private:
    [[nodiscard]] const std::vector<float>& weight(const Node& node, std::size_t i) const {
        return weights_.at(node.parameters[i]);
    }

    [[nodiscard]] Array apply(const Node& node, const std::vector<const Array*>& in) const {
        const Array& x = *in[0];
        const network::Attributes& a = node.attributes;
        switch (node.op) {
            case Op::conv2d:
                return conv2d(node, x);
            case Op::frozen_batch_norm:
            case Op::batch_norm:
                return batch_norm(node, x);
            case Op::group_norm:
                return group_norm(node, x);
            case Op::relu:
                return map_elements(x, [](float v) { return std::max(v, 0.0F); });
            case Op::max_pool:
                return max_pool(a, x);
            case Op::add:
                return add(x, *in[1]);
            case Op::product:
                return product(x, *in[1]);
            case Op::log:
                return map_elements(
                    x, [&](float v) { return std::log(std::max(v, static_cast<float>(a.value))); });
            case Op::upsample_nearest:
                return upsample_nearest(a, x);
            case Op::resample:
                return resample(a, x);
            case Op::learned_scale: {
                const float scale = weight(node, 0)[0];
                return map_elements(x, [&](float v) { return v * scale; });
            }
            case Op::exp:
                return map_elements(x, [](float v) { return std::exp(v); });
            case Op::multiply:
                return map_elements(x, [&](float v) { return v * static_cast<float>(a.value); });
            case Op::concat:
                return concat(in);
            case Op::slice:
                return slice(a, x);
            case Op::add_coordinates: {
                Array out = x;
                const float lambda = node.parameters.empty() ? 1.0F : weight(node, 0)[0];
                for_each(out, [&](auto i, auto k, auto y, auto c) {
                    out.at(i, k, y, c) += lambda * coordinate(a, x, k, y, c);
                });
                return out;
            }
            case Op::append_coordinates: {
                Array maps(x.n, 2, x.h, x.w);
                for_each(maps, [&](auto i, auto k, auto y, auto c) {
                    maps.at(i, k, y, c) = coordinate(a, x, k, y, c);
                });
                return concat({&x, &maps});
            }
            case Op::leaky_relu:
                return map_elements(
                    x, [&](float v) { return v > 0 ? v : v * static_cast<float>(a.value); });
            case Op::channel_shuffle:
                return channel_shuffle(a, x);
            case Op::upsample_bilinear:
                return upsample_bilinear(a, x);
            case Op::expectation:
                return expectation(a, x);
            case Op::input:
                break;
        }
        throw Error(fmt::format("the reference engine does not implement the op {}",
                                network::op_name(node.op)));
    }

    [[nodiscard]] Array conv2d(const Node& node, const Array& x) const {
        const auto& shape = network_.weights.at(node.parameters[0]).shape;
        const std::vector<float>& w = weight(node, 0);
        const std::int64_t kernel = shape[2];
        const auto& a = node.attributes;
        const std::int64_t group_inputs = shape[1];
        const std::int64_t group_outputs = shape[0] / a.groups;
        Array out(x.n, shape[0], (x.h + 2 * a.padding - kernel) / a.stride + 1,
                  (x.w + 2 * a.padding - kernel) / a.stride + 1);
        for_each(out, [&](auto i, auto o, auto y, auto c) {
            double sum = node.parameters.size() > 1 ? weight(node, 1)[o] : 0.0F;
            const std::int64_t first = o / group_outputs * group_inputs;
            for (std::int64_t k = 0; k < group_inputs; ++k) {
                for (std::int64_t dy = 0; dy < kernel; ++dy) {
                    for (std::int64_t dx = 0; dx < kernel; ++dx) {
                        const std::int64_t row = y * a.stride - a.padding + dy;
                        const std::int64_t column = c * a.stride - a.padding + dx;
                        if (row < 0 || row >= x.h || column < 0 || column >= x.w) {
                            continue;
                        }
                        sum += double{x.at(i, first + k, row, column)} *
                               w[((o * group_inputs + k) * kernel + dy) * kernel + dx];
                    }
                }
            }
            out.at(i, o, y, c) = static_cast<float>(sum);
        });
        return out;
    }

    [[nodiscard]] Array batch_norm(const Node& node, const Array& x) const {
        Array out = x;
        for_each(out, [&](auto i, auto k, auto y, auto c) {
            const double factor =
                weight(node, 0)[k] / std::sqrt(weight(node, 3)[k] + node.attributes.epsilon);
            out.at(i, k, y, c) = static_cast<float>(
                factor * x.at(i, k, y, c) + (weight(node, 1)[k] - weight(node, 2)[k] * factor));
        });
        return out;
    }

    [[nodiscard]] Array group_norm(const Node& node, const Array& x) const {
        Array out = x;
        const std::int64_t per_group = x.c / node.attributes.groups;
        const auto count = static_cast<double>(per_group * x.h * x.w);
        for (std::int64_t i = 0; i < x.n; ++i) {
            for (std::int64_t group = 0; group < node.attributes.groups; ++group) {
                const auto each = [&](auto f) {
                    for (std::int64_t k = group * per_group; k < (group + 1) * per_group; ++k) {
                        for (std::int64_t y = 0; y < x.h; ++y) {
                            for (std::int64_t c = 0; c < x.w; ++c) {
                                f(k, y, c);
                            }
                        }
                    }
                };
                double mean = 0;
                double variance = 0;
                each([&](auto k, auto y, auto c) { mean += x.at(i, k, y, c) / count; });
                each([&](auto k, auto y, auto c) {
                    const double d = x.at(i, k, y, c) - mean;
                    variance += d * d / count;
                });
                const double factor = 1 / std::sqrt(variance + node.attributes.epsilon);
                each([&](auto k, auto y, auto c) {
                    out.at(i, k, y, c) =
                        static_cast<float>((x.at(i, k, y, c) - mean) * factor * weight(node, 0)[k] +
                                           weight(node, 1)[k]);
                });
            }
        }
        return out;
    }

    static Array max_pool(const network::Attributes& a, const Array& x) {
        Array out(x.n, x.c, (x.h + 2 * a.padding - a.kernel) / a.stride + 1,
                  (x.w + 2 * a.padding - a.kernel) / a.stride + 1);
        for_each(out, [&](auto i, auto k, auto y, auto c) {
            float best = -INFINITY;
            for (int dy = 0; dy < a.kernel; ++dy) {
                for (int dx = 0; dx < a.kernel; ++dx) {
                    const std::int64_t row = y * a.stride - a.padding + dy;
                    const std::int64_t column = c * a.stride - a.padding + dx;
                    if (row < 0 || row >= x.h || column < 0 || column >= x.w) {
                        continue;
                    }
                    best = std::max(best, x.at(i, k, row, column));
                }
            }
            out.at(i, k, y, c) = best;
        });
        return out;
    }

    static Array add(const Array& a, const Array& b) {
        Array out = a;
        for (std::size_t i = 0; i < out.values.size(); ++i) {
            out.values[i] += b.values[i];
        }
        return out;
    }

    static Array product(const Array& a, const Array& b) {
        Array out = a;
        for (std::size_t i = 0; i < out.values.size(); ++i) {
            out.values[i] *= b.values[i];
        }
        return out;
    }

    static Array upsample_nearest(const network::Attributes& a, const Array& x) {
        Array out(x.n, x.c, x.h * a.factor, x.w * a.factor);
        for_each(out, [&](auto i, auto k, auto y, auto c) {
            out.at(i, k, y, c) = x.at(i, k, y / a.factor, c / a.factor);
        });
        return out;
    }

    // `tap(position, size)` gives the two cells that an output position lies between, and the
    // weight of the second.
    template <typename Tap>
    static Array bilinear(const Array& x, int factor, Tap tap) {
        Array out(x.n, x.c, x.h * factor, x.w * factor);
        for_each(out, [&](auto i, auto k, auto y, auto c) {
            const auto [y0, y1, wy] = tap(y, x.h);
            const auto [x0, x1, wx] = tap(c, x.w);
            out.at(i, k, y, c) =
                (1 - wy) * ((1 - wx) * x.at(i, k, y0, x0) + wx * x.at(i, k, y0, x1)) +
                wy * ((1 - wx) * x.at(i, k, y1, x0) + wx * x.at(i, k, y1, x1));
        });
        return out;
    }

    static Array resample(const network::Attributes& a, const Array& x) {
        return bilinear(x, a.factor, [&](std::int64_t position, std::int64_t size) {
            const std::int64_t shifted = std::max<std::int64_t>(position - a.factor / 2, 0);
            const std::int64_t low = shifted / a.factor;
            const float weight =
                static_cast<float>(shifted % a.factor) / static_cast<float>(a.factor);
            return std::tuple(low, std::min(low + 1, size - 1), weight);
        });
    }

    static Array upsample_bilinear(const network::Attributes& a, const Array& x) {
        return bilinear(x, a.factor, [&](std::int64_t position, std::int64_t size) {
            const double center = (static_cast<double>(position) + 0.5) / a.factor - 0.5;
            const double low = std::floor(center);
            const auto inside = [&](double cell) {
                return std::clamp<std::int64_t>(static_cast<std::int64_t>(cell), 0, size - 1);
            };
            return std::tuple(inside(low), inside(low + 1), static_cast<float>(center - low));
        });
    }

    static Array channel_shuffle(const network::Attributes& a, const Array& x) {
        Array out = x;
        const std::int64_t per_group = x.c / a.groups;
        for_each(out, [&](auto i, auto k, auto y, auto c) {
            out.at(i, k % per_group * a.groups + k / per_group, y, c) = x.at(i, k, y, c);
        });
        return out;
    }

    static Array expectation(const network::Attributes& a, const Array& x) {
        Array out(x.n, a.groups, x.h, x.w);
        const std::int64_t bins = x.c / a.groups;
        for_each(out, [&](auto i, auto k, auto y, auto c) {
            double largest = -INFINITY;
            for (std::int64_t b = 0; b < bins; ++b) {
                largest = std::max(largest, double{x.at(i, k * bins + b, y, c)});
            }
            double total = 0;
            double mean = 0;
            for (std::int64_t b = 0; b < bins; ++b) {
                const double weight = std::exp(x.at(i, k * bins + b, y, c) - largest);
                total += weight;
                mean += weight * static_cast<double>(b);
            }
            out.at(i, k, y, c) = static_cast<float>(mean / total);
        });
        return out;
    }

    static Array concat(const std::vector<const Array*>& parts) {
        std::int64_t channels = 0;
        for (const Array* part : parts) {
            channels += part->c;
        }
        Array out(parts[0]->n, channels, parts[0]->h, parts[0]->w);
        std::int64_t first = 0;
        for (const Array* part : parts) {
            for_each(*part, [&](auto i, auto k, auto y, auto c) {
                out.at(i, first + k, y, c) = part->at(i, k, y, c);
            });
            first += part->c;
        }
        return out;
    }

    static Array slice(const network::Attributes& a, const Array& x) {
        Array out(x.n, a.end - a.begin, x.h, x.w);
        for_each(out, [&](auto i, auto k, auto y, auto c) {
            out.at(i, k, y, c) = x.at(i, a.begin + k, y, c);
        });
        return out;
    }

    // Channel 0 is x, channel 1 is y (§4.2, §4.3).
    static float coordinate(const network::Attributes& a, const Array& x, std::int64_t channel,
                            std::int64_t row, std::int64_t column) {
        const auto pixels =
            static_cast<double>((channel == 0 ? column : row) * a.stride + a.origin);
        if (!a.unit_range) {
            return static_cast<float>(pixels / a.value);
        }
        const auto extent = static_cast<double>((channel == 0 ? x.w : x.h) * a.stride);
        return static_cast<float>(2 * pixels / extent - 1);
    }

    network::Network network_;
    std::map<std::string, std::vector<float>> weights_;
};

class ReferenceRequest final : public Request {
public:
    ReferenceRequest(const Runner& runner, const network::Graph& graph)
        : runner_(runner), graph_(graph) {}

    std::span<float> input(std::int64_t batch, std::int64_t height, std::int64_t width) override {
        image_ = Array(batch, graph_.input_channels, height, width);
        return image_.values;
    }
    void start() override { values_ = runner_.run(image_); }
    void wait() override {}

    [[nodiscard]] TensorView output(std::string_view name) const override {
        for (const network::Output& output : graph_.outputs) {
            if (output.name != name) {
                continue;
            }
            const Array& array = values_[output.node];
            return {array.values, array.n, array.c, array.h, array.w};
        }
        throw Error("the network has no output \"" + std::string(name) + "\"");
    }

private:
    const Runner& runner_;
    const network::Graph& graph_;
    Array image_;
    std::vector<Array> values_;
};

class ReferenceEngine final : public Engine {
public:
    ReferenceEngine(const network::Network& network, const Options& options)
        : graph_(network.graph), runner_(network), streams_(std::max(options.streams, 1)) {}

    std::unique_ptr<Request> create_request() override {
        return std::make_unique<ReferenceRequest>(runner_, graph_);
    }
    [[nodiscard]] int streams() const override { return streams_; }
    [[nodiscard]] Precision precision() const override { return Precision::fp32; }

private:
    network::Graph graph_;
    Runner runner_;
    int streams_;
};

}  // namespace

std::unique_ptr<Engine> make_reference_engine(const network::Network& network,
                                              const Options& options) {
    return std::make_unique<ReferenceEngine>(network, options);
}

}  // namespace embedmask::engine
