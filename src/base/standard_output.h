// What a program prints is an output like any file: a full disk must not lose it silently.
#pragma once

namespace embedmask::detail {

/// Flushes stdout at the end of a program. On failure, now or earlier, prints a message that begins
/// with `program` to stderr and returns false.
bool flush_stdout(const char* program);

}  // namespace embedmask::detail
