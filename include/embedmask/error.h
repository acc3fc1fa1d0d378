/// The one exception type for problems that a user can fix.
#pragma once

#include <stdexcept>
#include <string>
#include <utility>

#include "embedmask/export.h"

namespace embedmask {

/// Who can do something about an Error.
enum class ErrorKind {
    input,        ///< a file or image is broken or does not fit the others
    usage,        ///< an argument or option is out of range or contradicts another
    system,       ///< a system call failed: permissions, a full disk, no such file
    unsupported,  ///< correct, but this machine, build or version cannot do it
};

/// Thrown forbad input, bad arguments and failing system calls. `what()` says what went wrong,
/// where (file, key, byte or line, image id), what was found and what was expected; `fix()` says
/// what to do about it and may be empty; `kind()` is for programs that decide by it. Broken
/// invariants of our own are assertions, not this. A message about an argument names it as the
/// library does, e.g. "PredictorOptions::precision".
class EMBEDMASK_EXPORT Error : public std::runtime_error {
public:
    explicit Error(const std::string& message, std::string fix = {},
                   ErrorKind kind = ErrorKind::input)
        : std::runtime_error(message), fix_(std::move(fix)), kind_(kind) {}

    [[nodiscard]] const std::string& fix() const noexcept { return fix_; }
    [[nodiscard]] ErrorKind kind() const noexcept { return kind_; }

private:
    std::string fix_;
    ErrorKind kind_;
};

}  // namespace embedmask
