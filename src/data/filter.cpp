#include <fmt/format.h>

#include <set>

#include "base/input_files.h"
#include "base/nearest.h"
#include "base/text.h"
#include "coco/dataset_text.h"
#include "embedmask/data.h"
#include "embedmask/error.h"

namespace embedmask {
namespace {

std::set<std::int64_t> chosen_categories(const Dataset& data,
                                         const std::vector<std::string>& wanted) {
    std::set<std::int64_t> ids;
    std::vector<std::string> names;
    for (const Category& category : data.categories) {
        names.push_back(category.name);
    }
    for (const std::string& word : wanted) {
        bool known = false;
        for (const Category& category : data.categories) {
            if (category.name == word || std::to_string(category.id) == detail::trimmed(word) ||
                category.name == detail::trimmed(word)) {
                ids.insert(category.id);
                known = true;
            }
        }
        if (!known) {
            throw Error(
                fmt::format("{} has no category \"{}\"", data.source, word),
                detail::did_you_mean(word, names, "`embedmask data stats` lists its categories"));
        }
    }
    return ids;
}

/// Number of selected records in [0, size).
template <class Choice>
std::size_t count_of(std::size_t size, const Choice& choice) {
    std::size_t count = 0;
    for (std::size_t i = 0; i < size; ++i) {
        count += choice(i) ? 1 : 0;
    }
    return count;
}

}  // namespace

DatasetCounts filter_dataset(const std::filesystem::path& annotations,
                             const std::filesystem::path& filtered, const FilterOptions& options) {
    if (!(options.min_area >= 0)) {
        throw Error(fmt::format("FilterOptions::min_area {}: expected a number of pixels",
                                options.min_area),
                    {}, ErrorKind::usage);
    }
    const detail::DatasetText text(annotations);
    const Dataset& data = text.dataset();
    const auto wanted = chosen_categories(data, options.categories);
    detail::DatasetChoice choice;
    const ImageIndex images(data);
    choice.annotation = [&](std::size_t i) {
        const Annotation& annotation = data.annotations[i];
        return images.find(annotation.image_id) != nullptr &&
               (wanted.empty() || wanted.contains(annotation.category_id)) &&
               !(options.no_crowds && annotation.crowd) &&
               annotation.area.value_or(options.min_area) >= options.min_area;
    };
    std::set<std::int64_t> used_images;
    std::set<std::int64_t> used_categories;
    for (std::size_t i = 0; i < data.annotations.size(); ++i) {
        if (!choice.annotation(i)) {
            continue;
        }
        used_images.insert(data.annotations[i].image_id);
        used_categories.insert(data.annotations[i].category_id);
    }
    choice.category = [&](std::size_t i) {
        const std::int64_t id = data.categories[i].id;
        return (wanted.empty() || wanted.contains(id)) &&
               (!options.used || used_categories.contains(id));
    };
    choice.image = [&](std::size_t i) {
        return !options.used || used_images.contains(data.images[i].id);
    };
    detail::InputFiles inputs;
    inputs.add(annotations);
    inputs.require_other(filtered);
    detail::DatasetTextWriter writer(filtered, text.other_members());
    detail::write_chosen(text, choice, writer);
    writer.commit();
    return {count_of(data.images.size(), choice.image),
            count_of(data.annotations.size(), choice.annotation),
            count_of(data.categories.size(), choice.category)};
}

}  // namespace embedmask
