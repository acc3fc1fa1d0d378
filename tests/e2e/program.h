// Runs the program like a user.
#pragma once

#include <sys/wait.h>

#include <array>
#include <cstdio>
#include <string>

#include "base/file.h"
#include "test_data.h"

namespace embedmask::testing {

/// The folder of images that ship with the project.
inline const std::string kSamples = std::string(EMBEDMASK_SOURCE_DIR) + "/samples";

struct Ran {
    int code = -1;
    std::string out;   // stdout
    std::string talk;  // stderr

    [[nodiscard]] std::string text() const { return out + talk; }
};

inline Ran run(const std::string& arguments, const std::string& environment = "") {
    const TemporaryFolder folder;
    const std::string talk = (folder.path() / "stderr").string();
    const std::string command =
        environment + " " + EMBEDMASK_PROGRAM + " " + arguments + " 2>" + talk + " </dev/null";
    Ran ran;
    FILE* pipe = popen(command.c_str(), "r");
    std::array<char, 4096> buffer{};
    for (std::size_t n = 0; (n = fread(buffer.data(), 1, buffer.size(), pipe)) > 0;) {
        ran.out.append(buffer.data(), n);
    }
    ran.code = WEXITSTATUS(pclose(pipe));
    const auto bytes = detail::read_file(talk);
    ran.talk.assign(bytes.begin(), bytes.end());
    return ran;
}

inline bool has(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

}  // namespace embedmask::testing
