// The counts of a data set as a page.
#pragma once

#include <string>

#include "embedmask/data.h"

namespace embedmask::data {

/// An HTML page with the histograms; needs no other file.
std::string statistics_page(const DatasetStatistics& statistics);

}  // namespace embedmask::data
