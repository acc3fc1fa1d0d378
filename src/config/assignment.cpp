#include "config/assignment.h"

#include <algorithm>

#include "base/text.h"

namespace embedmask::detail {
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
