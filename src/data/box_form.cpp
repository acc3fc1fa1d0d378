#include "data/box_form.h"

#include <string>

#include "data/mask_forms.h"

namespace embedmask::data {
namespace {

using Box = std::array<double, 4>;
using BoxJson = nlohmann::ordered_json;

std::optional<Box> numbers_of(const BoxJson& object, const std::array<const char*, 4>& keys) {
    Box box{};
    for (std::size_t i = 0; i < box.size(); ++i) {
        const auto number = number_of(object.value(keys.at(i), BoxJson()));
        if (!number) {
            return std::nullopt;
        }
        box.at(i) = *number;
    }
    return box;
}

Box from_two_corners(const Box& corners) {
    return {corners[0], corners[1], corners[2] - corners[0], corners[3] - corners[1]};
}

std::optional<Box> box_of_object(const BoxJson& object) {
    if (const auto corners = numbers_of(object, {"xmin", "ymin", "xmax", "ymax"})) {
        return from_two_corners(*corners);
    }
    if (const auto box = numbers_of(object, {"x", "y", "width", "height"})) {
        return box;
    }
    return numbers_of(object, {"x", "y", "w", "h"});
}

std::optional<Box> box_of_list(const BoxJson& list) {
    if (list.size() == 1 && list[0].is_array()) {
        return box_form(list[0]);
    }
    Box box{};
    std::size_t count = 0;
    const bool is_corners = list.size() == 2 && list[0].is_array() && list[1].is_array();
    const auto add = [&](const BoxJson& value) {
        const auto number = number_of(value);
        if (number && count < box.size()) {
            box.at(count) = *number;
        }
        count += number ? 1 : box.size() + 1;
    };
    for (const BoxJson& value : list) {
        if (!is_corners) {
            add(value);
            continue;
        }
        for (const BoxJson& side : value) {
            add(side);
        }
    }
    if (count != box.size()) {
        return std::nullopt;
    }
    return is_corners ? from_two_corners(box) : box;
}

}  // namespace

std::optional<Box> box_form(const BoxJson& value) {
    if (value.is_object()) {
        return box_of_object(value);
    }
    if (value.is_array()) {
        return box_of_list(value);
    }
    if (value.is_string()) {
        const BoxJson inner = BoxJson::parse(value.get<std::string>(), nullptr, false);
        if (inner.is_array() || inner.is_object()) {
            return box_form(inner);
        }
    }
    return std::nullopt;
}

}  // namespace embedmask::data
