// Masks in forms that are not COCO's, but can be understood.
#pragma once

#include <cstddef>
#include <nlohmann/json.hpp>
#include <optional>

#include "embedmask/image.h"

namespace embedmask::data {

/// Whether a ring of that many numbers can enclose an area.
constexpr bool is_ring(std::size_t numbers) {
    constexpr std::size_t kLeast = 6;  // three points
    return numbers >= kLeast && numbers % 2 == 0;
}

/// A number, also as text ("12.5"); nothing for anything else and for numbers that are not finite.
std::optional<double> number_of(const nlohmann::ordered_json& value);

/// What was wrong with the form of a mask.
struct MaskForm {
    nlohmann::ordered_json segmentation;  ///< in COCO's form; an empty list if it is unusable
    bool flat = false;                    ///< one list too few or too many
    bool points = false;                  ///< points [x, y] or {"x", "y"} instead of plain numbers
    bool corners = false;                 ///< rings of two corners x1, y1, x2, y2
    bool short_rings = false;             ///< rings with fewer than 6 or an odd number of numbers
    bool strings = false;                 ///< text in place of numbers
    bool overlong = false;                ///< run lengths beyond the mask, which are cut off
    bool sizeless = false;                ///< run lengths without the size of the mask
    bool broken = false;                  ///< nothing usable is left, or the run lengths are wrong

    [[nodiscard]] bool good() const {
        return !flat && !points && !corners && !short_rings && !strings && !overlong && !sizeless &&
               !broken;
    }
};

/// The usable part of the "segmentation" of an annotation. Four numbers are x1, y1, x2, y2, unless
/// they repeat its "bbox" and its "area" is not that between the corners. A flat list of whole
/// numbers that add up to the pixels of an image of size `image` is a list of run lengths.
MaskForm mask_form(const nlohmann::ordered_json& annotation, ImageSize image = {});

}  // namespace embedmask::data
