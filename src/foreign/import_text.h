// The one calm table that is printed when weights are taken over.
#pragma once

#include <string>
#include <vector>

#include "foreign/import.h"

namespace embedmask::foreign {

/// Lines per file (tensors, how many were used), then matched, missing, unused and mismatched
/// parameters, the first ten of each by name.
std::string describe(const ImportReport& report, const std::vector<ForeignWeights>& files);

}  // namespace embedmask::foreign
