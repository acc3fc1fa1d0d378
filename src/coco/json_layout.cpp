#include "coco/json_layout.h"

#include <fmt/format.h>

#include <array>
#include <cstdint>
#include <cstring>

#include "base/lines.h"
#include "base/look_alike.h"
#include "coco/foreign_labels.h"
#include "embedmask/error.h"

namespace embedmask::detail {

namespace {

constexpr int kMaxDepth = 64;
constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";

/// Bytes that matter when skipping a nested value.
constexpr std::array<bool, 256> kStructural = [] {
    std::array<bool, 256> table{};
    for (const unsigned char c : {'"', '{', '}', '[', ']'}) {
        table[c] = true;
    }
    return table;
}();

class Cursor {
public:
    Cursor(std::string_view json, const std::string& source) : json_(json), source_(source) {
        if (json.starts_with(kByteOrderMark)) {
            position_ = kByteOrderMark.size();
        }
    }

    [[nodiscard]] std::size_t position() const { return position_; }

    /// The next non-whitespace byte, 0 at the end.
    char peek() {
        while (position_ < json_.size() && is_space(json_[position_])) {
            ++position_;
        }
        return position_ < json_.size() ? json_[position_] : '\0';
    }

    bool take(char expected) {
        if (peek() != expected || position_ == json_.size()) {
            return false;
        }
        ++position_;
        return true;
    }

    void require(char expected) {
        if (!take(expected)) {
            fail(fmt::format("'{}'", expected));
        }
    }

    [[noreturn]] void fail(const std::string& expected) const {
        const std::string found = position_ >= json_.size()
                                      ? std::string("the end of the file")
                                      : fmt::format("'{}'", json_.substr(position_, 1));
        throw Error(fmt::format("{}, byte {}: malformed JSON: found {}: expected {}", source_,
                                position_, found, expected));
    }

    /// Parses a string; returns the text between the quotes, without unescaping.
    std::string_view string() {
        require('"');
        const std::size_t begin = position_;
        while (position_ < json_.size()) {
            const void* quote =
                std::memchr(json_.data() + position_, '"', json_.size() - position_);
            if (quote == nullptr) {
                break;
            }
            position_ = static_cast<std::size_t>(static_cast<const char*>(quote) - json_.data());
            std::size_t slashes = 0;
            while (position_ - slashes > begin && json_[position_ - slashes - 1] == '\\') {
                ++slashes;
            }
            ++position_;
            if (slashes % 2 == 0) {
                return json_.substr(begin, position_ - 1 - begin);
            }
        }
        position_ = json_.size();
        fail("the closing quote of a string");
    }

    /// Skips any value and returns its range.
    JsonSlice value() {
        const char first = peek();
        const std::size_t begin = position_;
        if (first == '{' || first == '[') {
            nested();
        } else if (first == '"') {
            string();
        } else {
            while (position_ < json_.size() && !ends_scalar(json_[position_])) {
                ++position_;
            }
            if (position_ == begin) {
                fail("a value");
            }
        }
        return {begin, position_};
    }

private:
    static bool is_space(char c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; }
    static bool ends_scalar(char c) {
        return is_space(c) || c == ',' || c == '}' || c == ']' || c == ':' || c == '"' ||
               c == '{' || c == '[';
    }

    void nested() {
        std::array<char, kMaxDepth> closing{};
        int depth = 0;
        while (position_ < json_.size()) {
            const char c = json_[position_];
            if (!kStructural[static_cast<unsigned char>(c)]) {
                ++position_;
                continue;
            }
            if (c == '"') {
                string();
                continue;
            }
            if (c == '{' || c == '[') {
                if (depth == kMaxDepth) {
                    fail(fmt::format("at most {} levels", kMaxDepth));
                }
                closing[depth++] = c == '{' ? '}' : ']';
            } else if (closing[depth - 1] != c) {
                fail(fmt::format("'{}'", closing[depth - 1]));
            } else if (--depth == 0) {
                ++position_;
                return;
            }
            ++position_;
        }
        fail(fmt::format("'{}'", closing[depth - 1]));
    }

    std::string_view json_;
    const std::string& source_;
    std::size_t position_ = 0;
};

std::vector<JsonSlice> elements_of_array(Cursor& cursor) {
    std::vector<JsonSlice> elements;
    cursor.require('[');
    if (cursor.take(']')) {
        return elements;
    }
    do {
        elements.push_back(cursor.value());
    } while (cursor.take(','));
    if (!cursor.take(']')) {
        cursor.fail("',' or ']'");
    }
    return elements;
}

}  // namespace

const JsonMember* JsonLayout::member(std::string_view key) const {
    for (auto it = members.rbegin(); it != members.rend(); ++it) {
        if (it->key == key) {
            return &*it;
        }
    }
    return nullptr;
}

JsonLayout find_layout(std::string_view json, const std::string& source) {
    require_utf8(json, source);
    reject_look_alikes(json, source, "JSON");
    reject_foreign_xml(json, source);
    Cursor cursor(json, source);
    JsonLayout layout;
    const char first = cursor.peek();
    if (cursor.position() == json.size()) {
        throw Error(fmt::format("{} is empty: expected JSON", source));
    }
    if (first == '[') {
        layout.array = true;
        layout.elements = elements_of_array(cursor);
    } else if (cursor.take('{')) {
        if (!cursor.take('}')) {
            do {
                JsonMember member;
                member.key = cursor.string();
                cursor.require(':');
                member.array = cursor.peek() == '[';
                member.value.begin = cursor.position();
                if (member.array) {
                    member.elements = elements_of_array(cursor);
                } else {
                    cursor.value();
                }
                member.value.end = cursor.position();
                layout.members.push_back(std::move(member));
            } while (cursor.take(','));
            if (!cursor.take('}')) {
                cursor.fail("',' or '}'");
            }
        }
    } else {
        cursor.fail("'{' or '['");
    }
    cursor.peek();
    if (cursor.position() != json.size()) {
        cursor.fail("the end of the file");
    }
    return layout;
}

}  // namespace embedmask::detail
