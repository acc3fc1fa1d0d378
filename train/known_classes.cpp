#include "train/known_classes.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cctype>
#include <iterator>
#include <map>
#include <string_view>

#include "base/nearest.h"

namespace embedmask::train {
namespace {

// Names of PASCAL VOC, LVIS and other data sets for classes of COCO, in lower case letters.
const std::map<std::string, std::string, std::less<>> kSynonyms = {
    {"aeroplane", "airplane"},   {"automobile", "car"},      {"bike", "bicycle"},
    {"doughnut", "donut"},       {"hairdryer", "hairdrier"}, {"mobilephone", "cellphone"},
    {"motorbike", "motorcycle"}, {"pedestrian", "person"},   {"sofa", "couch"},
    {"television", "tv"},        {"tvmonitor", "tv"},
};

// Lower case letters, and COCO's name among synonyms.
std::string canonical(std::string_view name) {
    std::string letters;
    for (const char c : name) {
        if (c != ' ' && c != '-' && c != '_') {
            letters += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
        }
    }
    const auto synonym = kSynonyms.find(letters);
    return synonym == kSynonyms.end() ? letters : synonym->second;
}

// A question to the user about a name that is likely a misspelling.
std::string hint(const std::string& name, const std::vector<std::string>& known) {
    constexpr std::size_t kFurther = 2;  // letters
    std::vector<std::string> similar;
    std::ranges::copy_if(known, std::back_inserter(similar), [&](const std::string& other) {
        return std::max(name.size(), other.size()) <=
               std::min(name.size(), other.size()) + kFurther;
    });
    const std::string question = detail::did_you_mean(name, similar, "");
    return question.empty() ? "" : fmt::format(" ({})", question);
}

}  // namespace

KnownClasses known_classes(const std::vector<Category>& wanted,
                           const std::vector<Category>& known) {
    std::vector<std::string> words;
    std::vector<std::string> names;
    for (const Category& category : known) {
        words.push_back(canonical(category.name));
        names.push_back(category.name);
    }
    KnownClasses result;
    std::vector<std::string> kept;
    std::vector<std::string> fresh;
    for (const Category& category : wanted) {
        const auto at = std::ranges::find(words, canonical(category.name));
        const std::int64_t row = at == words.end() ? -1 : at - words.begin();
        result.rows.push_back(row);
        const std::string quoted = fmt::format("\"{}\"", category.name);
        if (row < 0) {
            fresh.push_back(quoted + hint(category.name, names));
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
