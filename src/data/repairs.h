// Repairs for the problems of an annotation file.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <set>
#include <vector>

#include "coco/dataset_text.h"

namespace embedmask::data {

/// The repair of one annotation.
enum class Repair {
    drop,
    renumber,     ///< gives a new id
    corner_box,   ///< turns x1, y1, x2, y2 into x, y, width, height
    box,          ///< takes the box of the mask, or clips the box to the image
    forget_mask,  ///< the mask becomes unknown
    area,         ///< takes the area of the mask, or of the box
    crowd_flag,   ///< sets iscrowd to 0
};

/// By position in the lists of the dataset.
struct Repairs {
    explicit Repairs(const Dataset& dataset)
        : annotations(dataset.annotations.size()),
          drop_image(dataset.images.size(), false),
          drop_category(dataset.categories.size(), false) {}

    std::vector<std::set<Repair>> annotations;
    std::vector<bool> drop_image;
    std::vector<bool> drop_category;
    std::set<std::int64_t> new_categories;  ///< ids of categories to list
};

/// x, y, width, height of a box given as x1, y1, x2, y2.
constexpr CocoBox from_corners(const CocoBox& box) {
    return {box.x, box.y, box.width - box.x, box.height - box.y};
}

/// Writes a repaired copy of the file. An annotation is dropped only if neither its box nor its
/// mask is usable, or if it belongs to nothing. False, and nothing is written, if none would be
/// left although the file `had_annotations`.
bool write_repaired(const detail::DatasetText& text, const Repairs& repairs, bool had_annotations,
                    const std::filesystem::path& path);

}  // namespace embedmask::data
