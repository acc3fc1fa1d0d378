// Hostile pickles and zip archives, written byte by byte.
#pragma once

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "test_data.h"

// GCC 12 wrongly warns about overlaps in `"literal" + string` (its bug 105651).
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wrestrict"
#endif

namespace embedmask::testing {

inline std::vector<std::byte> bytes_of(const std::string& text) {
    const auto bytes = std::as_bytes(std::span(text));
    return {bytes.begin(), bytes.end()};
}

/// `value` as `size` little-endian bytes.
inline std::string number(std::uint64_t value, int size) {
    std::string text;
    for (int i = 0; i < size; ++i) {
        text += static_cast<char>(value);
        value >>= 8;
    }
    return text;
}

/// BINUNICODE, BININT, GLOBAL: the building blocks of pickles.
inline std::string text_op(const std::string& text) {
    return "X" + number(text.size(), 4) + text;
}
inline std::string int_op(std::int64_t value) {
    return "\x8a\x08" + number(static_cast<std::uint64_t>(value), 8);
}
inline std::string global_op(const std::string& module, const std::string& name) {
    return "c" + module + "\n" + name + "\n";
}
inline std::string tuple_op(const std::vector<std::string>& items) {
    std::string text = "(";
    for (const std::string& item : items) {
        text += item;
    }
    return text + "t";
}
inline std::string ints_op(const std::vector<std::int64_t>& values) {
    std::vector<std::string> items;
    for (const std::int64_t value : values) {
        items.push_back(int_op(value));
    }
    return tuple_op(items);
}

/// A dict with one tensor "w" in storage "0" of `count` elements.
struct TensorPickle {
    std::string storage = "FloatStorage";
    std::int64_t count = 4;
    std::int64_t offset = 0;
    std::vector<std::int64_t> shape = {4};
    std::vector<std::int64_t> strides = {1};
    std::string view = {};  ///< a sixth element of the persistent id

    [[nodiscard]] std::string text() const {
        const std::string id = tuple_op({text_op("storage"), global_op("torch", storage),
                                         text_op("0"), text_op("cpu"), int_op(count), view});
        return "\x80\x02}" + text_op("w") + global_op("torch._utils", "_rebuild_tensor_v2") +
               tuple_op({id + "Q", int_op(offset), ints_op(shape), ints_op(strides), "\x89", "}"}) +
               "Rs.";
    }
};

/// Values stated in a zip archive; the defaults are correct.
struct ZipMember {
    std::string name;
    std::string data = {};
    std::uint16_t method = 0;
    std::uint16_t flags = 0;
    std::int64_t size = -1;       ///< -1: the size of the data
    std::int64_t offset = -1;     ///< -1: the offset of the local header
    std::string local_name = {};  ///< empty: `name`
};

inline std::string zip_of(const std::vector<ZipMember>& members, bool zip64 = false) {
    std::string file;
    std::string directory;
    for (const ZipMember& member : members) {
        const std::uint64_t offset =
            member.offset < 0 ? file.size() : static_cast<std::uint64_t>(member.offset);
        const std::uint64_t size =
            member.size < 0 ? member.data.size() : static_cast<std::uint64_t>(member.size);
        const std::string& local = member.local_name.empty() ? member.name : member.local_name;
        file += number(0x04034b50, 4) + number(20, 2) + number(member.flags, 2) +
                number(member.method, 2) + number(0, 16) + number(local.size(), 2) + number(0, 2) +
                local + member.data;
        std::string extra;
        if (zip64) {
            extra = number(0x7777, 2) + number(1, 2) + "x" + number(1, 2) + number(24, 2) +
                    number(size, 8) + number(size, 8) + number(offset, 8);
        }
        const std::uint64_t in64 = 0xFFFFFFFF;
        directory += number(0x02014b50, 4) + number(20, 2) + number(20, 2) +
                     number(member.flags, 2) + number(member.method, 2) + number(0, 8) +
                     number(zip64 ? in64 : size, 4) + number(zip64 ? in64 : size, 4) +
                     number(member.name.size(), 2) + number(extra.size(), 2) + number(0, 10) +
                     number(zip64 ? in64 : offset, 4) + member.name + extra;
    }
    const std::uint64_t begin = file.size();
    file += directory;
    if (zip64) {
        const std::uint64_t end64 = file.size();
        file += number(0x06064b50, 4) + number(44, 8) + number(45, 2) + number(45, 2) +
                number(0, 8) + number(members.size(), 8) + number(members.size(), 8) +
                number(directory.size(), 8) + number(begin, 8);
        file += number(0x07064b50, 4) + number(0, 4) + number(end64, 8) + number(1, 4);
        file += number(0x06054b50, 4) + number(0, 4) + number(0xFFFFFFFFFFFFFFFF, 8) +
                number(0xFFFFFFFF, 4) + number(0, 2);
    } else {
        file += number(0x06054b50, 4) + number(0, 4) + number(members.size(), 2) +
                number(members.size(), 2) + number(directory.size(), 4) + number(begin, 4) +
                number(0, 2);
    }
    return file;
}

/// A torch.save file with one tensor; `data` is the content of storage "0".
inline std::string torch_zip(const std::string& pickle, const std::string& data) {
    return zip_of({{"a/data.pkl", pickle}, {"a/data/0", data}, {"a/version", "3\n"}});
}

/// A reader, and the beginning of its errors for rejected bytes.
class Refusals {
public:
    Refusals(std::function<void(const std::string&)> read, std::string beginning)
        : read_(std::move(read)), beginning_(std::move(beginning)) {}

    /// "no error" if reading succeeds; every error states how to fix it.
    [[nodiscard]] std::string message_of(const std::string& text) const {
        try {
            read_(text);
        } catch (const Error& error) {
            EXPECT_FALSE(error.fix().empty()) << error.what();
            return error.what();
        }
        return "no error";
    }

    void expect(const std::string& text, const std::string& part) const {
        const std::string message = message_of(text);
        EXPECT_NE(message.find(part), std::string::npos) << message << " should say: " << part;
        EXPECT_EQ(message.find(beginning_), 0U) << message;
    }

private:
    std::function<void(const std::string&)> read_;
    std::string beginning_;
};

}  // namespace embedmask::testing
