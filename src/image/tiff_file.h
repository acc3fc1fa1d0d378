// A page of a TIFF file in memory, opened with libtiff.
#pragma once

#include <tiffio.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "embedmask/image.h"

namespace embedmask::image {

/// The most memory for a row of an image within the limit, or for a tile.
std::uint64_t most_tiff_memory(std::uint64_t max_pixels);

/// Messages of libtiff end here and never on stderr.
class TiffFile {
public:
    /// Goes to a page, or to the first one. Error if the file is damaged or does not have it, and
    /// for a size beyond the limit, which also limits each piece of memory that libtiff takes.
    TiffFile(std::span<const std::uint8_t> bytes, std::string_view name, std::optional<int> page,
             std::uint64_t max_pixels);
    TiffFile(const TiffFile&) = delete;
    TiffFile& operator=(const TiffFile&) = delete;

    [[nodiscard]] TIFF* handle() const { return tiff_.get(); }
    [[nodiscard]] std::string_view name() const { return name_; }
    [[nodiscard]] int pages() const { return pages_; }
    [[nodiscard]] ImageSize size() const;
    [[nodiscard]] int orientation() const;  ///< 1..8
    [[nodiscard]] std::size_t bytes() const { return bytes_.size(); }

    /// A number in the directory, its default where it is not there, else 0.
    template <typename Number>
    [[nodiscard]] Number field(std::uint32_t tag) const {
        Number value = 0;
        return TIFFGetFieldDefaulted(handle(), tag, &value) == 1 ? value : Number(0);
    }

    /// Whether libtiff found the pixels damaged, even if it went on. Where a codec fills in pixels
    /// of its own, it only warns.
    void forget_messages();
    [[nodiscard]] bool complained(bool also_warnings) const {
        return !error_.empty() || (also_warnings && !warning_.empty());
    }

    /// Error with what libtiff said.
    [[noreturn]] void fail() const;

private:
    struct Close {
        void operator()(TIFF* tiff) const { TIFFClose(tiff); }
    };

    void go_to(int page, std::uint64_t max_pixels);

    static tmsize_t read(thandle_t file, void* out, tmsize_t size);
    static tmsize_t write(thandle_t file, void* data, tmsize_t size);
    static toff_t seek(thandle_t file, toff_t offset, int whence);
    static int close(thandle_t file);
    static toff_t file_size(thandle_t file);
    static int on_error(TIFF* tiff, void* file, const char* module, const char* format,
                        va_list values);
    static int on_warning(TIFF* tiff, void* file, const char* module, const char* format,
                          va_list values);

    std::span<const std::uint8_t> bytes_;
    std::string_view name_;
    std::uint64_t position_ = 0;
    int pages_ = 0;
    std::string error_;
    std::string warning_;
    std::unique_ptr<TIFF, Close> tiff_;  // closed first: it uses the others
};

}  // namespace embedmask::image
