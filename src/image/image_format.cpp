#include "image/image_format.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <string>

#include "embedmask/error.h"
#include "image/pnm_header.h"

namespace embedmask::image {
namespace {

using Bytes = std::span<const std::uint8_t>;

bool has_text(Bytes bytes, std::size_t offset, std::string_view text) {
    if (offset > bytes.size() || bytes.size() - offset < text.size()) {
        return false;
    }
    return std::equal(text.begin(), text.end(), bytes.begin() + static_cast<std::ptrdiff_t>(offset),
                      [](char a, std::uint8_t b) { return static_cast<std::uint8_t>(a) == b; });
}

bool is_tiff(Bytes bytes) {
    constexpr std::array kMarks = {
        std::string_view("II*\0", 4), std::string_view("MM\0*", 4),  // TIFF
        std::string_view("II+\0", 4), std::string_view("MM\0+", 4),  // BigTIFF
    };
    return std::ranges::any_of(kMarks,
                               [&](std::string_view mark) { return has_text(bytes, 0, mark); });
}

bool is_pnm(Bytes bytes) {
    constexpr std::string_view kKinds = "1234567Ff";
    return bytes.size() >= 3 && bytes[0] == 'P' &&
           kKinds.find(static_cast<char>(bytes[1])) != std::string_view::npos &&
           is_pnm_blank(bytes[2]);
}

// The mark is two letters; the size of the second header has few values.
bool has_bmp_header(Bytes bytes) {
    constexpr std::array<std::uint8_t, 8> kSizes = {12, 16, 40, 52, 56, 64, 108, 124};
    return bytes.size() >= 18 && std::ranges::find(kSizes, bytes[14]) != kSizes.end() &&
           bytes[15] == 0 && bytes[16] == 0 && bytes[17] == 0;
}

// The mark is like a word. A number, a comment or, of PAM, a key follows.
bool has_pnm_header(Bytes bytes) {
    const auto next = std::ranges::find_if_not(bytes.subspan(2), is_pnm_blank);
    if (next == bytes.end()) {
        return false;
    }
    return bytes[1] == '7' ? has_text(bytes, 2, "\n") && std::isupper(*next) != 0
                           : std::isdigit(*next) != 0 || *next == '#';
}

constexpr const char* kConvert = "convert it to JPEG or PNG";

// The apparent format of a file that is not read as an image.
struct Signature {
    std::size_t offset;
    std::string_view magic;
    const char* what;
    const char* fix;
};

constexpr std::array kSignatures{
    Signature{4, "ftypavif", "an AVIF image", kConvert},
    Signature{4, "ftyphei", "a HEIC image", kConvert},
    Signature{4, "ftyphev", "a HEIC image", kConvert},
    Signature{4, "ftypmif1", "a HEIF image", kConvert},
    Signature{4, "ftyp", "a video", "extract its frames as JPEG or PNG files"},
    Signature{8, "AVI ", "a video", "extract its frames as JPEG or PNG files"},
    Signature{4, "jP  ", "a JPEG 2000 image", kConvert},
    Signature{4, "JXL ", "a JPEG XL image", kConvert},
    Signature{0, "\xFF\x0A", "a JPEG XL image", kConvert},
    Signature{0, "8BPS", "a Photoshop document", kConvert},
    Signature{0, "%PDF", "a PDF document", kConvert},
    Signature{0, "PK\x03\x04", "a zip archive", "extract it first"},
    Signature{0, "<svg", "an SVG drawing", kConvert},
    Signature{0, "<", "a web page or other markup, perhaps a failed download", "download it again"},
    Signature{0, "version https://git-lfs", "a Git LFS pointer", "run git lfs pull"},
};

constexpr std::array<std::string_view, 20> kEndings = {
    ".jpg", ".jpeg", ".jpe", ".jfif", ".jfi", ".jif", ".pjpeg", ".mpo", ".png", ".webp",
    ".tif", ".tiff", ".gif", ".bmp",  ".pbm", ".pgm", ".ppm",   ".pnm", ".pam", ".pfm"};

}  // namespace

const char* name_of(ImageFormat format) {
    switch (format) {
        case ImageFormat::jpeg:
            return "a JPEG";
        case ImageFormat::png:
            return "a PNG";
        case ImageFormat::webp:
            return "a WebP";
        case ImageFormat::tiff:
            return "a TIFF";
        case ImageFormat::gif:
            return "a GIF";
        case ImageFormat::bmp:
            return "a BMP";
        case ImageFormat::pnm:
            return "a PNM";
    }
    return "";
}

std::optional<ImageFormat> format_of(Bytes bytes) {
    if (has_text(bytes, 0, "\xFF\xD8\xFF")) {
        return ImageFormat::jpeg;
    }
    if (has_text(bytes, 0, "\x89PNG\r\n\x1A\n")) {
        return ImageFormat::png;
    }
    if (has_text(bytes, 0, "RIFF") && has_text(bytes, 8, "WEBP")) {
        return ImageFormat::webp;
    }
    if (is_tiff(bytes)) {
        return ImageFormat::tiff;
    }
    if (has_text(bytes, 0, "GIF87a") || has_text(bytes, 0, "GIF89a")) {
        return ImageFormat::gif;
    }
    if (has_text(bytes, 0, "BM")) {
        return ImageFormat::bmp;
    }
    return is_pnm(bytes) ? std::optional(ImageFormat::pnm) : std::nullopt;
}

bool has_image_signature(Bytes bytes) {
    const std::optional<ImageFormat> format = format_of(bytes);
    if (format == ImageFormat::bmp) {
        return has_bmp_header(bytes);
    }
    return format == ImageFormat::pnm ? has_pnm_header(bytes) : format.has_value();
}

bool is_image_name(const std::filesystem::path& path) {
    std::string ending = path.extension().string();
    std::ranges::transform(ending, ending.begin(), [](unsigned char letter) {
        return static_cast<char>(std::tolower(letter));
    });
    return std::ranges::find(kEndings, ending) != kEndings.end();
}

void fail_unknown(Bytes bytes, std::string_view name) {
    if (bytes.empty()) {
        throw Error(fmt::format("{}: the file is empty, expected a {} image", name, kImageFormats));
    }
    for (const Signature& signature : kSignatures) {
        if (has_text(bytes, signature.offset, signature.magic)) {
            throw Error(fmt::format("{}: looks like {}, expected a {} image", name, signature.what,
                                    kImageFormats),
                        signature.fix);
        }
    }
    std::string beginning;
    for (const std::uint8_t byte : bytes.first(std::min<std::size_t>(bytes.size(), 8))) {
        beginning += fmt::format(" {:02x}", byte);
    }
    throw Error(
        fmt::format("{}: begins with{}, expected a {} image", name, beginning, kImageFormats),
        kConvert);
}

}  // namespace embedmask::image
