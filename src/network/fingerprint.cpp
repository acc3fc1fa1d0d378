#include "network/fingerprint.h"

#include <array>
#include <bit>
#include <cstring>
#include <span>
#include <string_view>

namespace embedmask::network {
namespace {

constexpr std::uint64_t kMultiplier = 0x9E3779B97F4A7C15ULL;

std::uint64_t mix(std::uint64_t value) {
    value = (value ^ (value >> 32)) * kMultiplier;
    return value ^ (value >> 29);
}

class Digest {
public:
    void add(std::uint64_t value) { state_ = mix(std::rotl(state_, 23) ^ value) + kMultiplier; }

    void add(std::string_view text) { add(std::as_bytes(std::span(text))); }

    // Four independent lanes match the memory bandwidth.
    void add(std::span<const std::byte> bytes) {
        std::array<std::uint64_t, 4> lanes{1, 2, 3, 4};
        std::size_t i = 0;
        for (; i + sizeof lanes <= bytes.size(); i += sizeof lanes) {
            std::array<std::uint64_t, 4> block{};
            std::memcpy(block.data(), bytes.data() + i, sizeof block);
            for (std::size_t lane = 0; lane < lanes.size(); ++lane) {
                lanes[lane] = (std::rotl(lanes[lane], 29) ^ block[lane]) * kMultiplier;
            }
        }
        for (; i < bytes.size(); ++i) {
            lanes[0] =
                (std::rotl(lanes[0], 29) ^ static_cast<std::uint64_t>(bytes[i])) * kMultiplier;
        }
        add(bytes.size());
        for (const std::uint64_t lane : lanes) {
            add(lane);
        }
    }

    [[nodiscard]] std::uint64_t value() const { return mix(state_); }

private:
    std::uint64_t state_ = 0;
};

void add_attributes(Digest& digest, const Attributes& a) {
    for (const int value :
         {a.kernel, a.stride, a.origin, a.padding, a.factor, a.groups, a.begin, a.end}) {
        digest.add(static_cast<std::uint64_t>(value));
    }
    digest.add(std::bit_cast<std::uint64_t>(a.epsilon));
    digest.add(std::bit_cast<std::uint64_t>(a.value));
    digest.add(static_cast<std::uint64_t>(a.unit_range));
}

}  // namespace

std::uint64_t fingerprint(const Network& network) {
    Digest digest;
    for (const Node& node : network.graph.nodes) {
        digest.add(static_cast<std::uint64_t>(node.op));
        for (const NodeId input : node.inputs) {
            digest.add(static_cast<std::uint64_t>(input));
        }
        for (const std::string& parameter : node.parameters) {
            digest.add(parameter);
        }
        add_attributes(digest, node.attributes);
    }
    for (const Output& output : network.graph.outputs) {
        digest.add(output.name);
        digest.add(static_cast<std::uint64_t>(output.node));
    }
    for (const auto& [name, tensor] : network.weights) {
        digest.add(name);
        digest.add(static_cast<std::uint64_t>(tensor.dtype));
        digest.add(tensor.bytes);
    }
    return digest.value();
}

}  // namespace embedmask::network
