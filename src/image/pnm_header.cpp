#include "image/pnm_header.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <limits>
#include <string>

#include "embedmask/error.h"
#include "image/stored_image.h"
#include "image/view.h"

namespace embedmask::image {
namespace {

constexpr std::uint64_t kMostSide = std::numeric_limits<std::uint32_t>::max();
constexpr unsigned kMostValue = 65535;
constexpr const char* kPnmFix = "convert it with another program or exclude it";

bool is_digit(std::uint8_t byte) {
    return byte >= '0' && byte <= '9';
}

// The keys of PAM, in any order up to ENDHDR.
void read_pam(PnmText& text, std::string_view name, std::uint64_t max_pixels, PnmHeader& header) {
    std::uint64_t width = 0;
    std::uint64_t height = 0;
    std::uint64_t depth = 0;
    std::uint64_t most = 0;
    for (std::string_view key = text.word(); key != "ENDHDR"; key = text.word()) {
        if (key == "WIDTH") {
            width = text.number(key, kMostSide);
        } else if (key == "HEIGHT") {
            height = text.number(key, kMostSide);
        } else if (key == "DEPTH") {
            depth = text.number(key, kMostSide);
        } else if (key == "MAXVAL") {
            most = text.number(key, kMostValue);
        } else if (key == "TUPLTYPE") {
            (void)text.word();
        } else {
            throw Error(fmt::format("{}: found the key {} in a PAM header: expected WIDTH, HEIGHT, "
                                    "DEPTH, MAXVAL, TUPLTYPE or ENDHDR",
                                    name, key),
                        kPnmFix);
        }
    }
    text.end_header();
    check_size(width, height, max_pixels, name);
    if (depth < 1 || depth > 4 || most < 1) {
        throw Error(fmt::format("{}: found a PAM file with {} channels and a maximum of {}: "
                                "expected 1 to 4 channels and 1 to {}",
                                name, depth, most, kMostValue),
                    kPnmFix);
    }
    header.size = {static_cast<int>(width), static_cast<int>(height)};
    header.channels = depth;
    header.most = static_cast<unsigned>(most);
}

void read_scale(PnmText& text, std::string_view name, PnmHeader& header) {
    const std::string word(text.word());
    char* end = nullptr;
    const double scale = std::strtod(word.c_str(), &end);
    if (end != word.c_str() + word.size() || scale == 0) {
        throw Error(fmt::format("{}: found the scale {} in a PFM header: expected a number other "
                                "than 0",
                                name, word),
                    kPnmFix);
    }
    header.little_endian = scale < 0;
    text.end_header();
}

}  // namespace

void fail_pnm_truncated(std::string_view name) {
    throw Error(fmt::format("{}: truncated PNM file", name), "copy or download it again");
}

void PnmText::skip_blanks() {
    bool comment = false;
    for (; !at_end(); ++position_) {
        const std::uint8_t byte = bytes_[position_];
        if (byte == '\n' || byte == '\r') {
            comment = false;
        } else if (byte == '#') {
            comment = true;
        } else if (!comment && !is_pnm_blank(byte)) {
            return;
        }
    }
    fail_pnm_truncated(name_);
}

std::uint64_t PnmText::number(std::string_view what, std::uint64_t most) {
    skip_blanks();
    if (!is_digit(bytes_[position_])) {
        throw Error(fmt::format("{}: found byte {:#04x} in a PNM file: expected a number ({})",
                                name_, bytes_[position_], what),
                    kPnmFix);
    }
    std::uint64_t value = 0;
    for (; !at_end() && is_digit(bytes_[position_]); ++position_) {
        value = value * 10 + (bytes_[position_] - '0');
        if (value > most) {
            throw Error(fmt::format("{}: found a number above {} in a PNM file: expected {} up to "
                                    "that",
                                    name_, most, what),
                        kPnmFix);
        }
    }
    return value;
}

unsigned PnmText::bit() {
    skip_blanks();
    const std::uint8_t byte = bytes_[position_];
    if (byte != '0' && byte != '1') {
        throw Error(
            fmt::format("{}: found byte {:#04x} in a PBM file: expected 0 or 1", name_, byte),
            kPnmFix);
    }
    ++position_;
    return byte - '0';
}

std::string_view PnmText::word() {
    skip_blanks();
    const std::size_t first = position_;
    while (!at_end() && !is_pnm_blank(bytes_[position_])) {
        ++position_;
    }
    // Names of things are short; what is not text would make a long message.
    constexpr std::size_t kLongest = 64;
    return as_text(bytes_).substr(first, std::min(position_ - first, kLongest));
}

void PnmText::end_header() {
    if (at_end()) {
        fail_pnm_truncated(name_);
    }
    if (!is_pnm_blank(bytes_[position_])) {
        throw Error(fmt::format("{}: found byte {:#04x} after a PNM header: expected a blank",
                                name_, bytes_[position_]),
                    kPnmFix);
    }
    ++position_;
}

PnmHeader read_pnm_header(std::span<const std::uint8_t> bytes, std::string_view name,
                          std::uint64_t max_pixels) {
    const char kind = static_cast<char>(bytes[1]);
    PnmText text(bytes, name, 2);
    PnmHeader header;
    if (kind == '7') {
        read_pam(text, name, max_pixels, header);
        header.pixels = text.position();
        return header;
    }
    const std::uint64_t width = text.number("the width", kMostSide);
    const std::uint64_t height = text.number("the height", kMostSide);
    check_size(width, height, max_pixels, name);
    header.size = {static_cast<int>(width), static_cast<int>(height)};
    header.channels = kind == '3' || kind == '6' || kind == 'F' ? 3 : 1;
    if (kind == 'F' || kind == 'f') {
        header.samples = PnmHeader::Samples::floats;
        read_scale(text, name, header);
    } else {
        const bool has_most = kind != '1' && kind != '4';
        if (has_most) {
            header.most = static_cast<unsigned>(text.number("the largest value", kMostValue));
        }
        if (header.most == 0) {
            throw Error(fmt::format("{}: found a PNM file with a largest value of 0: expected 1 to "
                                    "{}",
                                    name, kMostValue),
                        kPnmFix);
        }
        header.samples = kind == '1'                  ? PnmHeader::Samples::text_bits
                         : kind == '2' || kind == '3' ? PnmHeader::Samples::text
                         : kind == '4'                ? PnmHeader::Samples::bits
                                                      : PnmHeader::Samples::binary;
        text.end_header();
    }
    header.pixels = text.position();
    return header;
}

}  // namespace embedmask::image
