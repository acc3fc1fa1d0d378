// LVIS annotation files.
#pragma once

#include <filesystem>

#include "embedmask/data.h"

namespace embedmask::data {

/// LVIS files are COCO files whose images have a URL instead of a name and whose objects have no
/// iscrowd; both are added to the copy `annotations`. Names keep the folder, since the images of
/// LVIS val are in COCO's train2017 and val2017. Objects without a pixel are left out. Error for an
/// image with neither URL nor name, and if no object has a pixel.
DatasetImport import_lvis(const std::filesystem::path& lvis,
                          const std::filesystem::path& annotations);

}  // namespace embedmask::data
