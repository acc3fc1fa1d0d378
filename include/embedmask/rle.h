/// Run-length encoded binary masks, the exchange format of COCO (spec §2.7).
///
/// A mask of height x width pixels is scanned column by column; `counts` holds the lengths of
/// alternating background and foreground runs, beginning with background (which may be 0). The sum
/// of the counts is always height * width. All functions are pure and may be called from any thread.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace embedmask {

struct Rle {
    int height = 0;
    int width = 0;
    std::vector<std::uint32_t> counts;

    bool operator==(const Rle&) const = default;
};

}  // namespace embedmask
