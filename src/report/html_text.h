// What all HTML pages share.
#pragma once

#include <string>
#include <string_view>

namespace embedmask::report {

/// The style sheet of a page.
extern const char* const kStyle;

/// Text as HTML, also inside of quoted attributes.
std::string escape(std::string_view text);

}  // namespace embedmask::report
