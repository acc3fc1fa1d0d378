// Splits a job over several processes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace embedmask::scoring {

/// One part of the job: 0 <= index < count.
struct Shard {
    std::int64_t index = 0;
    std::int64_t count = 1;

    /// ".shard-0-of-4", for the names of this part's files.
    [[nodiscard]] std::string suffix() const;
};

/// Every count-th item, starting with the index-th.
template <typename Item>
std::vector<Item> part_of(const std::vector<Item>& items, const Shard& shard) {
    std::vector<Item> part;
    for (auto i = static_cast<std::size_t>(shard.index); i < items.size();
         i += static_cast<std::size_t>(shard.count)) {
        part.push_back(items[i]);
    }
    return part;
}

}  // namespace embedmask::scoring
