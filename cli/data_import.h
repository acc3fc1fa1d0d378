// The forms that `data convert --from` reads, one function each.
#pragma once

#include "dataset_builder.h"

namespace embedmask::cli {

void import_labelme(DatasetBuilder& builder);
void import_yolo(DatasetBuilder& builder);
void import_voc(DatasetBuilder& builder);
void import_masks(DatasetBuilder& builder);

}  // namespace embedmask::cli
