/// @file
/// The exception type for problems that a user can fix.
#pragma once

#include <stdexcept>
#include <string>
#include <utility>

#include "embedmask/export.h"

namespace embedmask {

/// The cause of an Error.
enum class ErrorKind {
    input,        ///< a file or image is invalid or does not match the others
    usage,        ///< an argument or option is out of range or contradicts another
    system,       ///< a system call failed: permissions, disk full, no such file
    unsupported,  ///< valid, but this machine, build or version cannot do it
};

/// Thrown for invalid input, invalid arguments and failed system calls. `what()` tells what is
/// wrong, where (file, key, byte or line, image id), what was found and what was expected. A
/// message about an argument uses its C++ name, for example "PredictorOptions::precision". Bugs of
/// the library itself are assertions.
class EMBEDMASK_EXPORT Error : public std::runtime_error {
public:
    /// An error with an optional remedy.
    explicit Error(const std::string& message, std::string fix = {},
                   ErrorKind kind = ErrorKind::input)
        : std::runtime_error(message), fix_(std::move(fix)), kind_(kind) {}

    /// How to fix it; may be empty.
    [[nodiscard]] const std::string& fix() const noexcept { return fix_; }
    /// The cause, for programs that handle causes differently.
    [[nodiscard]] ErrorKind kind() const noexcept { return kind_; }

private:
    std::string fix_;
    ErrorKind kind_;
};

}  // namespace embedmask
