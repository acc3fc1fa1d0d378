// embedmask data check: what is wrong with an annotation file, before training finds out.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace embedmask::cli {

struct CheckOptions {
    std::string data;
    std::string images;  // folder of the photos; empty: they are not looked at
    std::string fix;     // where to write a repaired file; empty: nowhere
    bool json = false;
};

/// One kind of problem.
struct Finding {
    std::string name;
    std::string consequence;
    std::string fix;  // what --fix does, or what the user can do
    std::size_t count = 0;
    std::vector<std::string> examples;  // the first few
    bool harmless = false;              // worth knowing, not wrong
};

/// Prints the findings and writes the repaired file. Returns the exit code: 0 when nothing is wrong
/// or all of it was fixed.
int check_dataset(const CheckOptions& options);

}  // namespace embedmask::cli
