#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>
#include <set>
#include <unordered_map>

#include "base/input_files.h"
#include "coco/dataset_text.h"
#include "data/next_id.h"
#include "embedmask/data.h"
#include "embedmask/error.h"

namespace embedmask {
namespace {

using Json = nlohmann::ordered_json;

/// An id or name must denote the same category in both files.
void require_same_categories(const Dataset& first, const Dataset& other) {
    for (const Category& a : first.categories) {
        for (const Category& b : other.categories) {
            if ((a.id == b.id) != (a.name == b.name)) {
                throw Error(
                    fmt::format("category {} \"{}\" of {} conflicts with category {} "
                                "\"{}\" of {}: each category id needs the same name in all files",
                                a.id, a.name, first.source, b.id, b.name, other.source),
                    "make the categories of the two files match, or set MergeOptions::by_name to "
                    "map "
                    "categories by name");
            }
        }
    }
}

/// Maps ids to the merged file: unchanged, or new after a collision.
class Ids {
public:
    Ids(std::string what, bool renumber) : what_(std::move(what)), renumber_(renumber) {}

    void reserve(std::int64_t id) { largest_ = std::max(largest_, id); }
    std::int64_t take(std::int64_t id, const std::string& source) {
        const auto [known, fresh] = owners_.emplace(id, source);
        if (fresh) {
            return id;
        }
        if (!renumber_) {
            throw Error(
                fmt::format("duplicate {} id {} in {} and {}", what_, id, known->second, source),
                "set MergeOptions::renumber to give the later one a new id");
        }
        largest_ = data::id_after(largest_);
        owners_.emplace(largest_, source);
        return largest_;
    }

private:
    std::string what_;
    bool renumber_;
    std::int64_t largest_ = 0;
    std::unordered_map<std::int64_t, std::string> owners_;
};

/// Maps the categories of each file to those of the merged file, by name.
class CategoriesByName {
public:
    /// `index` is the position of the file. Adds what it changes to `mapped`.
    void add(std::size_t index, const Dataset& data, std::vector<MappedCategory>& mapped) {
        ids_.resize(index + 1);
        for (const Category& category : data.categories) {
            const auto known = by_name_.find(category.name);
            std::int64_t id = category.id;
            if (known != by_name_.end()) {
                id = known->second;
            } else if (taken_.contains(id)) {
                id = data::id_after(*taken_.rbegin());
            }
            by_name_.emplace(category.name, id);
            taken_.insert(id);
            ids_[index][category.id] = id;
            if (id != category.id) {
                mapped.push_back({data.source, category.name, category.id, id});
            }
        }
    }

    [[nodiscard]] std::int64_t id(std::size_t index, std::int64_t category,
                                  const Dataset& data) const {
        const auto known = ids_[index].find(category);
        if (known == ids_[index].end()) {
            throw Error(fmt::format("{}: found an annotation with category id {}, which the file "
                                    "does not list: expected listed categories",
                                    data.source, category),
                        "`embedmask data check FILE --fix OUT.json` drops such annotations");
        }
        return known->second;
    }

private:
    std::unordered_map<std::string, std::int64_t> by_name_;
    std::set<std::int64_t> taken_;
    std::vector<std::unordered_map<std::int64_t, std::int64_t>> ids_;  // per file
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

}  // namespace

MergeReport merge_datasets(const std::vector<std::filesystem::path>& annotations,
                           const std::filesystem::path& merged, const MergeOptions& options) {
    if (annotations.empty()) {
        throw Error("merge_datasets: found no annotation files: expected at least one", {},
                    ErrorKind::usage);
    }
    MergeReport report;
    CategoriesByName categories;
    std::vector<std::unique_ptr<detail::DatasetText>> files;
    Ids images("image", options.renumber);
    Ids objects("annotation", options.renumber);
    for (const std::filesystem::path& path : annotations) {
        auto file = std::make_unique<detail::DatasetText>(path);
        for (const auto& other : files) {
            if (!options.by_name) {
                require_same_categories(other->dataset(), file->dataset());
            }
        }
        if (options.by_name) {
            categories.add(files.size(), file->dataset(), report.mapped);
        }
        files.push_back(std::move(file));
        for (const ImageRecord& image : files.back()->dataset().images) {
            images.reserve(image.id);
        }
        for (const Annotation& item : files.back()->dataset().annotations) {
            objects.reserve(item.id);
        }
    }
    detail::InputFiles inputs;
    for (const std::filesystem::path& path : annotations) {
        inputs.add(path);
    }
    inputs.require_other(merged);
    detail::DatasetTextWriter writer(merged, files.front()->other_members());
    DatasetCounts& counts = report.written;
    std::vector<std::unordered_map<std::int64_t, std::int64_t>> new_ids(files.size());
    writer.begin("images");
    for (std::size_t f = 0; f < files.size(); ++f) {
        const Dataset& data = files[f]->dataset();
        for (std::size_t i = 0; i < data.images.size(); ++i) {
            const std::int64_t id = images.take(data.images[i].id, data.source);
            new_ids[f][data.images[i].id] = id;
            writer.add(with_ids(files[f]->image(i), {{"id", id}}));
            ++counts.images;
        }
    }
    writer.begin("annotations");
    for (std::size_t f = 0; f < files.size(); ++f) {
        const Dataset& data = files[f]->dataset();
        for (std::size_t i = 0; i < data.annotations.size(); ++i) {
            const auto image = new_ids[f].find(data.annotations[i].image_id);
            if (image == new_ids[f].end()) {
                ++report.left_out;
                continue;
            }
            const std::int64_t id = objects.take(data.annotations[i].id, data.source);
            std::vector<std::pair<const char*, std::int64_t>> ids{{"id", id},
                                                                  {"image_id", image->second}};
            if (options.by_name) {
                ids.emplace_back("category_id",
                                 categories.id(f, data.annotations[i].category_id, data));
            }
            writer.add(with_ids(files[f]->annotation(i), ids));
            ++counts.objects;
        }
    }
    writer.begin("categories");
    std::set<std::int64_t> written;
    for (std::size_t f = 0; f < files.size(); ++f) {
        const Dataset& data = files[f]->dataset();
        for (std::size_t i = 0; i < data.categories.size(); ++i) {
            const std::int64_t own = data.categories[i].id;
            const std::int64_t id = options.by_name ? categories.id(f, own, data) : own;
            if (written.insert(id).second) {
                writer.add(with_ids(files[f]->category(i), {{"id", id}}));
            }
        }
    }
    writer.commit();
    counts.categories = written.size();
    return report;
}

}  // namespace embedmask
