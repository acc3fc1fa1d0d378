// What a program prints: stdout is an output like any file, stderr is talk.
#pragma once

#include <fmt/format.h>

#include <cstdio>
#include <string>
#include <utility>

namespace embedmask::detail {

/// Opens the null device for standard descriptors that are closed, so that no output file gets the
/// number of one of them. Call at the start of main.
void open_standard_descriptors();

/// Prints a message to stderr. A message that cannot be printed must not end the work.
template <typename... Arguments>
void say(fmt::format_string<Arguments...> format, Arguments&&... arguments) {
    const std::string text = fmt::format(format, std::forward<Arguments>(arguments)...);
    (void)std::fwrite(text.data(), 1, text.size(), stderr);
}

/// Flushes stdout at the end of a program. On failure, now or earlier, prints a message that begins
/// with `program` to stderr and returns false.
bool flush_stdout(const char* program);

}  // namespace embedmask::detail
