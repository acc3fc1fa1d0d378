// What the inference rewrites gain for `nano` at 416x416, with a run of each variant in turn: on a
// machine whose speed varies, ratios within a round are steadier than milliseconds.
//   rewrites_bench [ROUNDS]
// The limit is 0.96 GMAC at the machine's multiply-add rate, which `embedmask bench` measures.
#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "embedmask/config.h"
#include "engine/engine.h"
#include "network/random_weights.h"
#include "network/rewrite.h"

namespace {

using namespace embedmask;

constexpr std::int64_t kSide = 416;
constexpr std::int64_t kMerged = 128;  // as in optimize_for_inference

struct Variant {
    std::string name;
    std::unique_ptr<engine::Engine> engine;
    std::unique_ptr<engine::Request> request;
    std::vector<double> times;  // milliseconds
};

double run(Variant& variant) {
    const auto start = detail::Clock::now();
    variant.request->start();
    variant.request->wait();
    return detail::milliseconds_since(start);
}

Variant prepare(const char* name, const network::Network& network, Precision precision) {
    constexpr int kWarmUp = 5;
    Variant variant{name, engine::make_openvino_engine(network, {precision, 0, 1, {}}), {}, {}};
    variant.request = variant.engine->create_request();
    const auto input = variant.request->input(1, kSide, kSide);
    std::ranges::fill(input, 0.5F);
    for (int i = 0; i < kWarmUp; ++i) {
        (void)run(variant);
    }
    return variant;
}

double median(std::vector<double> values) {
    std::ranges::sort(values);
    return values[values.size() / 2];
}

void compare(Precision precision, int rounds) {
    const network::Graph graph = network::embedmask(preset("nano"));
    const network::Network plain =
        network::drop_training_branches({graph, network::random_weights(graph, 1)});
    std::vector<Variant> variants;
    variants.push_back(prepare("no rewrites", plain, precision));
    variants.push_back(prepare("no rewrites, again", plain, precision));
    variants.push_back(
        prepare("all but channel routes",
                network::merge_sibling_convs(
                    network::fold_multiply(network::fold_batch_norm(plain)), kMerged),
                precision));
    variants.push_back(prepare("all rewrites", network::optimize_for_inference(plain), precision));
    for (int i = 0; i < rounds; ++i) {
        for (Variant& variant : variants) {
            variant.times.push_back(run(variant));
        }
    }
    fmt::print("{:<24} {:>8} {:>8} {:>8}\n", name_of(variants[0].engine->precision()), "min ms",
               "median", "ratio");
    for (const Variant& variant : variants) {
        std::vector<double> ratios;
        for (std::size_t i = 0; i < variant.times.size(); ++i) {
            ratios.push_back(variant.times[i] / variants[0].times[i]);
        }
        fmt::print("{:<24} {:>8.2f} {:>8.2f} {:>8.3f}\n", variant.name,
                   *std::ranges::min_element(variant.times), median(variant.times), median(ratios));
    }
}

}  // namespace

int main(int argc, char** argv) {
    constexpr int kRounds = 100;
    const int rounds = argc > 1 ? std::max(1, std::atoi(argv[1])) : kRounds;
    compare(Precision::fp32, rounds);
    if (engine::cpu_has_bf16()) {
        compare(Precision::bf16, rounds);
    }
    return 0;
}
