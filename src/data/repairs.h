// Repairs for the problems of an annotation file.
#pragma once

#include <cstddef>
#include <filesystem>
#include <set>
#include <vector>

#include "coco/dataset_text.h"

namespace embedmask::data {

/// The repair of one annotation.
enum class Repair { drop, renumber, rings, box, crowd_flag };

/// By position in the lists of the dataset.
struct Repairs {
    explicit Repairs(const Dataset& dataset)
        : annotations(dataset.annotations.size()),
          drop_image(dataset.images.size(), false),
          drop_category(dataset.categories.size(), false) {}

    std::vector<std::set<Repair>> annotations;
    std::vector<bool> drop_image;
    std::vector<bool> drop_category;
};

/// Whether a ring of that many numbers can enclose an area.
constexpr bool is_ring(std::size_t numbers) {
    constexpr std::size_t kLeast = 6;
    return numbers >= kLeast && numbers % 2 == 0;
}

/// Writes a repaired copy of the file. Annotations with a broken mask are also dropped: their mask
/// text would stay broken.
void write_repaired(const detail::DatasetText& text, const Repairs& repairs,
                    const std::filesystem::path& path);

}  // namespace embedmask::data
