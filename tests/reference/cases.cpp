// A preset with random weights, run by the OpenVINO engine in fp32, for model.py to be compared
// with: writes the model file, the input and every output, and the masks of some proposals.
//
// usage: reference_cases PRESET FOLDER [KEY=VALUE ...]
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <random>

#include "embedmask/error.h"
#include "embedmask/model.h"
#include "embedmask/rle.h"
#include "engine/engine.h"
#include "mask/coupling.h"
#include "network/random_weights.h"
#include "network/rewrite.h"
#include "tensor/safetensors.h"

namespace embedmask {
namespace {

namespace fs = std::filesystem;

constexpr std::uint32_t kSeed = 7;
constexpr int kProposals = 24;

// Sizes that agree in no dimension, so that a swap of any two shows.
const mask::Geometry kGeometry = {{307, 236}, {153, 118}, {160, 128}};
constexpr float kUsualDistance = 3;  // strides
constexpr float kLargestLogit = 30;  // of outputs that are left as they are

Model random_model(const std::string& preset_name, std::span<const std::string> sets) {
    Model model;
    model.config = preset(preset_name);
    model.config.num_classes = 3;
    apply_overrides(model.config, sets);
    for (std::int64_t id = 1; id <= model.config.num_classes; ++id) {
        model.categories.push_back({id, fmt::format("class {}", id)});
    }
    model.weights = network::random_weights(model.graph(), kSeed);
    return model;
}

// Noise of the size of real input where the image is, 0 in the padding (§2.5).
std::vector<float> random_image() {
    std::mt19937 random(kSeed);
    std::normal_distribution<float> normal(0, 60);
    const auto& [width, height] = kGeometry.padded;
    std::vector<float> image(static_cast<std::size_t>(3 * width * height));
    for (std::size_t i = 0; i < image.size(); ++i) {
        const int x = static_cast<int>(i) % width;
        const int y = static_cast<int>(i) / width % height;
        if (x < kGeometry.content.width && y < kGeometry.content.height) {
            image[i] = normal(random);
        }
    }
    return image;
}

Tensor copy_of(const engine::TensorView& view) {
    return Tensor::of_floats({view.values.begin(), view.values.end()},
                             {view.batch, view.channels, view.height, view.width});
}

// Outputs of `network` under `prefix`.
void run(const network::Network& network, const std::vector<float>& image,
         const std::string& prefix, Weights& results) {
    engine::Options options;
    options.precision = Precision::fp32;
    const auto engine = engine::make_openvino_engine(network, options);
    const auto request = engine->create_request();
    const auto input = request->input(1, kGeometry.padded.height, kGeometry.padded.width);
    std::copy(image.begin(), image.end(), input.begin());
    request->start();
    request->wait();
    for (const network::Output& output : network.graph.outputs) {
        if (output.training_only) {
            continue;
        }
        results[prefix + output.name] = copy_of(request->output(output.name));
    }
}

// The mean over the channels of their largest magnitude.
float magnitude(const Tensor& map) {
    const std::vector<float> values = to_floats(map);
    const auto cells = static_cast<std::size_t>(map.shape[2] * map.shape[3]);
    float sum = 0;
    for (std::size_t begin = 0; begin < values.size(); begin += cells) {
        float largest = 0;
        for (std::size_t i = begin; i < begin + cells; ++i) {
            largest = std::max(largest, std::fabs(values[i]));
        }
        sum += largest;
    }
    return sum / static_cast<float>(map.shape[1]);
}

// All outputs, also those for training only.
network::Network whole_network(const Model& model) {
    network::Network whole = {model.graph(), model.weights};
    for (network::Output& output : whole.graph.outputs) {
        output.training_only = false;
    }
    return whole;
}

// The largest magnitude of an output over all levels.
float magnitude(const Weights& outputs, const std::string& kind) {
    float largest = 0;
    for (const auto& [name, map] : outputs) {
        if (name.starts_with(kind + ".")) {
            largest = std::max(largest, magnitude(map));
        }
    }
    return largest;
}

void multiply(Tensor& tensor, float factor) {
    std::vector<float> values = to_floats(tensor);
    for (float& value : values) {
        value *= factor;
    }
    tensor = Tensor::of_floats(std::move(values), tensor.shape);
}

// In a random network without normalisation, margins overflow, and distributions over bins are so
// sharp that rounding decides between bins. Smaller last convolutions bring both to about 1. Where
// embeddings refer to boxes, these become a few strides large, so that they reach their masks.
void reduce_logits(const std::vector<float>& image, Model* model) {
    Weights outputs;
    run(whole_network(*model), image, "", outputs);
    const float margin = magnitude(outputs, "margin_logits");
    const float bins = magnitude(outputs, "box_bins");
    const float boxes = magnitude(outputs, "box");
    const bool relative = model->config.spatial_embedding == SpatialEmbedding::relative;
    for (auto& [name, tensor] : model->weights) {
        if (!name.ends_with("weight")) {
            continue;
        }
        const auto in_name = [&](const char* part) { return name.find(part) != std::string::npos; };
        if ((in_name("margin_pred") || in_name("margin_head")) && margin > kLargestLogit) {
            multiply(tensor, 1 / margin);
        } else if (in_name("box_bins") && bins > kLargestLogit) {
            multiply(tensor, 1 / bins);
        } else if (in_name("bbox_pred") && relative) {
            multiply(tensor, kUsualDistance / boxes);
        }
    }
}

// Embeddings of random networks lie so far apart that every mask would be empty. Smaller last
// convolutions bring them within about one standard deviation of each other.
void bring_embeddings_together(const std::vector<float>& image, Model* model) {
    constexpr float kWanted = 0.1F;
    Weights outputs;
    run(network::optimize_for_inference({model->graph(), model->weights}), image, "", outputs);
    const float pixel = kWanted / magnitude(outputs.at("pixel_embedding"));
    const float proposal = kWanted / magnitude(outputs.at("embedding.P3"));
    for (auto& [name, tensor] : model->weights) {
        const auto in_name = [&](const char* part) { return name.find(part) != std::string::npos; };
        if ((!in_name("embed_pred") && !in_name("embed_head")) || !name.ends_with("weight")) {
            continue;
        }
        multiply(tensor, in_name("pixel") ? pixel : proposal);
    }
}

struct Proposal {
    int level = 0;
    int location = 0;
    Box box = {};
};

// Cells of all levels with boxes of all sizes. A quarter of a pixel past a multiple of four, so
// that no rounding decides a window.
std::vector<Proposal> choose_proposals(const Weights& outputs, int levels) {
    std::mt19937 random(kSeed);
    const auto draw = [&](int end) {
        return static_cast<int>(random() % static_cast<unsigned>(end));
    };
    std::vector<Proposal> proposals;
    for (int i = 0; i < kProposals; ++i) {
        Proposal proposal;
        proposal.level = i % levels;
        const Tensor& map = outputs.at("fast/" + network::output_name("embedding", proposal.level));
        proposal.location = draw(static_cast<int>(map.shape[2] * map.shape[3]));
        const int x = draw(30);
        const int y = draw(22);
        proposal.box = {4.0F * static_cast<float>(x) + 0.25F, 4.0F * static_cast<float>(y) + 0.25F,
                        4.0F * static_cast<float>(x + draw(38 - x)) + 2.25F,
                        4.0F * static_cast<float>(y + draw(29 - y)) + 2.25F};
        proposals.push_back(proposal);
    }
    return proposals;
}

std::vector<float> cell(const Tensor& map, int location) {
    const std::vector<float> values = to_floats(map);
    const auto cells = static_cast<std::size_t>(map.shape[2] * map.shape[3]);
    std::vector<float> result(static_cast<std::size_t>(map.shape[1]));
    for (std::size_t d = 0; d < result.size(); ++d) {
        result[d] = values[d * cells + static_cast<std::size_t>(location)];
    }
    return result;
}

void add_masks(const Config& config, Weights& results) {
    const std::vector<float> pixels = to_floats(results.at("fast/pixel_embedding"));
    const mask::Coupling coupling(pixels, static_cast<int>(config.embed_dim), kGeometry,
                                  mask::CouplingOptions::of(config));
    std::vector<float> boxes;
    std::vector<float> cells;
    std::vector<std::byte> bitmaps;
    for (const Proposal& proposal :
         choose_proposals(results, static_cast<int>(config.strides.size()))) {
        const auto map = [&](const char* kind) {
            return results.at("fast/" + network::output_name(kind, proposal.level));
        };
        const std::vector<float> embedding = cell(map("embedding"), proposal.location);
        const std::vector<float> margin =
            config.fix_margin
                ? std::vector<float>(embedding.size(), static_cast<float>(initial_margin(config)))
                : cell(map("margin"), proposal.location);
        for (const std::uint8_t pixel :
             decode_rows(coupling.mask(proposal.box, embedding, margin))) {
            bitmaps.push_back(static_cast<std::byte>(pixel));
        }
        const auto& [x1, y1, x2, y2] = proposal.box;
        boxes.insert(boxes.end(), {x1, y1, x2, y2});
        cells.push_back(static_cast<float>(proposal.level));
        cells.push_back(static_cast<float>(proposal.location));
    }
    results["boxes"] = Tensor::of_floats(boxes, {kProposals, 4});
    results["cells"] = Tensor::of_floats(cells, {kProposals, 2});
    results["masks"] = Tensor::of_bytes(
        DType::u8, bitmaps, {kProposals, kGeometry.original.height, kGeometry.original.width});
}

void write_case(const std::string& preset_name, const fs::path& folder,
                std::span<const std::string> sets) {
    Model model = random_model(preset_name, sets);
    const std::vector<float> image = random_image();
    reduce_logits(image, &model);
    if (has_masks(model.config)) {
        bring_embeddings_together(image, &model);
    }
    write_model(folder / "model.safetensors", model, Storage::keep);
    detail::Safetensors results;
    // As it stands, training outputs included, and as it is run.
    run(whole_network(model), image, "whole/", results.tensors);
    run(network::optimize_for_inference({model.graph(), model.weights}), image, "fast/",
        results.tensors);
    if (has_masks(model.config)) {
        add_masks(model.config, results.tensors);
    }
    results.tensors["image"] =
        Tensor::of_floats(image, {1, 3, kGeometry.padded.height, kGeometry.padded.width});
    results.metadata["original"] =
        fmt::format("{} {}", kGeometry.original.height, kGeometry.original.width);
    results.metadata["content"] =
        fmt::format("{} {}", kGeometry.content.height, kGeometry.content.width);
    detail::write_safetensors(folder / "results.safetensors", results);
}

}  // namespace
}  // namespace embedmask

int main(int argc, char** argv) {
    if (argc < 3) {
        fmt::print(stderr, "usage: reference_cases PRESET FOLDER [KEY=VALUE ...]\n");
        return 2;
    }
    try {
        const std::vector<std::string> sets(argv + 3, argv + argc);
        embedmask::write_case(argv[1], argv[2], sets);
    } catch (const embedmask::Error& error) {
        fmt::print(stderr, "{}\n{}\n", error.what(), error.fix());
        return 1;
    }
    return 0;
}
