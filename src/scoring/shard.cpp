#include "scoring/shard.h"

#include <fmt/format.h>

namespace embedmask::scoring {

std::string Shard::suffix() const {
    return fmt::format(".shard-{}-of-{}", index, count);
}

}  // namespace embedmask::scoring
