#include "foreign/caffe2_names.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace embedmask::foreign {
namespace {

constexpr std::string_view kBody = "backbone.body.";

bool is_digits(std::string_view text) {
    return !text.empty() &&
           std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

// "_w", "_bn_s", "_bn_b" → the parts of a convolution with batch norm.
std::optional<std::string> part(std::string_view suffix, std::string_view conv,
                                std::string_view norm) {
    if (suffix == "_w") {
        return fmt::format("{}.weight", conv);
    }
    if (suffix == "_bn_s") {
        return fmt::format("{}.weight", norm);
    }
    if (suffix == "_bn_b") {
        return fmt::format("{}.bias", norm);
    }
    return std::nullopt;
}

struct Branch {
    std::string_view name;
    std::string_view conv;
    std::string_view norm;
};

constexpr std::array<Branch, 4> kBranches = {{{"_branch1", "downsample.0", "downsample.1"},
                                              {"_branch2a", "conv1", "bn1"},
                                              {"_branch2b", "conv2", "bn2"},
                                              {"_branch2c", "conv3", "bn3"}}};

struct BlockBlob {
    int stage = 0;  // 1..4 for layer1..layer4
    std::string_view block;
    std::string_view rest;  // "_branch2a_bn_s"
};

// "resX_K_branch..." with X = 2..5.
std::optional<BlockBlob> block_of(std::string_view blob) {
    constexpr std::size_t kStageEnd = 4;
    if (!blob.starts_with("res") || blob.size() < kStageEnd + 2 || blob[3] < '2' || blob[3] > '5' ||
        blob[kStageEnd] != '_') {
        return std::nullopt;
    }
    const std::string_view rest = blob.substr(kStageEnd + 1);
    const std::size_t end = rest.find('_');
    if (end == std::string_view::npos || !is_digits(rest.substr(0, end))) {
        return std::nullopt;
    }
    return BlockBlob{blob[3] - '1', rest.substr(0, end), rest.substr(end)};
}

}  // namespace

bool is_caffe2(const Weights& tensors) {
    return tensors.contains("conv1_w") &&
           (tensors.contains("res_conv1_bn_s") || tensors.contains("res2_0_branch2a_w"));
}

std::optional<std::string> from_caffe2(std::string_view blob) {
    if (blob == "conv1_w") {
        return fmt::format("{}stem.conv1.weight", kBody);
    }
    if (blob == "res_conv1_bn_s") {
        return fmt::format("{}stem.bn1.weight", kBody);
    }
    if (blob == "res_conv1_bn_b") {
        return fmt::format("{}stem.bn1.bias", kBody);
    }
    const auto block = block_of(blob);
    if (!block) {
        return std::nullopt;
    }
    for (const Branch& branch : kBranches) {
        if (!block->rest.starts_with(branch.name)) {
            continue;
        }
        const auto name = part(block->rest.substr(branch.name.size()), branch.conv, branch.norm);
        if (!name) {
            return std::nullopt;
        }
        return fmt::format("{}layer{}.{}.{}", kBody, block->stage, block->block, *name);
    }
    return std::nullopt;
}

bool is_caffe2_conv_bias(std::string_view blob) {
    if (blob == "conv1_b") {
        return true;
    }
    const auto block = block_of(blob);
    return block && std::any_of(kBranches.begin(), kBranches.end(), [&](const Branch& branch) {
               return block->rest == std::string(branch.name) + "_b";
           });
}

}  // namespace embedmask::foreign
