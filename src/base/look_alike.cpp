#include "base/look_alike.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <string>

#include "embedmask/error.h"

namespace embedmask::detail {
namespace {

struct LookAlike {
    std::string_view beginning;  // in lower case
    const char* what;
    const char* fix;
};

constexpr const char* kDownloadAgain =
    "the download failed, perhaps for want of a login: repeat it";

constexpr std::array kLookAlikes{
    LookAlike{"version https://git-lfs", "a Git LFS pointer", "run git lfs pull"},
    LookAlike{"<!doctype html", "a web page", kDownloadAgain},
    LookAlike{"<html", "a web page", kDownloadAgain},
};

}  // namespace

void reject_look_alikes(std::string_view bytes, std::string_view name, std::string_view expected) {
    for (const LookAlike& candidate : kLookAlikes) {
        std::string beginning(bytes.substr(0, candidate.beginning.size()));
        std::ranges::transform(beginning, beginning.begin(),
                               [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
        if (beginning == candidate.beginning) {
            throw Error(fmt::format("{}: is {}: expected {}", name, candidate.what, expected),
                        candidate.fix);
        }
    }
}

}  // namespace embedmask::detail
