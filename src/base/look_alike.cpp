#include "base/look_alike.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <string>

#include "base/lines.h"
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
    if (bytes.starts_with(kUtf8Mark)) {
        bytes.remove_prefix(kUtf8Mark.size());
    }
    bytes.remove_prefix(std::min(bytes.find_first_not_of(" \t\r\n\v\f"), bytes.size()));
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
