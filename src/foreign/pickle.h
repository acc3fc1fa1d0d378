// Reads Python pickles as plain data: nothing is ever called or imported (spec §10.3, §10.7).
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace embedmask::pickle {

using Id = std::uint32_t;  ///< index into Tree::values
inline constexpr Id kNone = ~Id{0};

/// One value of a pickle. An object that Python would construct by a call is kept as a description
/// of that call: an `object` with its callable, arguments, later state and items.
struct Value {
    enum class Kind {
        none,
        boolean,      ///< integer
        integer,      ///< integer
        big_integer,  ///< text: two's complement, little-endian, more than 8 bytes
        real,         ///< real
        text,         ///< text: UTF-8, or bytes that Python 2 called a string
        bytes,        ///< text
        tuple,        ///< items
        list,         ///< items
        dict,         ///< items: key, value, key, value ...
        global,       ///< text: module; name
        object,       ///< callable (a global), arguments (a tuple), state or kNone, items as a dict
        persistent,   ///< arguments: the persistent id (torch's reference to a storage)
    };
    Kind kind = Kind::none;
    std::int64_t integer = 0;
    double real = 0;
    std::string_view text;  ///< points into the file
    std::string_view name;
    std::vector<Id> items;
    Id callable = kNone;
    Id arguments = kNone;
    Id state = kNone;
};

/// A parsed pickle. Values refer to each other by index and may be shared, but never contain
/// themselves and are nested at most 100 deep.
struct Tree {
    std::vector<Value> values;
    Id root = kNone;
    std::size_t end = 0;  ///< the byte after STOP

    [[nodiscard]] const Value& operator[](Id id) const { return values[id]; }

    /// Whether `id` is the global `module.name`.
    [[nodiscard]] bool is_global(Id id, std::string_view module, std::string_view name) const;
    /// Whether it is a dict or an equivalent object (OrderedDict, defaultdict, Counter).
    [[nodiscard]] bool is_dict(Id id) const;
    /// The entries of a dict or an equivalent object; none for any other value.
    [[nodiscard]] std::vector<std::pair<Id, Id>> entries(Id id) const;
    /// The value of the text key `key` in a dict, kNone if missing; the last one of duplicates.
    [[nodiscard]] Id find(Id dict, std::string_view key) const;
};

/// "a value that contains itself" or "nested over 100 deep"; empty if neither applies.
std::string nesting_problem(const Tree& tree);

/// Parses the pickle at byte `begin` of `bytes`, the content of a file (or archive member) named
/// `file`. The tree points into `bytes`. Error for an opcode not in §10.3, a global that is not on
/// the list of harmless ones, an inconsistent stack, memo or length, more than a million values, or
/// a value that contains itself.
Tree parse(std::span<const std::byte> bytes, const std::string& file, std::size_t begin = 0);

}  // namespace embedmask::pickle
