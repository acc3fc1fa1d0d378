// COCO's compressed string: differences of run lengths in 5-bit groups (spec §2.7).
#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "embedmask/error.h"
#include "embedmask/rle.h"
#include "mask/rle_size.h"
#include "mask/rle_string.h"

namespace embedmask {

namespace {

constexpr int kFirst = 48;     // ASCII code of group value 0
constexpr int kMore = 0x20;    // another group follows
constexpr int kSign = 0x10;    // sign bit of the last group
constexpr int kMaxGroups = 7;  // 35 bits hold any difference of two 32-bit counts

[[noreturn]] void fail(std::size_t position, const std::string& what) {
    throw Error(fmt::format("compressed RLE, character {}: {}", position, what));
}

/// Reads a value of more than one group, starting at `position`.
std::int64_t read_long_value(std::string_view text, std::size_t& position) {
    const std::size_t start = position;
    std::int64_t value = 0;
    for (int group = 0; group < kMaxGroups; ++group) {
        if (position == text.size()) {
            fail(start, "the string ends inside a run length");
        }
        const int code = static_cast<unsigned char>(text[position]) - kFirst;
        if (code < 0 || code > 63) {
            fail(position, fmt::format("found byte {}: expected one of '0' to 'o'", code + kFirst));
        }
        ++position;
        value |= static_cast<std::int64_t>(code & 0x1f) << (5 * group);
        if ((code & kMore) != 0) {
            continue;
        }
        if ((code & kSign) != 0) {
            value |= -(std::int64_t{1} << (5 * (group + 1)));
        }
        return value;
    }
    fail(start, "a run length of more than 35 bits");
}

/// Most values are differences between neighbouring columns and need one group.
std::int64_t read_value(std::string_view text, std::size_t& position) {
    const int code = static_cast<unsigned char>(text[position]) - kFirst;
    if (code < 0 || (code & ~0x1f) != 0) {
        return read_long_value(text, position);
    }
    ++position;
    return (code ^ kSign) - kSign;
}

}  // namespace

std::string compress(const Rle& rle) {
    std::string text;
    text.reserve(rle.counts.size() * 2);
    for (std::size_t i = 0; i < rle.counts.size(); ++i) {
        std::int64_t value = rle.counts[i];
        if (i > 2) {
            value -= rle.counts[i - 2];
        }
        for (bool more = true; more;) {
            int group = static_cast<int>(value & 0x1f);
            value >>= 5;
            more = (group & kSign) != 0 ? value != -1 : value != 0;
            if (more) {
                group |= kMore;
            }
            text.push_back(static_cast<char>(group + kFirst));
        }
    }
    return text;
}

std::vector<std::uint32_t> mask::run_lengths(std::string_view text) {
    std::vector<std::uint32_t> counts;
    for (std::size_t position = 0; position < text.size();) {
        const std::size_t start = position;
        std::int64_t value = read_value(text, position);
        if (counts.size() > 2) {
            value += counts[counts.size() - 2];
        }
        if (value < 0 || value > std::numeric_limits<std::uint32_t>::max()) {
            fail(start, fmt::format("run {} has the length {}", counts.size(), value));
        }
        counts.push_back(static_cast<std::uint32_t>(value));
    }
    return counts;
}

Rle decompress(std::string_view text, int height, int width) {
    const std::uint64_t pixels = mask::pixel_count(height, width);
    Rle rle{height, width, {}};
    // Each run ends with its only character without a continuation flag.
    const auto runs =
        std::count_if(text.begin(), text.end(), [](char c) { return ((c - kFirst) & kMore) == 0; });
    rle.counts.resize(static_cast<std::size_t>(runs));
    std::uint32_t* counts = rle.counts.data();
    std::size_t run = 0;
    std::uint64_t sum = 0;
    for (std::size_t position = 0; position < text.size(); ++run) {
        const std::size_t start = position;
        std::int64_t value = read_value(text, position);
        if (run > 2) {
            value += counts[run - 2];
        }
        if (value < 0) {
            fail(start, fmt::format("run {} has the negative length {}", run, value));
        }
        if (value > std::numeric_limits<std::uint32_t>::max() ||
            sum + static_cast<std::uint64_t>(value) > pixels) {
            fail(start,
                 fmt::format("run {} exceeds the {} pixels of a mask of {}x{} (height x width)",
                             run, pixels, height, width));
        }
        sum += static_cast<std::uint64_t>(value);
        counts[run] = static_cast<std::uint32_t>(value);
    }
    if (sum != pixels) {
        fail(text.size(), fmt::format("the runs cover only {} of the {} pixels of a mask of {}x{} "
                                      "(height x width)",
                                      sum, pixels, height, width));
    }
    return rle;
}

}  // namespace embedmask
