// Runs the program like a user.
#pragma once

#include <gtest/gtest.h>
#include <sys/wait.h>

#include <array>
#include <cstdio>
#include <sstream>
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

/// The --help of a command ends with examples and fits a screen of 100 columns and 50 rows.
inline void expect_help_fits_a_screen(const std::string& command) {
    const Ran ran = run(command + " --help");
    EXPECT_EQ(ran.code, 0) << command;
    EXPECT_TRUE(has(ran.out, "\n\nExamples:\n")) << ran.out;
    EXPECT_FALSE(has(ran.out, "\n\n\n")) << ran.out;
    EXPECT_FALSE(has(ran.out, "Excludes") || has(ran.out, "INT in")) << ran.out;
    std::istringstream lines(ran.out);
    int rows = 0;
    for (std::string line; std::getline(lines, line); ++rows) {
        EXPECT_LE(line.size(), 100U) << line;
    }
    EXPECT_LE(rows, 50) << command;
}

}  // namespace embedmask::testing
