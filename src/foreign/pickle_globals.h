// The allowlist of globals in a pickle of weights (spec §10.3).
#pragma once

#include <string_view>

namespace embedmask::pickle {

/// Whether `module.name` describes tensors, arrays or plain containers. Nothing on the list is ever
/// called; any other name means that the file contains more than weights.
bool is_allowed_global(std::string_view module, std::string_view name);

/// Whether it constructs a dict: OrderedDict, defaultdict, Counter, dict.
bool is_dict_type(std::string_view module, std::string_view name);

}  // namespace embedmask::pickle
