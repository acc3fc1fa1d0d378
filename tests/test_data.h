// Locations of test files, and helpers shared by all tests.
#pragma once

#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <random>
#include <string>

#include "embedmask/box.h"
#include "embedmask/error.h"

namespace embedmask {

// Used by nlohmann's json.get<Box>().
inline void from_json(const nlohmann::json& numbers, Box& box) {
    box = {numbers.at(0), numbers.at(1), numbers.at(2), numbers.at(3)};
}
inline void from_json(const nlohmann::json& numbers, CocoBox& box) {
    box = {numbers.at(0), numbers.at(1), numbers.at(2), numbers.at(3)};
}

}  // namespace embedmask

namespace embedmask::testing {

/// tests/data of the checkout; all its files ship with the project.
inline std::filesystem::path data_path(const std::string& name) {
    return std::filesystem::path(EMBEDMASK_TEST_DATA) / name;
}

inline nlohmann::json read_json(const std::filesystem::path& path) {
    std::ifstream file(path);
    return nlohmann::json::parse(file);
}

/// A golden vector of the specification (tests/data/golden). It lives as long as the program, so
/// that loops over parts of it are safe.
inline const nlohmann::json& golden(const std::string& name) {
    static std::map<std::string, nlohmann::json> vectors;
    const auto found = vectors.find(name);
    if (found != vectors.end()) {
        return found->second;
    }
    return vectors[name] = read_json(data_path("golden/" + name + ".json"));
}

/// Sanitizers retain freed memory, so memory measurements are meaningless under them.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
inline constexpr bool kSanitized = true;
#else
inline constexpr bool kSanitized = false;
#endif

/// The error message of an action that should fail.
inline std::string message_of(const std::function<void()>& action) {
    try {
        action();
    } catch (const Error& error) {
        return error.what();
    }
    return "no error";
}

/// The folder of images that may not ship ($EMBEDMASK_DATA); empty if it does not exist, in which
/// case the test skips itself: `if (shared_data().empty()) GTEST_SKIP() << kNoSharedData;`
inline std::filesystem::path shared_data() {
    const char* folder = std::getenv("EMBEDMASK_DATA");
    if (folder == nullptr || !std::filesystem::is_directory(folder)) {
        return {};
    }
    return folder;
}
inline constexpr const char* kNoSharedData = "EMBEDMASK_DATA is not set: images that do not ship";

/// A separate folder for one test, removed at the end.
class TemporaryFolder {
public:
    TemporaryFolder() {
        std::random_device random;
        path_ = std::filesystem::temp_directory_path() /
                ("embedmask-test-" + std::to_string(random()) + std::to_string(random()));
        std::filesystem::create_directories(path_);
    }
    ~TemporaryFolder() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    TemporaryFolder(const TemporaryFolder&) = delete;
    TemporaryFolder& operator=(const TemporaryFolder&) = delete;

    [[nodiscard]] const std::filesystem::path& path() const { return path_; }

private:
    std::filesystem::path path_;
};

}  // namespace embedmask::testing
