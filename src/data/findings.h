// Collects the problems of an annotation file by kind.
#pragma once

#include <string>
#include <vector>

#include "embedmask/data.h"

namespace embedmask::data {

/// What can be done about a problem: the repaired file does it, or the user must.
struct Fix {
    const char* text;
    bool repairable;
};

constexpr Fix repaired(const char* text) {
    return {text, true};
}

constexpr Fix by_hand(const char* text) {
    return {text, false};
}

class Findings {
public:
    /// Counts an occurrence; the first few become examples.
    Finding& note(const std::string& name, const char* consequence, Fix fix,
                  const std::string& example);

    [[nodiscard]] std::vector<Finding> take() { return std::move(list_); }

private:
    std::vector<Finding> list_;
};

}  // namespace embedmask::data
