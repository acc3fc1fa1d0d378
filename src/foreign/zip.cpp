#include "foreign/zip.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <tuple>
#include <vector>

#include "embedmask/error.h"
#include "foreign/untrusted.h"

namespace embedmask::foreign {
namespace {

constexpr std::uint64_t kLocalSignature = 0x04034b50;
constexpr std::uint64_t kCentralSignature = 0x02014b50;
constexpr std::uint64_t kEndSignature = 0x06054b50;
constexpr std::uint64_t kEnd64Signature = 0x06064b50;
constexpr std::uint64_t kLocator64Signature = 0x07064b50;
constexpr std::size_t kLocalSize = 30;
constexpr std::size_t kCentralSize = 46;
constexpr std::size_t kEndSize = 22;
constexpr std::size_t kEnd64Size = 56;
constexpr std::size_t kLocator64Size = 20;
constexpr std::size_t kMaxComment = 65535;
constexpr std::uint64_t kMaxMembers = 100'000;
constexpr std::uint64_t kIn64 = 0xFFFFFFFF;  // marker for "see the zip64 field"
constexpr std::uint64_t kCountIn64 = 0xFFFF;
const char* const kDamagedArchive = "the file is damaged or truncated; copy it again";
const char* const kRepack =
    "save it again with torch.save, or repack it without compression or password: zip -0";

struct Directory {
    std::uint64_t begin = 0;
    std::uint64_t size = 0;
    std::uint64_t members = 0;
};

struct Range {
    std::uint64_t begin = 0;
    std::uint64_t end = 0;
    std::string name;
};

class Archive {
public:
    Archive(std::span<const std::byte> bytes, const std::string& file)
        : bytes_(bytes), file_(file) {}

    ZipMembers read() {
        const Directory directory = find_directory();
        ZipMembers members;
        std::uint64_t at = directory.begin;
        const std::uint64_t end = directory.begin + directory.size;
        for (std::uint64_t i = 0; i < directory.members; ++i) {
            at = read_member(at, end, directory.begin, members);
        }
        if (at != end) {
            fail(at, fmt::format("the directory must end here, not at {}", end));
        }
        check_overlaps();
        return members;
    }

private:
    [[noreturn]] void fail(std::uint64_t at, const std::string& problem,
                           const char* fix = kDamagedArchive) const {
        throw Error(fmt::format("{}: byte {}: {}", file_, at, problem), fix);
    }

    std::uint64_t number(std::uint64_t at, std::size_t size) const {
        if (at > bytes_.size() || size > bytes_.size() - at) {
            fail(at, "the zip archive is truncated");
        }
        return little_endian(bytes_, static_cast<std::size_t>(at), size);
    }

    // Whether `size` bytes at `at` are within the first `end` bytes.
    static bool fits(std::uint64_t at, std::uint64_t size, std::uint64_t end) {
        return at <= end && size <= end - at;
    }

    Directory find_directory() const {
        if (bytes_.size() < kEndSize) {
            fail(0, "too short for a zip archive");
        }
        const std::size_t last = bytes_.size() - kEndSize;
        const std::size_t first = last - std::min(last, kMaxComment);
        for (std::size_t at = last + 1; at-- > first;) {
            if (number(at, 4) == kEndSignature && number(at + 20, 2) == last - at) {
                return read_end(at);
            }
        }
        fail(bytes_.size(), "a zip archive without a central directory");
    }

    Directory read_end(std::size_t at) const {
        Directory directory = {number(at + 16, 4), number(at + 12, 4), number(at + 10, 2)};
        std::uint64_t limit = at;
        const bool in64 =
            directory.begin == kIn64 || directory.size == kIn64 || directory.members == kCountIn64;
        if (at >= kLocator64Size && number(at - kLocator64Size, 4) == kLocator64Signature) {
            const std::uint64_t end64 = number(at - kLocator64Size + 8, 8);
            if (!fits(end64, kEnd64Size, at - kLocator64Size) ||
                number(end64, 4) != kEnd64Signature) {
                fail(at - kLocator64Size, "the zip64 locator does not point to a zip64 directory");
            }
            directory = {number(end64 + 48, 8), number(end64 + 40, 8), number(end64 + 32, 8)};
            limit = end64;
        } else if (in64) {
            fail(at, "sizes over 4 GB without a zip64 directory");
        }
        if (!fits(directory.begin, directory.size, limit)) {
            fail(at, fmt::format("a directory of {} bytes at {} does not fit before its end",
                                 directory.size, directory.begin));
        }
        if (directory.members > kMaxMembers) {
            fail(at, fmt::format("{} members, the limit is {}", directory.members, kMaxMembers));
        }
        return directory;
    }

    std::string name_at(std::uint64_t at, std::uint64_t size) const {
        const auto* text = reinterpret_cast<const char*>(bytes_.data()) + at;
        return {text, static_cast<std::size_t>(size)};
    }

    // Reads the entry at `at` and returns the offset of the next one.
    std::uint64_t read_member(std::uint64_t at, std::uint64_t end, std::uint64_t data_end,
                              ZipMembers& members) {
        if (!fits(at, kCentralSize, end) || number(at, 4) != kCentralSignature) {
            fail(at, "expected another entry of the zip directory");
        }
        const std::uint64_t name_size = number(at + 28, 2);
        const std::uint64_t extra_size = number(at + 30, 2);
        const std::uint64_t next = at + kCentralSize + name_size + extra_size + number(at + 32, 2);
        if (next > end) {
            fail(at, "an entry extends beyond the zip directory");
        }
        const std::string name = name_at(at + kCentralSize, name_size);
        if ((number(at + 8, 2) & 1U) != 0) {
            fail(at, shown(name) + " is encrypted", kRepack);
        }
        if (number(at + 10, 2) != 0) {
            fail(at,
                 fmt::format("{} is compressed (method {}), expected stored members, as torch.save "
                             "writes them",
                             shown(name), number(at + 10, 2)),
                 kRepack);
        }
        std::uint64_t packed = number(at + 20, 4);
        std::uint64_t size = number(at + 24, 4);
        std::uint64_t local = number(at + 42, 4);
        read_extra64(at, at + kCentralSize + name_size, extra_size, {&size, &packed, &local});
        if (packed != size) {
            fail(at, fmt::format("{} is stored, but its {} bytes occupy {}", shown(name), size,
                                 packed));
        }
        const std::uint64_t begin = data_of(local, name, data_end);
        if (!fits(begin, size, data_end)) {
            fail(at, fmt::format("{} has {} bytes at {}, but the data ends at {}", shown(name),
                                 size, begin, data_end));
        }
        ranges_.push_back({local, begin + size, name});
        if (!members.emplace(name, bytes_.subspan(begin, size)).second) {
            fail(at, fmt::format("duplicate member {}", shown(name)));
        }
        return next;
    }

    // The zip64 field contains, in this order, the values that do not fit into 32 bits.
    void read_extra64(std::uint64_t entry, std::uint64_t at, std::uint64_t size,
                      std::initializer_list<std::uint64_t*> values) const {
        constexpr std::uint64_t kField64 = 1;
        const std::uint64_t end = at + size;
        while (end - at >= 4) {
            const std::uint64_t field = number(at, 2);
            const std::uint64_t field_size = number(at + 2, 2);
            at += 4;
            if (field_size > end - at) {
                fail(entry, "an extra field extends beyond its entry");
            }
            if (field != kField64) {
                at += field_size;
                continue;
            }
            const std::uint64_t field_end = at + field_size;
            for (std::uint64_t* value : values) {
                if (*value != kIn64) {
                    continue;
                }
                if (field_end - at < 8) {
                    fail(entry, "a zip64 field without a size");
                }
                *value = number(at, 8);
                at += 8;
            }
            return;
        }
    }

    // Offset of the data of the member whose local header is at `local`.
    std::uint64_t data_of(std::uint64_t local, const std::string& name,
                          std::uint64_t data_end) const {
        if (!fits(local, kLocalSize, data_end) || number(local, 4) != kLocalSignature) {
            fail(local, fmt::format("expected the header of {}", shown(name)));
        }
        const std::uint64_t name_size = number(local + 26, 2);
        const std::uint64_t begin = local + kLocalSize + name_size + number(local + 28, 2);
        if (begin > data_end || name_at(local + kLocalSize, name_size) != name) {
            fail(local, fmt::format("the local header does not match {}", shown(name)));
        }
        return begin;
    }

    void check_overlaps() {
        std::sort(ranges_.begin(), ranges_.end(), [](const Range& a, const Range& b) {
            return std::tie(a.begin, a.end) < std::tie(b.begin, b.end);
        });
        for (std::size_t i = 1; i < ranges_.size(); ++i) {
            if (ranges_[i].begin < ranges_[i - 1].end) {
                fail(ranges_[i].begin, fmt::format("{} overlaps {}", shown(ranges_[i].name),
                                                   shown(ranges_[i - 1].name)));
            }
        }
    }

    std::span<const std::byte> bytes_;
    const std::string& file_;
    std::vector<Range> ranges_;
};

}  // namespace

bool is_zip(std::span<const std::byte> bytes) {
    return bytes.size() >= 4 && little_endian(bytes, 0, 4) == kLocalSignature;
}

ZipMembers read_zip(std::span<const std::byte> bytes, const std::string& file) {
    return Archive(bytes, file).read();
}

}  // namespace embedmask::foreign
