// Building run lengths pixel run by pixel run.
#pragma once

#include <cstdint>
#include <vector>

#include "embedmask/rle.h"

namespace embedmask::mask {

/// Collects runs in column-major order; neighbouring runs of one value become one.
class RunBuilder {
public:
    void push(bool foreground, std::uint32_t length) {
        if (length == 0) return;
        if (foreground != foreground_) {
            counts_.push_back(length_);
            length_ = 0;
            foreground_ = foreground;
        }
        length_ += length;
    }

    /// The mask; everything that was not pushed is background.
    [[nodiscard]] Rle finish(int height, int width) {
        std::uint64_t pushed = length_;
        for (const std::uint32_t count : counts_) {
            pushed += count;
        }
        const std::uint64_t total = static_cast<std::uint64_t>(height) * width;
        push(false, static_cast<std::uint32_t>(total - pushed));
        counts_.push_back(length_);
        return {height, width, std::move(counts_)};
    }

private:
    std::vector<std::uint32_t> counts_;
    std::uint32_t length_ = 0;
    bool foreground_ = false;
};

}  // namespace embedmask::mask
