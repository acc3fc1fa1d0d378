// Reads a weights file of any supported program, detected by content.
#pragma once

#include <filesystem>
#include <span>
#include <string>

#include "embedmask/import.h"

namespace embedmask::foreign {

/// `read_foreign_weights` for a file in memory, named `file`; `owner` keeps `bytes` alive for the
/// tensors.
ForeignWeights parse_foreign_weights(std::span<const std::byte> bytes, const std::string& file,
                                     const std::shared_ptr<const void>& owner);

}  // namespace embedmask::foreign
