/// The one exception type for problems that a user can fix.
#pragma once

#include <stdexcept>
#include <string>

namespace embedmask {

/// Thrown for bad input, bad arguments and failing system calls. `what()` says what went wrong,
/// where (file, key, byte or line, image id), what was found and what was expected; `fix()` says
/// what to do about it and may be empty. Broken invariants of our own are assertions, not this.
class Error : public std::runtime_error {
public:
    explicit Error(const std::string& message, std::string fix = {})
        : std::runtime_error(message), fix_(std::move(fix)) {}

    [[nodiscard]] const std::string& fix() const noexcept { return fix_; }

private:
    std::string fix_;
};

}  // namespace embedmask
