#include "base/nearest.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <numeric>
#include <vector>

namespace embedmask::detail {
namespace {

std::size_t edit_distance(std::string_view a, std::string_view b) {
    std::vector<std::size_t> row(b.size() + 1);
    std::iota(row.begin(), row.end(), std::size_t{0});
    for (std::size_t i = 0; i < a.size(); ++i) {
        std::size_t diagonal = row[0];
        row[0] = i + 1;
        for (std::size_t j = 0; j < b.size(); ++j) {
            const std::size_t substituted = diagonal + (a[i] == b[j] ? 0 : 1);
            diagonal = row[j + 1];
            row[j + 1] = std::min({substituted, row[j] + 1, row[j + 1] + 1});
        }
    }
    return row.back();
}

// A word may differ by a third of its letters.
bool is_close(std::string_view word, std::string_view candidate) {
    constexpr std::size_t kShortestPrefix = 3;
    const std::size_t shorter = std::min(word.size(), candidate.size());
    const std::size_t longer = std::max(word.size(), candidate.size());
    return edit_distance(word, candidate) <= std::max<std::size_t>(1, longer / 3) ||
           (shorter >= kShortestPrefix && word.substr(0, shorter) == candidate.substr(0, shorter));
}

}  // namespace

std::string nearest(std::string_view word, std::span<const std::string> candidates) {
    const auto best = std::min_element(candidates.begin(), candidates.end(),
                                       [&](const std::string& a, const std::string& b) {
                                           return edit_distance(word, a) < edit_distance(word, b);
                                       });
    return best == candidates.end() ? std::string{} : *best;
}

std::string did_you_mean(std::string_view word, std::span<const std::string> candidates,
                         const std::string& otherwise) {
    std::vector<std::string> close;
    std::copy_if(candidates.begin(), candidates.end(), std::back_inserter(close),
                 [&](const std::string& candidate) { return is_close(word, candidate); });
    return close.empty() ? otherwise : fmt::format("did you mean \"{}\"?", nearest(word, close));
}

}  // namespace embedmask::detail
