#include "image/tiff_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdarg>
#include <cstdio>
#include <cstring>

#include "base/text.h"
#include "embedmask/error.h"
#include "image/stored_image.h"
#include "image/tiff_pages.h"

namespace embedmask::image {
namespace {

std::string message(const char* format, va_list values) {
    std::array<char, 256> text{};
    (void)std::vsnprintf(text.data(), text.size(), format, values);
    return text.data();
}

}  // namespace

std::uint64_t most_tiff_memory(std::uint64_t max_pixels) {
    constexpr std::uint64_t kBytesPerPixel = 8;
    constexpr std::uint64_t kLeast = 1 << 20;
    constexpr std::uint64_t kMost = 1ULL << 40;
    return std::clamp(std::min(max_pixels, kMost) * kBytesPerPixel, kLeast, kMost);
}

TiffFile::TiffFile(std::span<const std::uint8_t> bytes, std::string_view name,
                   std::optional<int> page, std::uint64_t max_pixels)
    : bytes_(bytes), name_(name), pages_(count_tiff_pages(bytes, name)) {
    if (page && (*page < 0 || *page >= pages_)) {
        throw Error(fmt::format("{}: found {}: expected page {}", name,
                                detail::counted(static_cast<std::size_t>(pages_), "page"), *page),
                    fmt::format("pages count from 0: the last one is [{}]", pages_ - 1));
    }
    const std::unique_ptr<TIFFOpenOptions, decltype(&TIFFOpenOptionsFree)> options(
        TIFFOpenOptionsAlloc(), TIFFOpenOptionsFree);
    TIFFOpenOptionsSetMaxSingleMemAlloc(options.get(),
                                        static_cast<tmsize_t>(most_tiff_memory(max_pixels)));
    TIFFOpenOptionsSetErrorHandlerExtR(options.get(), on_error, this);
    TIFFOpenOptionsSetWarningHandlerExtR(options.get(), on_warning, this);
    // h: the first directory is not read yet; m: no memory map
    tiff_.reset(TIFFClientOpenExt("file", "rhm", this, read, write, seek, close, file_size, nullptr,
                                  nullptr, options.get()));
    if (tiff_ == nullptr) {
        fail();
    }
    go_to(page.value_or(0), max_pixels);
}

void TiffFile::go_to(int page, std::uint64_t max_pixels) {
    const bool read = TIFFSetDirectory(handle(), static_cast<tdir_t>(page)) != 0;
    std::uint32_t width = 0;
    std::uint32_t height = 0;
    const bool has_size = TIFFGetField(handle(), TIFFTAG_IMAGEWIDTH, &width) == 1 &&
                          TIFFGetField(handle(), TIFFTAG_IMAGELENGTH, &height) == 1;
    // What libtiff says of impossible sizes is less clear.
    if (read || has_size) {
        check_size(width, height, max_pixels, name_);
    }
    if (!read) {
        fail();
    }
}

ImageSize TiffFile::size() const {
    return {static_cast<int>(field<std::uint32_t>(TIFFTAG_IMAGEWIDTH)),
            static_cast<int>(field<std::uint32_t>(TIFFTAG_IMAGELENGTH))};
}

int TiffFile::orientation() const {
    const auto orientation = field<std::uint16_t>(TIFFTAG_ORIENTATION);
    return orientation >= 1 && orientation <= 8 ? orientation : 1;
}

void TiffFile::forget_messages() {
    error_.clear();
    warning_.clear();
}

void TiffFile::fail() const {
    const std::string& why = error_.empty() ? warning_ : error_;
    throw Error(fmt::format("{}: damaged or unsupported TIFF file{}{}", name_,
                            why.empty() ? "" : ": ", why),
                "convert it with another program or exclude it");
}

tmsize_t TiffFile::read(thandle_t file, void* out, tmsize_t size) {
    auto* self = static_cast<TiffFile*>(file);
    const std::uint64_t end = self->bytes_.size();
    const std::uint64_t left = self->position_ < end ? end - self->position_ : 0;
    const std::uint64_t count = std::min(left, static_cast<std::uint64_t>(size));
    if (count > 0) {
        std::memcpy(out, self->bytes_.data() + self->position_, count);
    }
    self->position_ += count;
    return static_cast<tmsize_t>(count);
}

tmsize_t TiffFile::write(thandle_t /*file*/, void* /*data*/, tmsize_t /*size*/) {
    return 0;
}

toff_t TiffFile::seek(thandle_t file, toff_t offset, int whence) {
    auto* self = static_cast<TiffFile*>(file);
    const std::uint64_t start = whence == SEEK_SET   ? 0
                                : whence == SEEK_CUR ? self->position_
                                                     : self->bytes_.size();
    self->position_ = start + offset;
    return self->position_;
}

int TiffFile::close(thandle_t /*file*/) {
    return 0;
}

toff_t TiffFile::file_size(thandle_t file) {
    return static_cast<TiffFile*>(file)->bytes_.size();
}

// Both handlers keep the first message. A result other than 0 keeps libtiff from printing it.
int TiffFile::on_error(TIFF* /*tiff*/, void* file, const char* /*module*/, const char* format,
                       va_list values) {
    auto* self = static_cast<TiffFile*>(file);
    if (self->error_.empty()) {
        self->error_ = message(format, values);
    }
    return 1;
}

int TiffFile::on_warning(TIFF* /*tiff*/, void* file, const char* /*module*/, const char* format,
                         va_list values) {
    auto* self = static_cast<TiffFile*>(file);
    if (self->warning_.empty()) {
        self->warning_ = message(format, values);
    }
    return 1;
}

}  // namespace embedmask::image
