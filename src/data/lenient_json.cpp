#include "data/lenient_json.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cstddef>

#include "base/text.h"

namespace embedmask::data {
namespace {

using Json = nlohmann::ordered_json;

/// Copies a text, replacing what JSON does not allow.
class Cleaner {
public:
    explicit Cleaner(std::string_view text) : text_(text) {}

    ReadJson read() {
        while (at_ < text_.size()) {
            in_string_ ? copy_in_string() : copy_outside();
        }
        return {Json::parse(result_, nullptr, false), std::move(changes_)};
    }

private:
    [[nodiscard]] std::string_view rest() const { return text_.substr(at_); }

    void note(std::string_view change) {
        if (changes_.find(change) == std::string::npos) {
            changes_ += fmt::format("{}{}", changes_.empty() ? "" : ", ", change);
        }
    }

    void replace(std::size_t size, std::string_view by, std::string_view change) {
        result_ += by;
        at_ += size;
        note(change);
    }

    void copy_outside() {
        for (const std::string_view word : {"NaN", "-Infinity", "Infinity"}) {
            if (rest().starts_with(word)) {
                return replace(word.size(), "null", word);
            }
        }
        const char c = text_[at_];
        if (c == '-' || std::isdigit(static_cast<unsigned char>(c)) != 0) {
            return copy_number();
        }
        in_string_ = c == '"';
        result_.push_back(c);
        ++at_;
    }

    void copy_number() {
        const std::string_view number =
            rest().substr(0, rest().find_first_not_of("+-.0123456789eE"));
        double value = 0;
        const auto parsed = std::from_chars(number.data(), number.data() + number.size(), value);
        if (parsed.ec == std::errc::result_out_of_range) {
            return replace(number.size(), "null", "a number beyond all limits");
        }
        result_ += number;
        at_ += number.size();
    }

    void copy_in_string() {
        const auto c = static_cast<unsigned char>(text_[at_]);
        if (c == '\\') {
            return copy_escape();
        }
        if (c < 0x20) {
            return replace(1, fmt::format("\\u{:04x}", c), "a control character");
        }
        if (c < 0x80) {
            in_string_ = c != '"';
            result_.push_back(text_[at_++]);
            return;
        }
        const std::size_t size = detail::utf8_size(rest());
        if (size == 0) {
            const std::string latin{static_cast<char>(0xC0U | (c >> 6U)),
                                    static_cast<char>(0x80U | (c & 0x3FU))};
            return replace(1, latin, "a byte that is not UTF-8");
        }
        result_ += rest().substr(0, size);
        at_ += size;
    }

    /// Copies a backslash and what belongs to it.
    void copy_escape() {
        constexpr std::size_t kUnit = 6;  // of \\uXXXX
        const std::string_view unit = rest().substr(0, kUnit);
        if (is_surrogate(unit, 'c')) {
            return replace(kUnit, "\\ufffd", "half a surrogate pair");
        }
        if (is_surrogate(unit, '8') && !is_surrogate(rest().substr(kUnit, kUnit), 'c')) {
            return replace(kUnit, "\\ufffd", "half a surrogate pair");
        }
        const std::size_t size = is_surrogate(unit, '8') ? 2 * kUnit : std::size_t{2};
        result_ += rest().substr(0, size);
        at_ += std::min(size, text_.size() - at_);
    }

    /// \\ud800 to \\udbff begin a pair (`first` is 8), \\udc00 to \\udfff end one (c).
    static bool is_surrogate(std::string_view unit, char first) {
        if (unit.size() < 6 || unit[0] != '\\' || unit[1] != 'u') {
            return false;
        }
        const auto d = static_cast<char>(std::tolower(static_cast<unsigned char>(unit[2])));
        const auto digit = static_cast<char>(std::tolower(static_cast<unsigned char>(unit[3])));
        const bool high = digit == '8' || digit == '9' || digit == 'a' || digit == 'b';
        const bool low = digit == 'c' || digit == 'd' || digit == 'e' || digit == 'f';
        return d == 'd' && (first == '8' ? high : low);
    }

    std::string_view text_;
    std::size_t at_ = 0;
    bool in_string_ = false;
    std::string result_;
    std::string changes_;
};

}  // namespace

ReadJson read_json_leniently(std::string_view text) {
    Json record = Json::parse(text, nullptr, false);
    if (!record.is_discarded()) {
        return {std::move(record), {}};
    }
    return Cleaner(text).read();
}

}  // namespace embedmask::data
