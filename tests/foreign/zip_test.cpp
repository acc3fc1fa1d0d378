#include "foreign/zip.h"

#include <gtest/gtest.h>

#include "embedmask/error.h"
#include "hostile.h"

namespace embedmask {
namespace {

using testing::bytes_of;
using testing::number;
using testing::zip_of;
using testing::ZipMember;

const testing::Refusals kArchives(
    [](const std::string& text) { foreign::read_zip(bytes_of(text), "w.pth"); }, "w.pth: byte ");

const std::vector<ZipMember> kTwo = {{"a/x", "hello"}, {"a/empty", ""}};

TEST(Zip, ReadsMembersWithAndWithoutZip64AndComment) {
    for (const bool zip64 : {false, true}) {
        const auto bytes = bytes_of(zip_of(kTwo, zip64));
        EXPECT_TRUE(foreign::is_zip(bytes));
        const foreign::ZipMembers members = foreign::read_zip(bytes, "w.pth");
        ASSERT_EQ(members.size(), 2U);
        const auto hello = members.at("a/x");
        EXPECT_EQ(std::string(reinterpret_cast<const char*>(hello.data()), hello.size()), "hello");
        EXPECT_TRUE(members.at("a/empty").empty());
    }
    std::string commented = zip_of(kTwo);
    commented.replace(commented.size() - 2, 2, number(7, 2) + "comment");
    EXPECT_EQ(foreign::read_zip(bytes_of(commented), "w.pth").size(), 2U);
}

TEST(Zip, RefusesWhatItCannotRead) {
    kArchives.expect(zip_of({{"a/x", "hello", 8}}), "a/x is compressed (method 8)");
    kArchives.expect(zip_of({{"a/x", "hello", 0, 1}}), "a/x is encrypted");
    kArchives.expect(zip_of({{"a/x", "hello"}, {"a/x", "again"}}), "duplicate member a/x");
}

TEST(Zip, RefusesLies) {
    kArchives.expect("PK\x03\x04", "too short");
    kArchives.expect(std::string(100, 'x'), "without a central directory");
    kArchives.expect(zip_of({{"a/x", "hello", 0, 0, 1000}}), "has 1000 bytes");
    kArchives.expect(zip_of({{"a/x", "hello", 0, 0, 0xFFFFFFFE}}), "has 4294967294 bytes");
    kArchives.expect(zip_of({{"a/x", "hello", 0, 0, 5, 3}}), "expected the header of a/x");
    kArchives.expect(zip_of({{"a/x", "hello", 0, 0, 5, 0xFFFFFFF0}}), "expected the header of a/x");
    kArchives.expect(zip_of({{"a/x", "hello", 0, 0, -1, -1, "a/y"}}), "does not match a/x");
    // A member inside another: the zip bomb that needs no compression.
    const std::string inner = zip_of({{"a/y", "1"}}).substr(0, 34);
    kArchives.expect(zip_of({{"a/x", inner}, {"a/y", "1", 0, 0, 1, 33}}), "overlaps");
    // The directory's own place, size and count.
    const std::string good = zip_of(kTwo);
    const auto with = [&](std::size_t from_end, const std::string& value) {
        std::string changed = good;
        changed.replace(changed.size() - from_end, value.size(), value);
        return changed;
    };
    kArchives.expect(with(6, number(0xFFFFFFF0, 4)), "does not fit");
    kArchives.expect(with(10, number(0x7FFFFFFF, 4)), "does not fit");
    kArchives.expect(with(12, number(3, 2)), "another entry of the zip directory");
    kArchives.expect(with(12, number(1, 2)), "the directory must end here");
    kArchives.expect(with(6, number(0xFFFFFFFF, 4)), "without a zip64 directory");
    // zip64: an end that points nowhere, a field that lacks its values, absurd counts.
    const std::string good64 = zip_of(kTwo, true);
    const auto with64 = [&](std::size_t from_end, const std::string& value) {
        std::string changed = good64;
        changed.replace(changed.size() - from_end, value.size(), value);
        return changed;
    };
    kArchives.expect(with64(22 + 12, number(~0ULL, 8)), "does not point to a zip64 directory");
    kArchives.expect(with64(22 + 20 + 24, number(1ULL << 62, 8)), "members, the limit is");
    kArchives.expect(with64(22 + 20 + 8, number(1ULL << 63, 8)), "does not fit");
    const std::size_t field = good64.find(number(1, 2) + number(24, 2));
    std::string changed = good64;
    changed.replace(field + 2, 2, number(8, 2));
    kArchives.expect(changed, "without a size");
    changed.replace(field + 2, 2, number(4000, 2));
    kArchives.expect(changed, "extends beyond its entry");
}

TEST(Zip, TruncatedAnywhereIsAnError) {
    for (const bool zip64 : {false, true}) {
        const std::string text = zip_of(kTwo, zip64);
        for (std::size_t size = 0; size < text.size(); ++size) {
            EXPECT_NE(kArchives.message_of(text.substr(0, size)), "no error") << size;
        }
    }
}

}  // namespace
}  // namespace embedmask
