#include "data/formats/cvat_runs.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <vector>

#include "base/text.h"
#include "data/formats/shape_geometry.h"
#include "embedmask/error.h"
#include "image/view.h"

namespace embedmask::data {

CvatMask cvat_mask(const Rle& mask) {
    const CocoBox box = bounding_box(mask);
    CvatMask result;
    result.left = static_cast<int>(box.x);
    result.top = static_cast<int>(box.y);
    result.size = {static_cast<int>(box.width), static_cast<int>(box.height)};
    if (result.size.width == 0) {
        throw Error("found a mask without pixels: expected at least one");
    }
    const auto bits = decode_rows(mask);
    std::uint8_t value = 0;
    std::size_t run = 0;
    const auto end_run = [&] {
        result.runs += result.runs.empty() ? fmt::to_string(run) : fmt::format(", {}", run);
        run = 0;
    };
    for (int y = result.top; y < result.top + result.size.height; ++y) {
        const std::size_t row = static_cast<std::size_t>(y) * static_cast<std::size_t>(mask.width);
        for (int x = result.left; x < result.left + result.size.width; ++x) {
            if (bits[row + static_cast<std::size_t>(x)] != value) {
                end_run();
                value ^= 1U;
            }
            ++run;
        }
    }
    end_run();
    return result;
}

Rle mask_of_cvat(std::string_view runs, ImageSize box, std::int64_t left, std::int64_t top,
                 ImageSize image) {
    if (box.width < 1 || box.height < 1 || box.width > image.width || box.height > image.height) {
        throw Error(
            fmt::format("found a mask of {}x{} pixels: expected at most the {}x{} of the "
                        "image",
                        box.width, box.height, image.width, image.height));
    }
    std::vector<std::uint8_t> bits(image::pixel_count(box), 0);
    std::size_t end = 0;
    bool is_object = false;
    while (!detail::trimmed(runs).empty()) {
        const std::size_t comma = std::min(runs.find(','), runs.size());
        const std::string_view number = detail::trimmed(runs.substr(0, comma));
        std::uint64_t run = 0;
        const auto parsed = std::from_chars(number.data(), number.data() + number.size(), run);
        if (parsed.ec != std::errc{} || parsed.ptr != number.data() + number.size()) {
            throw Error(fmt::format("found the run length \"{}\": expected a number", number));
        }
        if (run > bits.size() - end) {
            throw Error(
                fmt::format("found run lengths of more than {} pixels: expected at most the "
                            "{}x{} of the mask",
                            bits.size(), box.width, box.height));
        }
        if (is_object) {
            std::fill_n(bits.begin() + static_cast<std::ptrdiff_t>(end), run, std::uint8_t{1});
        }
        end += run;
        is_object = !is_object;
        runs.remove_prefix(std::min(comma + 1, runs.size()));
    }
    return placed_mask(bits, box, left, top, image);
}

}  // namespace embedmask::data
