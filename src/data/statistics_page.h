// Dataset statistics as an HTML page.
#pragma once

#include <string>

#include "embedmask/data.h"

namespace embedmask::data {

/// A self-contained HTML page with the histograms.
std::string statistics_page(const DatasetStatistics& statistics);

}  // namespace embedmask::data
