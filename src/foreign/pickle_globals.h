// The only names that a pickle of weights may mention (spec §10.3).
#pragma once

#include <string_view>

namespace embedmask::pickle {

/// Whether `module.name` describes tensors, arrays or plain containers. Nothing on the list is ever
/// called; a name that is not on it says that the file holds more than weights.
bool is_allowed_global(std::string_view module, std::string_view name);

/// Whether calling it gives a dict: OrderedDict, defaultdict, Counter, dict.
bool is_dict_type(std::string_view module, std::string_view name);

}  // namespace embedmask::pickle
