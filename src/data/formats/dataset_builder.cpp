#include "data/formats/dataset_builder.h"

#include <fmt/format.h>

#include <algorithm>
#include <system_error>
#include <unordered_set>

#include "base/file.h"
#include "base/lines.h"
#include "base/nearest.h"
#include "base/paths.h"
#include "base/text.h"
#include "coco/dataset_text.h"
#include "data/formats/label_folders.h"
#include "data/image_files.h"
#include "data/turned.h"
#include "embedmask/error.h"
#include "embedmask/polygon.h"
#include "image/image_format.h"
#include "image/orientation.h"

namespace embedmask::data {

namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kMostJson = 1ULL << 32;  // bytes
constexpr std::size_t kMostErrors = 20;          // named in one message

bool is_category_list(const fs::path& path) {
    return path.filename() == kCategoriesFile || path.filename() == kClassesFile;
}

[[noreturn]] void fail_malformed(const fs::path& folder, const std::vector<Error>& errors) {
    if (errors.size() == 1) {
        throw errors.front();
    }
    std::string text =
        fmt::format("{}: {} label files cannot be imported:", folder.string(), errors.size());
    for (std::size_t i = 0; i < std::min(errors.size(), kMostErrors); ++i) {
        text += fmt::format("\n  {}", errors[i].what());
    }
    if (errors.size() > kMostErrors) {
        text += fmt::format("\n  and {} more", errors.size() - kMostErrors);
    }
    throw Error(text, errors.front().fix());
}

}  // namespace

nlohmann::ordered_json read_json(const fs::path& path) {
    const std::string text = detail::read_text(path, kMostJson, "JSON");
    try {
        return nlohmann::ordered_json::parse(text);
    } catch (const nlohmann::json::parse_error& error) {
        throw Error(fmt::format("{}: malformed JSON at byte {}", path.string(), error.byte));
    } catch (const nlohmann::json::exception& error) {
        throw Error(fmt::format("{}: malformed JSON: {}", path.string(), error.what()));
    }
}

DatasetBuilder::DatasetBuilder(fs::path source, fs::path folder, LabelImages images)
    : source_(std::move(source)), labels_(std::move(folder)), images_(std::move(images)) {
    result_.skipped = images_.skipped();
    if (!images_.passed_over().empty()) {
        result_.passed_over.push_back(images_.passed_over());
    }
    if (const fs::path list = labels_ / kCategoriesFile; detail::has_entry(list)) {
        read_categories(list);
    }
}

DatasetBuilder::DatasetBuilder(const fs::path& labels, LabelImages images)
    : DatasetBuilder(labels, labels, std::move(images)) {
    if (const fs::path list = labels_ / kClassesFile; list_.empty() && detail::has_entry(list)) {
        read_class_names(list);
    }
}

DatasetBuilder DatasetBuilder::of_file(const fs::path& file, LabelImages images) {
    return {file, file.parent_path(), std::move(images)};
}

std::vector<fs::path> DatasetBuilder::label_files(const fs::path& folder, const std::string& ending,
                                                  const Judge& expected) {
    std::error_code failed;
    const bool among_images = fs::equivalent(folder, images_.passed_over().folder, failed);
    FolderChoice choice;
    choice.wanted = [&](const fs::path& path) {
        return ending_of(path) == ending && !is_category_list(path);
    };
    choice.expected = [&](const fs::path& path) {
        return is_category_list(path) || (among_images && image::is_image_name(path)) ||
               (expected && expected(path));
    };
    FolderFiles chosen = choose_files(folder, choice);
    result_.passed_over.push_back(chosen.passed_over);
    if (chosen.files.empty()) {
        throw Error(fmt::format("{}: found no *{} file", folder.string(), ending));
    }
    return chosen.files;
}

void DatasetBuilder::read_files(const std::vector<fs::path>& files,
                                const std::function<void(const fs::path&)>& read) {
    read_list(files.size(), [&](std::size_t i) { read(files[i]); });
}

void DatasetBuilder::read_list(std::size_t count, const std::function<void(std::size_t)>& read) {
    std::vector<Error> malformed;
    for (std::size_t i = 0; i < count; ++i) {
        try {
            read(i);
        } catch (const LabelWithoutImage& error) {
            result_.skipped.emplace_back(error.what());
        } catch (const Error& error) {
            if (error.kind() == ErrorKind::system) {
                result_.skipped.emplace_back(error.what());
            } else {
                malformed.push_back(error);
            }
        }
    }
    if (!malformed.empty()) {
        fail_malformed(source_, malformed);
    }
}

void DatasetBuilder::read_categories(const fs::path& list) {
    list_ = list.string();
    try {
        for (const Json& category : read_json(list)) {
            ids_by_name_.emplace(category.at("name").get<std::string>(),
                                 category.at("id").get<std::int64_t>());
            categories_.push_back(category);
        }
    } catch (const Json::exception&) {
        throw Error(list_ + ": expected a list of {\"id\": number, \"name\": text}");
    }
}

void DatasetBuilder::read_class_names(const fs::path& list) {
    list_ = list.string();
    for (const detail::Line& line : detail::lines_of(detail::read_text(list))) {
        add_category(line.text);
    }
}

void DatasetBuilder::claim(const LabeledFrame& frame, const std::string& owner) {
    const auto [claim, fresh] = claims_.emplace(frame.image_id, owner);
    if (!fresh) {
        throw Error(
            fmt::format("{}: the labels of this image are in {}, too", owner, claim->second),
            "remove one of the two files");
    }
}

void DatasetBuilder::add_category(const std::string& name) {
    const auto id = static_cast<std::int64_t>(categories_.size()) + 1;
    if (ids_by_name_.emplace(name, id).second) {
        categories_.push_back({{"id", id}, {"name", name}});
    }
}

std::int64_t DatasetBuilder::category_named(const std::string& name, const std::string& owner) {
    if (const auto known = ids_by_name_.find(name); known != ids_by_name_.end()) {
        return known->second;
    }
    if (!list_.empty()) {
        std::vector<std::string> names;
        for (const Json& category : categories_) {
            names.push_back(category["name"]);
        }
        throw Error(fmt::format("{}: category \"{}\" is not listed in {}", owner, name, list_),
                    detail::did_you_mean(name, names,
                                         "add the category to that file, or correct the label"));
    }
    add_category(name);
    return ids_by_name_.at(name);
}

std::int64_t DatasetBuilder::category_at(std::int64_t index, const std::string& owner) const {
    if (index >= 0 && static_cast<std::size_t>(index) < categories_.size()) {
        return categories_[static_cast<std::size_t>(index)]["id"];
    }
    throw Error(
        fmt::format("{}: found class {}: expected one of the {} listed in {}", owner, index,
                    categories_.size(), list_.empty() ? (labels_ / kClassesFile).string() : list_),
        "classes.txt must list every class, one per line");
}

std::int64_t DatasetBuilder::category_with_id(std::int64_t id, const std::string& owner) {
    for (const Json& category : categories_) {
        if (category["id"] == id) {
            return id;
        }
    }
    if (!list_.empty()) {
        throw Error(fmt::format("{}: category id {} is not listed in {}", owner, id, list_));
    }
    categories_.push_back({{"id", id}, {"name", fmt::to_string(id)}});
    return id;
}

std::int64_t DatasetBuilder::only_category(const std::string& name, const std::string& owner) {
    if (list_.empty()) {
        return category_named(name, owner);
    }
    if (categories_.size() == 1) {
        return categories_.front()["id"];
    }
    throw Error(
        fmt::format("{}: found no categories of its objects, and {} in {}", owner,
                    categories_.size(), list_),
        "NAME.json next to an id map lists its objects: [{\"id\": 1, \"category_id\": 18}]");
}

std::string DatasetBuilder::name_of(std::int64_t category) const {
    for (const Json& item : categories_) {
        if (item["id"] == category) {
            return item["name"];
        }
    }
    return fmt::to_string(category);
}

bool DatasetBuilder::objects_have_ids() const {
    std::unordered_set<std::int64_t> ids;
    return std::ranges::all_of(objects_, [&](const Record& object) {
        return object.id && *object.id >= 1 && ids.insert(*object.id).second;
    });
}

void DatasetBuilder::add_polygons(const LabeledFrame& frame, const Object& object,
                                  const std::vector<std::vector<double>>& rings,
                                  const std::string& owner) {
    std::vector<std::vector<double>> upright;
    for (const std::vector<double>& ring : rings) {
        upright.push_back(turned(ring, frame.size, frame.turn));
    }
    const ImageSize size = image::oriented_size(frame.size, frame.turn);
    Rle mask;
    try {
        mask = rasterize_polygons(upright, size.height, size.width);
    } catch (const Error& error) {
        throw Error(fmt::format("{}: {}", owner, error.what()), error.fix());
    }
    if (area(mask) == 0) {
        return leave_out_empty(object, owner);
    }
    add(frame, object, bounding_box(mask), area(mask), std::move(upright));
}

void DatasetBuilder::add_mask(const LabeledFrame& frame, const Object& object, const Rle& mask,
                              const std::string& owner) {
    const Rle upright = turned(mask, frame.turn);
    if (area(upright) == 0) {
        return leave_out_empty(object, owner);
    }
    add(frame, object, bounding_box(upright), area(upright),
        {{"size", {upright.height, upright.width}}, {"counts", compress(upright)}});
}

void DatasetBuilder::add_box(const LabeledFrame& frame, const Object& object, const CocoBox& box,
                             const std::string& owner) {
    const bool is_inside = box.width > 0 && box.height > 0 && box.x < frame.size.width &&
                           box.y < frame.size.height && box.x + box.width > 0 &&
                           box.y + box.height > 0;
    if (!is_inside) {
        return leave_out_empty(object, owner);
    }
    constexpr double kSlack = 1;  // pixels, for rounding
    if (box.x < -kSlack || box.y < -kSlack || box.x + box.width > frame.size.width + kSlack ||
        box.y + box.height > frame.size.height + kSlack) {
        note_reading(" beyond the image: `data check --fix` clips them", "box");
    }
    const CocoBox upright = frame.turn == 1 ? box : turned(box, frame.size, frame.turn);
    add(frame, object, upright, upright.width * upright.height, Json::array());
}

void DatasetBuilder::leave_out_empty(const Object& object, const std::string& owner) {
    // The folder is known; what matters is the file.
    const std::string folder = (labels_ / "").string();
    const std::string file = owner.starts_with(folder) ? owner.substr(folder.size()) : owner;
    result_.without_pixels.push_back(fmt::format("{} ({})", file, name_of(object.category)));
}

void DatasetBuilder::add(const LabeledFrame& frame, const Object& object, const CocoBox& box,
                         const Json& pixels, Json segmentation) {
    const Json members = {{"image_id", frame.image_id},
                          {"category_id", object.category},
                          {"bbox", {box.x, box.y, box.width, box.height}},
                          {"area", pixels},
                          {"iscrowd", object.crowd ? 1 : 0},
                          {"segmentation", std::move(segmentation)}};
    objects_.push_back({object.id, members.dump().substr(1)});
}

DatasetImport DatasetBuilder::write(const fs::path& path) {
    if (objects_.empty() && !result_.without_pixels.empty()) {
        throw Error(
            fmt::format("{}: none of {} objects has a pixel inside its image: {}", source_.string(),
                        result_.without_pixels.size(), result_.without_pixels.front()),
            "check that the labels belong to these images and to this format");
    }
    detail::DatasetTextWriter writer(path, {});
    // File names need not be UTF-8.
    const auto add_all = [&](const std::vector<Json>& records) {
        for (const Json& record : records) {
            writer.add(record.dump(-1, ' ', false, Json::error_handler_t::replace));
        }
    };
    writer.begin("images");
    add_all(images_.records());
    writer.begin("annotations");
    const bool keep_ids = objects_have_ids();
    for (std::size_t i = 0; i < objects_.size(); ++i) {
        writer.add(fmt::format("{{\"id\":{},{}",
                               keep_ids ? *objects_[i].id : static_cast<std::int64_t>(i) + 1,
                               objects_[i].members));
    }
    writer.begin("categories");
    add_all(categories_);
    writer.commit();
    result_.written = {images_.records().size(), objects_.size(), categories_.size()};
    for (const auto& [reading, count] : readings_) {
        result_.readings.push_back(detail::counted(count, reading.first) + reading.second);
    }
    return result_;
}

}  // namespace embedmask::data
