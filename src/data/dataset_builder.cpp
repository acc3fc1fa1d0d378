#include "data/dataset_builder.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <sstream>

#include "base/file.h"
#include "base/nearest.h"
#include "coco/dataset_text.h"
#include "data/image_files.h"
#include "embedmask/error.h"
#include "embedmask/polygon.h"

namespace embedmask::data {

namespace fs = std::filesystem;

nlohmann::ordered_json read_json(const fs::path& path) {
    const auto bytes = detail::read_file(path);
    try {
        return nlohmann::ordered_json::parse(bytes.begin(), bytes.end());
    } catch (const nlohmann::json::parse_error& error) {
        throw Error(fmt::format("{}: malformed JSON at byte {}", path.string(), error.byte));
    } catch (const nlohmann::json::exception& error) {
        throw Error(fmt::format("{}: malformed JSON: {}", path.string(), error.what()));
    }
}

std::vector<fs::path> files_of(const fs::path& folder, const std::string& extension) {
    std::error_code failed;
    std::vector<fs::path> files;
    for (const auto& entry : fs::directory_iterator(folder, failed)) {
        const fs::path name = entry.path().filename();
        if (name.extension() == extension && name != "categories.json" && name != "classes.txt") {
            files.push_back(entry.path());
        }
    }
    if (failed) {
        throw Error(fmt::format("{}: {}", folder.string(), failed.message()));
    }
    if (files.empty()) {
        throw Error(fmt::format("{}: found no *{} file", folder.string(), extension));
    }
    std::sort(files.begin(), files.end());
    return files;
}

DatasetBuilder::DatasetBuilder(fs::path labels, const fs::path& images)
    : labels_(std::move(labels)) {
    read_categories();
    read_images(images);
}

void DatasetBuilder::read_categories() {
    if (const fs::path path = labels_ / "categories.json"; fs::exists(path)) {
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
    } else if (const fs::path names = labels_ / "classes.txt"; fs::exists(names)) {
        list_ = names.string();
        const auto bytes = detail::read_file(names);
        std::istringstream lines(std::string(bytes.begin(), bytes.end()));
        for (std::string name; std::getline(lines, name);) {
            if (!name.empty() && name.back() == '\r') {
                name.pop_back();
            }
            if (!name.empty()) {
                categories_.push_back({{"id", categories_.size() + 1}, {"name", name}});
            }
        }
    }
}

void DatasetBuilder::read_images(const fs::path& folder) {
    const std::vector<ImageFile> found = find_images({folder.string()});
    const bool numbers = std::all_of(found.begin(), found.end(), [](const ImageFile& image) {
        const std::string stem = image.path.stem().string();
        return stem.find_first_not_of("0123456789") == std::string::npos;
    });
    for (const ImageFile& input : found) {
        const ImageSize size = read_image(input.path, {.orientation = Orientation::stored}).size;
        const auto counted = static_cast<std::int64_t>(images_.size()) + 1;
        const Image image{numbers ? input.image_id : counted, size};
        const std::string name = input.path.filename().string();
        if (!by_stem_.emplace(input.path.stem().string(), image).second) {
            throw Error(fmt::format("{}: another image has the same name", input.path.string()),
                        "labels are matched to images by name: rename one of the two");
        }
        images_.push_back({{"id", image.id},
                           {"file_name", name},
                           {"width", size.width},
                           {"height", size.height}});
    }
}

const DatasetBuilder::Image& DatasetBuilder::image(const std::string& stem,
                                                   const std::string& owner) const {
    const auto found = by_stem_.find(stem);
    if (found != by_stem_.end()) {
        return found->second;
    }
    throw Error(fmt::format("{}: no image in the image folder is named {}", owner, stem),
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
                    categories_.size(), list_.empty() ? (labels_ / "classes.txt").string() : list_),
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

void DatasetBuilder::add_polygons(const Image& image, std::int64_t category,
                                  const std::vector<std::vector<double>>& rings,
                                  const std::string& owner) {
    Rle mask;
    try {
        mask = rasterize_polygons(rings, image.size.height, image.size.width);
    } catch (const Error& error) {
        throw Error(fmt::format("{}: {}", owner, error.what()), error.fix());
    }
    add(image, category, mask, rings);
}

void DatasetBuilder::add_mask(const Image& image, std::int64_t category, const Rle& mask) {
    add(image, category, mask, {{"size", {mask.height, mask.width}}, {"counts", compress(mask)}});
}

void DatasetBuilder::add(const Image& image, std::int64_t category, const Rle& mask,
                         Json segmentation) {
    const CocoBox box = bounding_box(mask);
    annotations_.push_back({{"id", annotations_.size() + 1},
                            {"image_id", image.id},
                            {"category_id", category},
                            {"bbox", {box.x, box.y, box.width, box.height}},
                            {"area", area(mask)},
                            {"iscrowd", 0},
                            {"segmentation", std::move(segmentation)}});
}

DatasetCounts DatasetBuilder::write(const fs::path& path) const {
    detail::DatasetTextWriter writer(path, {});
    const auto list = [&](const char* name, const std::vector<Json>& records) {
        writer.begin(name);
        for (const Json& record : records) {
            writer.add(record.dump());
        }
    };
    list("images", images_);
    list("annotations", annotations_);
    list("categories", categories_);
    writer.commit();
    return {images_.size(), annotations_.size(), categories_.size()};
}

}  // namespace embedmask::data
