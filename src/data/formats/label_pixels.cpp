#include "data/formats/label_pixels.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "data/formats/voc_colors.h"
#include "embedmask/error.h"

namespace embedmask::data {
namespace {

using image::LabelForm;
using image::LabelImage;

constexpr std::uint32_t kMostShown = 12;   // values named in an error
constexpr std::uint32_t kThreshold = 127;  // of 255
constexpr std::uint32_t kWideVoid = 65535;

struct Rgb {
    std::uint8_t red;
    std::uint8_t green;
    std::uint8_t blue;
};

// Neighbours are mostly equal.
std::set<std::uint32_t> distinct(const std::vector<std::uint32_t>& values) {
    std::set<std::uint32_t> found;
    for (std::size_t i = 0; i < values.size(); ++i) {
        if (i == 0 || values[i] != values[i - 1]) {
            found.insert(values[i]);
        }
    }
    return found;
}

Rgb rgb_of(std::uint32_t color) {
    return {static_cast<std::uint8_t>(color >> 16U), static_cast<std::uint8_t>(color >> 8U),
            static_cast<std::uint8_t>(color)};
}

std::uint32_t brightest(std::uint32_t color) {
    const Rgb rgb = rgb_of(color);
    return std::max({rgb.red, rgb.green, rgb.blue});
}

/// A label image as shades from 0 to `white`.
struct Shades {
    std::vector<std::uint32_t> values;
    std::uint32_t white = 255;
    std::string form;
};

// Whether the colours of a palette say more than its indices: black and white in any order, or grey
// with smoothed edges.
bool is_black_and_white(const LabelImage& label, const std::set<std::uint32_t>& used) {
    bool black = false;
    bool white = false;
    for (const std::uint32_t index : used) {
        if (index >= label.palette.size()) {
            return false;
        }
        const Rgb rgb = rgb_of(label.palette[index]);
        if (rgb.red != rgb.green || rgb.red != rgb.blue) {
            return false;
        }
        black = black || rgb.red == 0;
        white = white || rgb.red > kThreshold;
    }
    return black && white;
}

Shades shades_of(const LabelImage& label, const std::string& owner) {
    const std::set<std::uint32_t> used = distinct(label.values);
    Shades shades;
    shades.form = name_of_form(label);
    if (!label.alpha.empty() && used.size() == 1) {
        shades.values.assign(label.alpha.begin(), label.alpha.end());
        shades.form += ", one colour: by opacity";
        return shades;
    }
    shades.values = label.values;
    switch (label.form) {
        case LabelForm::gray:
            shades.white = (1U << static_cast<unsigned>(label.bits)) - 1;
            return shades;
        case LabelForm::color:
            std::ranges::transform(shades.values, shades.values.begin(), brightest);
            return shades;
        case LabelForm::palette:
            break;
    }
    if (is_black_and_white(label, used)) {
        std::ranges::transform(shades.values, shades.values.begin(), [&](std::uint32_t index) {
            return brightest(label.palette[index]);
        });
    } else if (used.size() > (used.contains(0) ? 2 : 1)) {
        throw Error(fmt::format("{}: found the palette indices {}: expected 0 and one other", owner,
                                fmt::join(used, ", ")),
                    "a mask image shows one object; class and object images are --from voc");
    }
    return shades;
}

std::string listed(const std::set<std::uint32_t>& values) {
    std::string text;
    std::size_t count = 0;
    for (const std::uint32_t value : values) {
        if (++count > kMostShown) {
            return text + ", ...";
        }
        text += fmt::format("{}{}", text.empty() ? "" : ", ", value);
    }
    return text;
}

NumberedPixels numbered_by(const LabelImage& label, const char* rule) {
    return {label.values, fmt::format("{}: {}", name_of_form(label), rule)};
}

}  // namespace

std::string name_of_form(const LabelImage& label) {
    switch (label.form) {
        case LabelForm::palette:
            return "palette";
        case LabelForm::gray:
            return fmt::format("{}-bit grey", label.bits);
        case LabelForm::color:
            return "colour";
    }
    return "";
}

ObjectPixels object_pixels(const LabelImage& label, const std::string& owner) {
    const Shades shades = shades_of(label, owner);
    const std::set<std::uint32_t> used = distinct(shades.values);
    std::uint32_t threshold = 0;
    const char* rule = "what is not 0 is the object";
    if (used.size() > (used.contains(0) ? 2 : 1)) {
        threshold = shades.white * kThreshold / 255;
        rule = "what is above 127 of 255 is the object";
        if (*used.rbegin() <= threshold) {
            throw Error(fmt::format("{}: no pixel above {}; the image has the values {}", owner,
                                    threshold, listed(used)),
                        "a mask image shows one object: 0 and one other value; class and object "
                        "images are --from voc");
        }
    }
    ObjectPixels object;
    object.rule = fmt::format("{}: {}", shades.form, rule);
    object.bits.reserve(shades.values.size());
    for (const std::uint32_t value : shades.values) {
        object.bits.push_back(value > threshold ? 1 : 0);
    }
    return object;
}

NumberedPixels voc_pixels(const LabelImage& label, const std::string& owner) {
    const std::uint32_t unknown = label.bits == 16 ? kWideVoid : kVocVoid;
    NumberedPixels pixels;
    if (label.form == LabelForm::color) {
        pixels.rule = "colour: the colours of VOC are the numbers, the last one is void";
        std::map<std::uint32_t, std::uint32_t> known;
        for (unsigned index = 0; index <= kVocVoid; ++index) {
            const auto [red, green, blue] = voc_color(index);
            known[static_cast<std::uint32_t>(red << 16 | green << 8 | blue)] = index;
        }
        for (std::size_t i = 0; i < label.values.size(); ++i) {
            const auto found = known.find(label.values[i]);
            if (found == known.end()) {
                const Rgb rgb = rgb_of(label.values[i]);
                throw Error(
                    fmt::format("{}, pixel ({}, {}): found the colour ({}, {}, {}), which VOC does "
                                "not have",
                                owner, i % static_cast<std::size_t>(label.size.width),
                                i / static_cast<std::size_t>(label.size.width), rgb.red, rgb.green,
                                rgb.blue),
                    "save the numbers as a palette or grey PNG, without smoothing");
            }
            pixels.numbers.push_back(found->second);
        }
    } else if (label.form == LabelForm::palette) {
        pixels = numbered_by(label, "the index is the number, 255 is void");
    } else {
        pixels = numbered_by(label, label.bits == 16 ? "the value is the number, 65535 is void"
                                                     : "the value is the number, 255 is void");
    }
    std::ranges::replace(pixels.numbers, unknown, 0U);
    return pixels;
}

std::map<std::uint32_t, Rle> masks_of(const std::vector<std::uint32_t>& numbers, ImageSize size) {
    // Run by run in the order of the masks: an image may have thousands of objects.
    std::map<std::uint32_t, RleBuilder> builders;
    const auto height = static_cast<std::uint64_t>(size.height);
    for (int x = 0; x < size.width; ++x) {
        const auto at = [&](int y) {
            return numbers[static_cast<std::size_t>(y) * static_cast<std::size_t>(size.width) +
                           static_cast<std::size_t>(x)];
        };
        for (int top = 0, bottom = 0; top < size.height; top = bottom) {
            const std::uint32_t number = at(top);
            for (bottom = top + 1; bottom < size.height && at(bottom) == number;) {
                ++bottom;
            }
            if (number != 0) {
                const std::uint64_t column = static_cast<std::uint64_t>(x) * height;
                builders.try_emplace(number, size.height, size.width)
                    .first->second.add(column + static_cast<std::uint64_t>(top),
                                       column + static_cast<std::uint64_t>(bottom));
            }
        }
    }
    std::map<std::uint32_t, Rle> masks;
    for (auto& [number, builder] : builders) {
        masks[number] = builder.finish();
    }
    return masks;
}

NumberedPixels id_map_pixels(const LabelImage& label, const std::string& owner) {
    if (label.form == LabelForm::color) {
        throw Error(fmt::format("{}: found a colour image: expected an id map, which is grey or a "
                                "palette image",
                                owner),
                    "the mask of one object is named IMAGE-OBJECT-CATEGORYID.png");
    }
    return numbered_by(label, "an id map, what is not 0 is the number of an object");
}

}  // namespace embedmask::data
