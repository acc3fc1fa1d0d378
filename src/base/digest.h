// A fast 64-bit hash of values and bytes.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>

namespace embedmask::detail {

/// Equal for equal sequences of values; different for others, except with probability 2^-64. Not
/// resistant to deliberate collisions. Bytes are hashed at memory speed.
class Digest {
public:
    void add(std::uint64_t value) { state_ = mix(std::rotl(state_, 23) ^ value) + kMultiplier; }

    void add(std::string_view text) { add(std::as_bytes(std::span(text))); }

    void add(double value) { add(std::bit_cast<std::uint64_t>(value)); }

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
        add(static_cast<std::uint64_t>(bytes.size()));
        for (const std::uint64_t lane : lanes) {
            add(lane);
        }
    }

    [[nodiscard]] std::uint64_t value() const { return mix(state_); }

private:
    static constexpr std::uint64_t kMultiplier = 0x9E3779B97F4A7C15ULL;

    static std::uint64_t mix(std::uint64_t value) {
        value = (value ^ (value >> 32)) * kMultiplier;
        return value ^ (value >> 29);
    }

    std::uint64_t state_ = 0;
};

}  // namespace embedmask::detail
