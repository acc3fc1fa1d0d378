#include "data_sets.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <set>
#include <unordered_map>

#include "base/nearest.h"
#include "coco/dataset_text.h"
#include "embedmask/error.h"

namespace embedmask::cli {
namespace {

using Json = nlohmann::ordered_json;

std::uint64_t next_random(std::uint64_t& state) {
    std::uint64_t z = (state += 0x9e3779b97f4a7c15ULL);  // splitmix64
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
    return z ^ (z >> 31);
}

/// Objects of each category in each image.
std::vector<std::map<std::int64_t, int>> objects_of_images(const Dataset& data) {
    std::vector<std::map<std::int64_t, int>> counts(data.images.size());
    for (const Annotation& annotation : data.annotations)
        if (const auto image = data.image_index.find(annotation.image_id);
            image != data.image_index.end())
            ++counts[image->second][annotation.category_id];
    return counts;
}

/// Which images go to val: iterative stratification (Sechidis et al. 2011), rare categories first.
std::vector<bool> stratified(const Dataset& data, double fraction, std::uint64_t seed) {
    const auto counts = objects_of_images(data);
    std::map<std::int64_t, double> total;
    for (const auto& image : counts)
        for (const auto& [category, count] : image)
            total[category] += count;
    std::vector<std::size_t> order(data.images.size());
    for (std::size_t i = 0; i < order.size(); ++i)
        order[i] = i;
    std::uint64_t state = seed;
    for (std::size_t i = order.size(); i > 1; --i)
        std::swap(order[i - 1], order[next_random(state) % i]);
    constexpr std::int64_t kAnything = std::numeric_limits<std::int64_t>::min();  // all images
    std::vector<std::int64_t> rarest(data.images.size(), kAnything);
    total[kAnything] = static_cast<double>(data.images.size());
    for (std::size_t i = 0; i < rarest.size(); ++i)
        for (const auto& [category, _] : counts[i])
            if (rarest[i] == kAnything || total[category] < total[rarest[i]]) rarest[i] = category;
    std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
        const bool a_last = rarest[a] == kAnything;
        const bool b_last = rarest[b] == kAnything;
        if (a_last != b_last) return b_last;
        return total[rarest[a]] < total[rarest[b]];
    });

    // What each part still wants; an image goes where its rarest category is wanted most.
    std::map<std::int64_t, double> train_wants;
    std::map<std::int64_t, double> val_wants;
    for (const auto& [category, count] : total) {
        train_wants[category] = (1 - fraction) * count;
        val_wants[category] = fraction * count;
    }
    std::vector<bool> val(data.images.size(), false);
    for (const std::size_t i : order) {
        const double surplus = val_wants[rarest[i]] - train_wants[rarest[i]];
        val[i] = surplus != 0 ? surplus > 0 : val_wants[kAnything] > train_wants[kAnything];
        auto& wants = val[i] ? val_wants : train_wants;
        wants[kAnything] -= 1;
        for (const auto& [category, count] : counts[i])
            wants[category] -= count;
    }
    return val;
}

/// The same id or name must mean the same category in both files.
void require_same_categories(const Dataset& first, const Dataset& other) {
    for (const Category& a : first.categories) {
        for (const Category& b : other.categories) {
            if ((a.id == b.id) != (a.name == b.name)) {
                throw Error(
                    fmt::format("category {} \"{}\" of {} and category {} \"{}\" of {}: the "
                                "same id and name must go together",
                                a.id, a.name, first.source, b.id, b.name, other.source),
                    "make the categories of the two files agree");
            }
        }
    }
}

/// Ids that are handed on: as they are, or new ones after a collision.
class Ids {
public:
    Ids(std::string what, bool renumber) : what_(std::move(what)), renumber_(renumber) {}

    void reserve(std::int64_t id) { next_ = std::max(next_, id + 1); }
    std::int64_t take(std::int64_t id, const std::string& source) {
        const auto [known, fresh] = owners_.emplace(id, source);
        if (fresh) return id;
        if (!renumber_)
            throw Error(
                fmt::format("{} id {} stands in {} and in {}", what_, id, known->second, source),
                "pass --renumber to give the later one a new id");
        owners_.emplace(next_, source);
        return next_++;
    }

private:
    std::string what_;
    bool renumber_;
    std::int64_t next_ = 1;
    std::unordered_map<std::int64_t, std::string> owners_;
};

std::string with_ids(std::string_view record,
                     const std::vector<std::pair<const char*, std::int64_t>>& ids) {
    Json json = Json::parse(record);
    bool same = true;
    for (const auto& [key, id] : ids) {
        same = same && json[key] == id;
        json[key] = id;
    }
    return same ? std::string(record) : json.dump();
}

std::set<std::int64_t> chosen_categories(const Dataset& data,
                                         const std::vector<std::string>& wanted) {
    std::set<std::int64_t> ids;
    std::vector<std::string> names;
    for (const Category& category : data.categories)
        names.push_back(category.name);
    for (const std::string& word : wanted) {
        const std::size_t before = ids.size();
        for (const Category& category : data.categories)
            if (category.name == word || std::to_string(category.id) == word)
                ids.insert(category.id);
        if (ids.size() == before)
            throw Error(fmt::format("{} has no category \"{}\"", data.source, word),
                        fmt::format("did you mean \"{}\"?", detail::nearest(word, names)));
    }
    return ids;
}

}  // namespace

void split_dataset(const SplitOptions& options) {
    if (!(options.fraction > 0 && options.fraction < 1))
        throw Error(
            fmt::format("--fraction {}: expected a number between 0 and 1", options.fraction));
    const detail::DatasetText text(options.data);
    const Dataset& data = text.dataset();
    const auto val = stratified(data, options.fraction, options.seed);
    for (const bool part : {false, true}) {
        detail::DatasetChoice choice;
        choice.image = [&](std::size_t i) { return val[i] == part; };
        choice.annotation = [&](std::size_t i) {
            const auto image = data.image_index.find(data.annotations[i].image_id);
            return image != data.image_index.end() && val[image->second] == part;
        };
        const std::string path = options.out + (part ? "-val.json" : "-train.json");
        detail::write_chosen(text, choice, path);
        const auto count = std::count(val.begin(), val.end(), part);
        fmt::print("{}: {} images\n", path, count);
    }
}

void merge_datasets(const MergeOptions& options) {
    std::vector<std::unique_ptr<detail::DatasetText>> files;
    Ids images("image", options.renumber);
    Ids annotations("annotation", options.renumber);
    for (const std::string& path : options.data) {
        auto file = std::make_unique<detail::DatasetText>(path);
        for (const auto& other : files)
            require_same_categories(other->dataset(), file->dataset());
        files.push_back(std::move(file));
        for (const ImageRecord& image : files.back()->dataset().images)
            images.reserve(image.id);
        for (const Annotation& item : files.back()->dataset().annotations)
            annotations.reserve(item.id);
    }
    detail::DatasetTextWriter writer(options.out, files.front()->other_members());
    std::vector<std::unordered_map<std::int64_t, std::int64_t>> new_ids(files.size());
    writer.begin("images");
    for (std::size_t f = 0; f < files.size(); ++f) {
        const Dataset& data = files[f]->dataset();
        for (std::size_t i = 0; i < data.images.size(); ++i) {
            const std::int64_t id = images.take(data.images[i].id, data.source);
            new_ids[f][data.images[i].id] = id;
            writer.add(with_ids(files[f]->image(i), {{"id", id}}));
        }
    }
    writer.begin("annotations");
    for (std::size_t f = 0; f < files.size(); ++f) {
        const Dataset& data = files[f]->dataset();
        for (std::size_t i = 0; i < data.annotations.size(); ++i) {
            const auto image = new_ids[f].find(data.annotations[i].image_id);
            if (image == new_ids[f].end()) continue;
            const std::int64_t id = annotations.take(data.annotations[i].id, data.source);
            writer.add(
                with_ids(files[f]->annotation(i), {{"id", id}, {"image_id", image->second}}));
        }
    }
    writer.begin("categories");
    std::set<std::int64_t> written;
    for (const auto& file : files)
        for (std::size_t i = 0; i < file->dataset().categories.size(); ++i)
            if (written.insert(file->dataset().categories[i].id).second)
                writer.add(file->category(i));
    writer.commit();
}

void filter_dataset(const FilterOptions& options) {
    const detail::DatasetText text(options.data);
    const Dataset& data = text.dataset();
    const auto wanted = chosen_categories(data, options.categories);
    detail::DatasetChoice choice;
    choice.annotation = [&](std::size_t i) {
        const Annotation& annotation = data.annotations[i];
        return (wanted.empty() || wanted.contains(annotation.category_id)) &&
               !(options.no_crowds && annotation.crowd) &&
               annotation.area.value_or(options.min_area) >= options.min_area;
    };
    std::set<std::int64_t> used_images;
    std::set<std::int64_t> used_categories;
    for (std::size_t i = 0; i < data.annotations.size(); ++i) {
        if (!choice.annotation(i)) continue;
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
    detail::write_chosen(text, choice, options.out);
}

}  // namespace embedmask::cli
