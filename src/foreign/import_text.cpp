#include "embedmask/import.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace embedmask {
namespace {

std::string list_text(const char* title, const std::vector<std::string>& items) {
    constexpr std::size_t kShown = 10;
    std::string text;
    for (std::size_t i = 0; i < std::min(items.size(), kShown); ++i) {
        text += fmt::format("  {:<16}{}\n", i == 0 ? title : "", items[i]);
    }
    if (items.size() > kShown) {
        text += fmt::format("  {:<16}... and {} more\n", "", items.size() - kShown);
    }
    return text;
}

}  // namespace

std::string describe(const ImportReport& report, const std::vector<ForeignWeights>& files) {
    std::string text;
    for (const ForeignWeights& file : files) {
        std::set<std::string> used;  // a tensor may hold several parameters
        for (const ImportReport::Match& match : report.matched) {
            if (match.file == file.file) {
                used.insert(match.tensor);
            }
        }
        text +=
            fmt::format("{}: {} tensors, {} used\n", file.file, file.tensors.size(), used.size());
        for (const auto& [key, value] : file.metadata) {
            text += fmt::format("  {:<16}{}\n", key, value);
        }
    }
    text += fmt::format(
        "\n  matched         {}\n  missing         {}\n  unused          {}\n"
        "  shape mismatch  {}\n",
        report.matched.size(), report.missing.size(), report.unused.size(),
        report.mismatched.size());
    text += list_text("missing:", report.missing);
    text += list_text("unused:", report.unused);
    text += list_text("shape mismatch:", report.mismatched);
    for (const std::string& warning : report.warnings) {
        text += fmt::format("  warning: {}\n", warning);
    }
    return text;
}

}  // namespace embedmask
