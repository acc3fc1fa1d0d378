#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>

#include "base/file.h"
#include "coco/dataset_text.h"
#include "data_convert.h"
#include "embedmask/error.h"
#include "embedmask/image.h"
#include "embedmask/polygon.h"
#include "inputs.h"
#include "voc_colours.h"

namespace embedmask::cli {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

constexpr unsigned kVocVoid = 255;

std::string read_text(const fs::path& path) {
    const auto bytes = read_file(path);
    return {bytes.begin(), bytes.end()};
}

Json read_json(const fs::path& path) {
    Json json = Json::parse(read_text(path), nullptr, false);
    if (json.is_discarded()) throw Error(path.string() + ": malformed JSON");
    return json;
}

/// The COCO file being built.
class Builder {
public:
    explicit Builder(const ConvertOptions& options) : folder_(options.input) {
        if (fs::exists(folder_ / "categories.json")) {
            for (const Json& category : read_json(folder_ / "categories.json"))
                add_category(category);
        } else if (fs::exists(folder_ / "classes.txt")) {
            std::istringstream lines(read_text(folder_ / "classes.txt"));
            for (std::string name; std::getline(lines, name);)
                if (!name.empty()) (void)category_id(name);
        }
        for (const InputPhoto& photo : find_photos({options.images})) {
            const ImageSize size =
                read_image(photo.path, {.orientation = Orientation::stored}).size;
            photos_[photo.path.stem().string()] = {photo.image_id, size};
            images_.push_back({{"id", photo.image_id},
                               {"file_name", photo.path.filename().string()},
                               {"width", size.width},
                               {"height", size.height}});
        }
    }

    struct Photo {
        std::int64_t id = 0;
        ImageSize size;
    };

    [[nodiscard]] const fs::path& folder() const { return folder_; }
    [[nodiscard]] const std::map<std::string, Photo>& photos() const { return photos_; }

    /// The photo that a file belongs to by its name.
    [[nodiscard]] const Photo& photo(const std::string& stem, const fs::path& owner) const {
        const auto found = photos_.find(stem);
        if (found != photos_.end()) return found->second;
        throw Error(fmt::format("{}: there is no photo called {}", owner.string(), stem),
                    "--images names the folder of the photos");
    }

    /// Of a name; a new one gets the next id.
    std::int64_t category_id(const std::string& name) {
        for (const Json& category : categories_)
            if (category["name"] == name) return category["id"];
        add_category({{"id", static_cast<std::int64_t>(categories_.size()) + 1}, {"name", name}});
        return categories_.back()["id"];
    }

    /// By position in the list of classes.
    [[nodiscard]] std::int64_t category_at(std::size_t index, const fs::path& owner) const {
        if (index < categories_.size()) return categories_[index]["id"];
        throw Error(fmt::format("{}: class {} of {}", owner.string(), index, categories_.size()),
                    "classes.txt must name every class, one a line");
    }

    void add_polygons(const Photo& photo, std::int64_t category,
                      const std::vector<std::vector<double>>& rings) {
        const Rle mask = rasterize_polygons(rings, photo.size.height, photo.size.width);
        add(photo, category, mask, false, rings);
    }
    void add_mask(const Photo& photo, std::int64_t category, const Rle& mask, bool crowd) {
        add(photo, category, mask, crowd,
            {{"size", {mask.height, mask.width}}, {"counts", compress(mask)}});
    }

    void write(const fs::path& path) const {
        DatasetTextWriter writer(path, {});
        for (const auto& [name, list] :
             {std::pair<const char*, const std::vector<Json>&>{"images", images_},
              {"annotations", annotations_},
              {"categories", categories_}}) {
            writer.begin(name);
            for (const Json& record : list)
                writer.add(record.dump());
        }
        writer.commit();
        fmt::print(stderr, "{}: {} images, {} objects, {} categories\n", path.string(),
                   images_.size(), annotations_.size(), categories_.size());
    }

private:
    void add_category(Json category) { categories_.push_back(std::move(category)); }
    void add(const Photo& photo, std::int64_t category, const Rle& mask, bool crowd,
             Json segmentation) {
        annotations_.push_back({{"id", static_cast<std::int64_t>(annotations_.size()) + 1},
                                {"image_id", photo.id},
                                {"category_id", category},
                                {"bbox", bounding_box(mask)},
                                {"area", area(mask)},
                                {"iscrowd", crowd ? 1 : 0},
                                {"segmentation", std::move(segmentation)}});
    }

    fs::path folder_;
    std::map<std::string, Photo> photos_;  // by file name without extension
    std::vector<Json> images_;
    std::vector<Json> annotations_;
    std::vector<Json> categories_;
};

std::vector<fs::path> files_of(const fs::path& folder, const std::string& extension) {
    std::error_code failed;
    std::vector<fs::path> files;
    for (const auto& entry : fs::directory_iterator(folder, failed))
        if (entry.path().extension() == extension && entry.path().filename() != "categories.json" &&
            entry.path().filename() != "classes.txt")
            files.push_back(entry.path());
    if (failed) throw Error(fmt::format("{}: {}", folder.string(), failed.message()));
    if (files.empty())
        throw Error(fmt::format("{}: found no file *{}", folder.string(), extension));
    std::sort(files.begin(), files.end());
    return files;
}

void import_labelme(Builder& builder) {
    for (const fs::path& path : files_of(builder.folder(), ".json")) {
        const Json file = read_json(path);
        try {
            const auto& photo = builder.photo(path.stem().string(), path);
            // Shapes of one group are the parts of one object.
            std::vector<std::pair<std::string, std::vector<std::vector<double>>>> objects;
            std::map<std::int64_t, std::size_t> groups;
            for (const Json& shape : file.at("shapes")) {
                std::vector<double> ring;
                for (const Json& point : shape.at("points")) {
                    ring.push_back(point.at(0));
                    ring.push_back(point.at(1));
                }
                const std::string type = shape.value("shape_type", "polygon");
                if (type == "rectangle" && ring.size() == 4) {
                    ring = {ring[0], ring[1], ring[2], ring[1], ring[2], ring[3], ring[0], ring[3]};
                } else if (type != "polygon") {
                    throw Error(fmt::format("{}: a shape of type {}: expected polygon or rectangle",
                                            path.string(), type));
                }
                const std::string label = shape.at("label");
                const Json& group = shape.contains("group_id") ? shape["group_id"] : Json();
                if (group.is_number_integer()) {
                    const auto [known, fresh] =
                        groups.emplace(group.get<std::int64_t>(), objects.size());
                    if (!fresh) {
                        objects[known->second].second.push_back(ring);
                        continue;
                    }
                }
                objects.emplace_back(label, std::vector<std::vector<double>>{ring});
            }
            for (const auto& [label, rings] : objects)
                builder.add_polygons(photo, builder.category_id(label), rings);
        } catch (const Json::exception& error) {
            throw Error(fmt::format("{}: not a labelme file: {}", path.string(), error.what()));
        }
    }
}

void import_yolo(Builder& builder) {
    for (const fs::path& path : files_of(builder.folder(), ".txt")) {
        const auto& photo = builder.photo(path.stem().string(), path);
        std::istringstream lines(read_text(path));
        std::size_t number = 0;
        for (std::string line; std::getline(lines, line);) {
            ++number;
            std::istringstream words(line);
            std::size_t index = 0;
            if (!(words >> index)) {
                if (line.find_first_not_of(" \t\r") == std::string::npos) continue;
                throw Error(
                    fmt::format("{}, line {}: expected a class number", path.string(), number));
            }
            std::vector<double> ring;
            for (double value = 0; words >> value;)
                ring.push_back(value *
                               (ring.size() % 2 == 0 ? photo.size.width : photo.size.height));
            if (ring.size() < 6 || ring.size() % 2 != 0)
                throw Error(
                    fmt::format("{}, line {}: {} numbers after the class: expected pairs, at "
                                "least three",
                                path.string(), number, ring.size()));
            builder.add_polygons(photo, builder.category_at(index, path), {ring});
        }
    }
}

Image read_labels(const fs::path& path, const Builder::Photo& photo) {
    return read_image(path, {.expected_size = photo.size});
}

void import_voc(Builder& builder) {
    for (const fs::path& path : files_of(builder.folder() / "SegmentationObject", ".png")) {
        const auto& photo = builder.photo(path.stem().string(), path);
        const Image objects = read_labels(path, photo);
        const Image classes =
            read_labels(builder.folder() / "SegmentationClass" / path.filename(), photo);
        const std::size_t pixels = objects.rgb.size() / 3;
        std::map<unsigned, std::vector<std::uint8_t>> masks;
        std::map<unsigned, unsigned> labels;
        for (std::size_t i = 0; i < pixels; ++i) {
            const auto index = [&](const Image& image) {
                return voc_index(image.rgb[3 * i], image.rgb[3 * i + 1], image.rgb[3 * i + 2]);
            };
            const unsigned object = index(objects);
            if (object == 0 || object == kVocVoid) continue;
            auto& mask = masks[object];
            mask.resize(pixels, 0);
            mask[i] = 1;
            if (const unsigned label = index(classes); label != 0 && label != kVocVoid)
                labels[object] = label;
        }
        for (const auto& [object, mask] : masks) {
            if (!labels.contains(object))
                throw Error(fmt::format("{}: object {} has no class", path.string(), object));
            builder.add_mask(photo, builder.category_at(labels[object] - 1, path),
                             encode_rows(mask, photo.size.height, photo.size.width), false);
        }
    }
}

void import_masks(Builder& builder) {
    for (const fs::path& path : files_of(builder.folder(), ".png")) {
        // NAME-OBJECT-CATEGORY
        const std::string stem = path.stem().string();
        const std::size_t last = stem.rfind('-');
        const std::size_t middle =
            last == std::string::npos || last == 0 ? std::string::npos : stem.rfind('-', last - 1);
        std::int64_t category = 0;
        try {
            if (middle == std::string::npos) throw std::invalid_argument(stem);
            category = std::stoll(stem.substr(last + 1));
        } catch (const std::exception&) {
            throw Error(
                fmt::format("{}: expected a name like PHOTO-OBJECT-CATEGORYID.png", path.string()));
        }
        const auto& photo = builder.photo(stem.substr(0, middle), path);
        const Image picture = read_labels(path, photo);
        std::vector<std::uint8_t> mask(picture.rgb.size() / 3);
        for (std::size_t i = 0; i < mask.size(); ++i)
            mask[i] = picture.rgb[3 * i] > 127 ? 1 : 0;
        builder.add_mask(photo, category, encode_rows(mask, photo.size.height, photo.size.width),
                         false);
    }
}

/// LVIS files are COCO files whose images have a URL instead of a name and whose objects no
/// iscrowd.
void import_lvis(const ConvertOptions& options) {
    const DatasetText text(options.input);
    DatasetTextWriter writer(options.out, text.other_members());
    const auto copy = [&](std::string_view record, const auto& change) {
        Json json = Json::parse(record);
        change(json);
        writer.add(json.dump());
    };
    const Dataset& data = text.dataset();
    writer.begin("images");
    for (std::size_t i = 0; i < data.images.size(); ++i)
        copy(text.image(i), [](Json& image) {
            if (image.contains("file_name") || !image.contains("coco_url")) return;
            const std::string url = image["coco_url"];
            image["file_name"] = url.substr(url.rfind('/') + 1);
        });
    writer.begin("annotations");
    for (std::size_t i = 0; i < data.annotations.size(); ++i)
        copy(text.annotation(i), [](Json& item) {
            if (!item.contains("iscrowd")) item["iscrowd"] = 0;
        });
    writer.begin("categories");
    for (std::size_t i = 0; i < data.categories.size(); ++i)
        writer.add(text.category(i));
    writer.commit();
}

}  // namespace

void import_dataset(const ConvertOptions& options) {
    if (options.from == "lvis") return import_lvis(options);
    if (options.images.empty())
        throw Error("--from " + options.from +
                    " needs --images: sizes and names come from the photos");
    Builder builder(options);
    if (options.from == "labelme") import_labelme(builder);
    if (options.from == "yolo") import_yolo(builder);
    if (options.from == "voc") import_voc(builder);
    if (options.from == "masks") import_masks(builder);
    builder.write(options.out);
}

}  // namespace embedmask::cli
