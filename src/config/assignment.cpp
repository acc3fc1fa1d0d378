#include "config/assignment.h"

#include <algorithm>

namespace embedmask::detail {
namespace {

std::string_view trimmed(std::string_view text) {
    constexpr std::string_view kBlanks = " \t";
    const std::size_t first = text.find_first_not_of(kBlanks);
    if (first == std::string_view::npos) {
        return {};
    }
    return text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

}  // namespace

std::string_view assigned_key(std::string_view assignment) {
    return trimmed(assignment.substr(0, assignment.find('=')));
}

std::string_view assigned_value(std::string_view assignment) {
    const std::size_t equals = assignment.find('=');
    if (equals == std::string_view::npos) {
        return {};
    }
    return trimmed(assignment.substr(equals + 1));
}

bool assigns(std::span<const std::string> assignments, std::string_view key) {
    return std::ranges::find(assignments, key, assigned_key) != assignments.end();
}

}  // namespace embedmask::detail
