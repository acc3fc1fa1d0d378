// Ids that a file does not use yet.
#pragma once

#include <cstdint>
#include <limits>

#include "embedmask/error.h"

namespace embedmask::data {

/// The id after the largest one. Error if there is none.
inline std::int64_t id_after(std::int64_t largest) {
    if (largest == std::numeric_limits<std::int64_t>::max()) {
        throw Error("found the id 9223372036854775807, the largest possible one: no new id is left",
                    "give this record a smaller id");
    }
    return largest + 1;
}

}  // namespace embedmask::data
