#include "data/dataset_builder.h"

#include <fmt/format.h>

#include <algorithm>
#include <system_error>

#include "base/file.h"
#include "base/lines.h"
#include "base/nearest.h"
#include "base/paths.h"
#include "coco/dataset_text.h"
#include "data/image_files.h"
#include "data/label_folders.h"
#include "data/turned.h"
#include "embedmask/polygon.h"
#include "image/image_format.h"
#include "image/orientation.h"
#include "image/stored_image.h"

namespace embedmask::data {

namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kMostJson = 1ULL << 32;  // bytes
constexpr std::size_t kMostErrors = 20;          // named in one message

// A label whose image cannot be read.
struct LabelWithoutImage : Error {
    using Error::Error;
};

bool is_category_list(const fs::path& path) {
    return path.filename() == kCategoriesFile || path.filename() == kClassesFile;
}

bool same_folder(const fs::path& a, const fs::path& b) {
    std::error_code failed;
    return fs::equivalent(a, b, failed);
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

DatasetBuilder::DatasetBuilder(fs::path labels, fs::path images)
    : labels_(std::move(labels)), images_folder_(std::move(images)) {
    read_categories();
    read_images();
}

std::vector<fs::path> DatasetBuilder::label_files(const fs::path& folder, const std::string& ending,
                                                  const Judge& expected) {
    const bool among_images = same_folder(folder, images_folder_);
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
    std::vector<Error> malformed;
    for (const fs::path& path : files) {
        try {
            read(path);
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
        fail_malformed(labels_, malformed);
    }
}

void DatasetBuilder::read_categories() {
    if (const fs::path path = labels_ / kCategoriesFile; detail::has_entry(path)) {
        list_ = path.string();
        try {
            for (const Json& category : read_json(path)) {
                (void)category.at("id").get<std::int64_t>();
                (void)category.at("name").get<std::string>();
                categories_.push_back(category);
            }
        } catch (const Json::exception&) {
            throw Error(list_ + ": expected a list of {\"id\": number, \"name\": text}");
        }
    } else if (const fs::path names = labels_ / kClassesFile; detail::has_entry(names)) {
        list_ = names.string();
        for (const detail::Line& line : detail::lines_of(detail::read_text(names))) {
            categories_.push_back({{"id", categories_.size() + 1}, {"name", line.text}});
        }
    }
}

void DatasetBuilder::read_images() {
    Judge labels;
    if (same_folder(labels_, images_folder_)) {
        labels = [](const fs::path& path) {
            return ending_of(path) == ".json" || ending_of(path) == ".txt";
        };
    }
    const FolderFiles chosen = images_of_folder(images_folder_, labels);
    result_.passed_over.push_back(chosen.passed_over);
    const std::vector<ImageFile> files = numbered(chosen.files);
    const bool numbers = std::ranges::all_of(files, [](const ImageFile& file) {
        const std::string stem = file.path.stem().string();
        return stem.find_first_not_of("0123456789") == std::string::npos;
    });
    for (std::size_t i = 0; i < files.size(); ++i) {
        const fs::path& path = files[i].path;
        const std::string stem = label_stem(path.string());
        if (by_stem_.contains(stem) || unreadable_.contains(stem)) {
            throw Error(fmt::format("{}: another image has the same name", path.string()),
                        "labels are matched to images by name: rename one of the two");
        }
        LabeledFrame frame;
        frame.image_id = numbers ? files[i].image_id : static_cast<std::int64_t>(i) + 1;
        try {
            const image::StoredImage stored =
                image::decode_stored(detail::read_file(path), path.string(), {});
            frame.orientation = stored.orientation;
            frame.size = image::oriented_size(stored.whole, stored.orientation);
        } catch (const Error& error) {
            unreadable_[stem] = path.string();
            result_.skipped.emplace_back(error.what());
            if (unreadable_.size() == files.size()) {
                throw;
            }
            continue;
        }
        by_stem_[stem] = frame;
        Json record = {{"id", frame.image_id},
                       {"file_name", path.filename().string()},
                       {"width", frame.size.width},
                       {"height", frame.size.height}};
        if (frame.orientation != 1) {
            record["exif"] = "applied";
        }
        images_.push_back(std::move(record));
    }
}

bool DatasetBuilder::has_image(const std::string& stem) const {
    return by_stem_.contains(cut_stem(stem)) || unreadable_.contains(cut_stem(stem));
}

const LabeledFrame& DatasetBuilder::image(const std::string& stem, const std::string& owner) const {
    const auto found = by_stem_.find(cut_stem(stem));
    if (found != by_stem_.end()) {
        return found->second;
    }
    if (const auto broken = unreadable_.find(cut_stem(stem)); broken != unreadable_.end()) {
        throw LabelWithoutImage(
            fmt::format("{}: labels of {}, which cannot be read", owner, broken->second));
    }
    const PassedOver& passed = result_.passed_over.front();
    const std::string others =
        passed.empty() ? "" : fmt::format(" (passed over there: {})", summary_of(passed));
    throw Error(fmt::format("{}: no image in the image folder is named {}{}", owner, stem, others),
                "add the image, remove the label, or correct DatasetImportOptions::images");
}

std::int64_t DatasetBuilder::category_named(const std::string& name, const std::string& owner) {
    std::vector<std::string> names;
    for (const Json& category : categories_) {
        if (category["name"] == name) {
            return category["id"];
        }
        names.push_back(category["name"]);
    }
    if (!list_.empty()) {
        throw Error(fmt::format("{}: category \"{}\" is not listed in {}", owner, name, list_),
                    detail::did_you_mean(name, names,
                                         "add the category to that file, or correct the label"));
    }
    categories_.push_back({{"id", categories_.size() + 1}, {"name", name}});
    return categories_.back()["id"];
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
    categories_.push_back({{"id", id}, {"name", std::to_string(id)}});
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

void DatasetBuilder::add_polygons(const LabeledFrame& frame, std::int64_t category,
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
    add(frame, category, mask, upright, owner);
}

void DatasetBuilder::add_mask(const LabeledFrame& frame, std::int64_t category, const Rle& mask,
                              const std::string& owner) {
    const Rle upright = turned(mask, frame.turn);
    add(frame, category, upright,
        {{"size", {upright.height, upright.width}}, {"counts", compress(upright)}}, owner);
}

void DatasetBuilder::add(const LabeledFrame& frame, std::int64_t category, const Rle& mask,
                         Json segmentation, const std::string& owner) {
    if (area(mask) == 0) {
        // The folder is known; what matters is the file.
        const std::string folder = (labels_ / "").string();
        const std::string file = owner.starts_with(folder) ? owner.substr(folder.size()) : owner;
        result_.without_pixels.push_back(fmt::format("{} ({})", file, name_of(category)));
        return;
    }
    const CocoBox box = bounding_box(mask);
    annotations_.push_back({{"id", annotations_.size() + 1},
                            {"image_id", frame.image_id},
                            {"category_id", category},
                            {"bbox", {box.x, box.y, box.width, box.height}},
                            {"area", area(mask)},
                            {"iscrowd", 0},
                            {"segmentation", std::move(segmentation)}});
}

DatasetImport DatasetBuilder::write(const fs::path& path) {
    if (annotations_.empty() && !result_.without_pixels.empty()) {
        throw Error(
            fmt::format("{}: none of {} objects has a pixel inside its image: {}", labels_.string(),
                        result_.without_pixels.size(), result_.without_pixels.front()),
            "check that the labels belong to these images and to this format");
    }
    detail::DatasetTextWriter writer(path, {});
    const auto list = [&](const char* name, const std::vector<Json>& records) {
        writer.begin(name);
        for (const Json& record : records) {
            // File names need not be UTF-8.
            writer.add(record.dump(-1, ' ', false, Json::error_handler_t::replace));
        }
    };
    list("images", images_);
    list("annotations", annotations_);
    list("categories", categories_);
    writer.commit();
    result_.written = {images_.size(), annotations_.size(), categories_.size()};
    for (const auto& [text, count] : readings_) {
        result_.readings.push_back(
            fmt::format("{} {}{}", count, count == 1 ? "image" : "images", text));
    }
    return result_;
}

}  // namespace embedmask::data
