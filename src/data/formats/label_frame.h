// The image that labels refer to: upright, or as stored.
#pragma once

#include <fmt/format.h>
#include <cstdint>

#include <string>
#include <string_view>

#include "embedmask/error.h"
#include "embedmask/image.h"

namespace embedmask::data {

struct LabeledFrame {
    std::int64_t image_id = 0;
    ImageSize size;       ///< that the labels refer to
    int orientation = 1;  ///< EXIF orientation of the image file
    int turn = 1;         ///< the EXIF orientation that turns the labels upright

    /// The frame of labels that record the size of their image: upright, or as stored if only that
    /// size fits. Error if neither does.
    [[nodiscard]] LabeledFrame for_size(ImageSize recorded, const std::string& owner) const;
};

/// Calls `read`; an Error that does not begin with `owner` gets it in front.
template <typename Read>
void with_owner(const std::string& owner, const Read& read) {
    try {
        read();
    } catch (const Error& error) {
        if (std::string_view(error.what()).starts_with(owner)) {
            throw;
        }
        throw Error(fmt::format("{}: {}", owner, error.what()), error.fix(), error.kind());
    }
}

}  // namespace embedmask::data
