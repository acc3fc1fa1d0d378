// The library's pictures under the name that `embedmask data` knows them by.
#pragma once

#include "report/side_by_side.h"

namespace embedmask::cli {

using report::SideBySide;

}  // namespace embedmask::cli
