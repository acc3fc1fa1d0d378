// Decides, once per file, what the pixels of a label image mean.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "embedmask/rle.h"
#include "image/label_image.h"

namespace embedmask::data {

/// "palette", "8-bit grey", "colour".
std::string name_of_form(const image::LabelImage& label);

/// The pixels of a single object.
struct ObjectPixels {
    std::vector<std::uint8_t> bits;  ///< 0 or 1
    std::string rule;                ///< the meaning, for the user
};

/// Of two values, one of which is 0, the other is the object, whatever it is. Of more, as along
/// smoothed edges, those above 127 of 255 are. A colour counts by its brightest channel, an image
/// of one colour by its opacity. Error, naming the values, if the image means something else:
/// `owner` is its file.
ObjectPixels object_pixels(const image::LabelImage& label, const std::string& owner);

/// The numbers of classes or objects.
struct NumberedPixels {
    std::vector<std::uint32_t> numbers;  ///< 0 for background and void
    std::string rule;                    ///< the meaning, for the user
};

/// VOC: the index of a palette image, the value of a grey image, the number of a colour of VOC.
/// Void is 255, in 16-bit images 65535. Error, naming pixel and colour, for other colours.
NumberedPixels voc_pixels(const image::LabelImage& label, const std::string& owner);

/// The mask of each number above 0 of an image.
std::map<std::uint32_t, Rle> masks_of(const std::vector<std::uint32_t>& numbers, ImageSize size);

/// Id maps: every index or value above 0. Error for colours.
NumberedPixels id_map_pixels(const image::LabelImage& label, const std::string& owner);

}  // namespace embedmask::data
