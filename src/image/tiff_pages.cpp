#include "image/tiff_pages.h"

#include <fmt/format.h>

#include <unordered_set>

#include "base/text.h"
#include "embedmask/error.h"

namespace embedmask::image {
namespace {

constexpr std::size_t kMostPages = 65536;

class Chain {
public:
    Chain(std::span<const std::uint8_t> bytes, std::string_view name)
        : bytes_(bytes),
          name_(name),
          big_endian_(bytes.front() == 'M'),
          big_(number(2, 2) == kBigVersion) {}

    int count() {
        std::unordered_set<std::uint64_t> seen;
        for (std::uint64_t at = first(); at != 0; at = next(at)) {
            if (!seen.insert(at).second) {
                throw Error(fmt::format("{}: found a loop in the directories of a TIFF file: "
                                        "expected {} and an end",
                                        name_, detail::counted(seen.size(), "page")),
                            kFix);
            }
            if (seen.size() > kMostPages) {
                throw Error(fmt::format("{}: found a TIFF file with more pages than the limit, {}",
                                        name_, kMostPages),
                            "split it into several files");
            }
        }
        if (seen.empty()) {
            throw Error(fmt::format("{}: found a TIFF file without a page", name_), kFix);
        }
        return static_cast<int>(seen.size());
    }

private:
    static constexpr std::uint64_t kBigVersion = 43;
    static constexpr const char* kFix = "convert it with another program or exclude it";

    [[nodiscard]] std::uint64_t number(std::uint64_t at, unsigned size) const {
        if (at > bytes_.size() || bytes_.size() - at < size) {
            throw Error(fmt::format("{}: truncated TIFF file", name_), "copy or download it again");
        }
        std::uint64_t value = 0;
        for (unsigned i = 0; i < size; ++i) {
            const unsigned byte = big_endian_ ? i : size - 1 - i;
            value = value << 8U | bytes_[at + byte];
        }
        return value;
    }

    [[nodiscard]] std::uint64_t first() const { return big_ ? number(8, 8) : number(4, 4); }

    [[nodiscard]] std::uint64_t next(std::uint64_t at) const {
        const unsigned count_size = big_ ? 8 : 2;
        const std::uint64_t entry_size = big_ ? 20 : 12;
        const std::uint64_t entries = number(at, count_size);
        // An entry cannot be outside of the file, so this does not overflow.
        const std::uint64_t end =
            entries > bytes_.size() ? bytes_.size() : at + count_size + entries * entry_size;
        return number(end, big_ ? 8 : 4);
    }

    std::span<const std::uint8_t> bytes_;
    std::string_view name_;
    bool big_endian_;
    bool big_;
};

}  // namespace

int count_tiff_pages(std::span<const std::uint8_t> bytes, std::string_view name) {
    return Chain(bytes, name).count();
}

}  // namespace embedmask::image
