#include "train/known_classes.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cctype>
#include <map>
#include <string_view>

#include "base/nearest.h"

namespace embedmask::train {
namespace {

// Names of PASCAL VOC, LVIS and other data sets for classes of COCO, in the form of `plain`.
const std::map<std::string, std::string, std::less<>> kSynonyms = {
    {"aeroplane", "airplane"},   {"automobile", "car"},      {"bike", "bicycle"},
    {"doughnut", "donut"},       {"hairdryer", "hairdrier"}, {"mobilephone", "cellphone"},
    {"motorbike", "motorcycle"}, {"pedestrian", "person"},   {"sofa", "couch"},
    {"television", "tv"},        {"tvmonitor", "tv"},
};

std::string plain(std::string_view name) {
    std::string letters;
    for (const char c : name) {
        if (c != ' ' && c != '-' && c != '_') {
            letters += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
        }
    }
    return letters;
}

std::int64_t row_of(std::string_view name, const std::vector<std::string>& known) {
    const auto find = [&](std::string_view word) {
        const auto at = std::ranges::find(known, word);
        return at == known.end() ? -1 : at - known.begin();
    };
    const std::string word = plain(name);
    const std::int64_t row = find(word);
    const auto synonym = kSynonyms.find(word);
    return row < 0 && synonym != kSynonyms.end() ? find(synonym->second) : row;
}

}  // namespace

KnownClasses known_classes(const std::vector<Category>& wanted,
                           const std::vector<Category>& known) {
    std::vector<std::string> words;
    std::vector<std::string> names;
    for (const Category& category : known) {
        words.push_back(plain(category.name));
        names.push_back(category.name);
    }
    KnownClasses result;
    std::vector<std::string> kept;
    std::vector<std::string> fresh;
    for (const Category& category : wanted) {
        const std::int64_t row = row_of(category.name, words);
        result.rows.push_back(row);
        const std::string quoted = fmt::format("\"{}\"", category.name);
        if (row < 0) {
            const std::string hint = detail::did_you_mean(category.name, names, "");
            fresh.push_back(quoted + (hint.empty() ? "" : fmt::format(" ({})", hint)));
        } else if (const std::string& name = names[static_cast<std::size_t>(row)];
                   name == category.name) {
            kept.push_back(quoted);
        } else {
            kept.push_back(fmt::format("{} (from \"{}\")", quoted, name));
        }
    }
    result.text =
        fmt::format("classes   {} of {} known to the weights", kept.size(), wanted.size());
    if (!kept.empty()) {
        result.text += fmt::format(": {}", fmt::join(kept, ", "));
    }
    if (!fresh.empty()) {
        result.text += fmt::format("; new: {}", fmt::join(fresh, ", "));
    }
    result.text += "\n";
    return result;
}

}  // namespace embedmask::train
