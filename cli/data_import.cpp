#include "data_import.h"

#include <fmt/format.h>

#include <charconv>
#include <sstream>

#include "base/file.h"
#include "coco/dataset_text.h"
#include "data_convert.h"
#include "embedmask/error.h"

namespace embedmask::cli {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

constexpr double kRounding = 1e-3;  // YOLO tools write coordinates this far outside of the photo

/// The shapes of one group are the parts of one object.
struct LabelmeObject {
    std::string label;
    std::vector<std::vector<double>> rings;
};

std::vector<double> labelme_ring(const Json& shape) {
    std::vector<double> ring;
    for (const Json& point : shape.at("points")) {
        ring.push_back(point.at(0));
        ring.push_back(point.at(1));
    }
    const std::string type = shape.value("shape_type", "polygon");
    if (type == "rectangle" && ring.size() == 4)
        return {ring[0], ring[1], ring[2], ring[1], ring[2], ring[3], ring[0], ring[3]};
    if (type != "polygon")
        throw Error(fmt::format("found a {} of {} points: expected a polygon, or a rectangle of 2",
                                type, ring.size() / 2));
    if (ring.size() < 6)
        throw Error(
            fmt::format("found a polygon of {} points: expected at least 3", ring.size() / 2));
    return ring;
}

std::vector<LabelmeObject> labelme_objects(const Json& file) {
    std::vector<LabelmeObject> objects;
    std::map<std::int64_t, std::size_t> groups;
    for (const Json& shape : file.at("shapes")) {
        std::vector<double> ring = labelme_ring(shape);
        const Json group = shape.value("group_id", Json());
        if (group.is_number_integer()) {
            const auto [known, fresh] = groups.emplace(group.get<std::int64_t>(), objects.size());
            if (!fresh) {
                objects[known->second].rings.push_back(std::move(ring));
                continue;
            }
        }
        objects.push_back({shape.at("label"), {std::move(ring)}});
    }
    return objects;
}

void require_labelme_size(const Json& file, ImageSize size) {
    const Json width = file.value("imageWidth", Json());
    const Json height = file.value("imageHeight", Json());
    if ((width.is_null() || width == size.width) && (height.is_null() || height == size.height))
        return;
    throw Error(fmt::format("drawn on a photo of {}x{}, and the photo of this name is {}x{}",
                            width.dump(), height.dump(), size.width, size.height));
}

/// The words of one line as numbers. Error for a word that is none.
std::vector<double> numbers(const std::string& line, const std::string& owner) {
    std::vector<double> values;
    std::istringstream words(line);
    for (std::string word; words >> word;) {
        double value = 0;
        const char* end = word.data() + word.size();
        const auto parsed = std::from_chars(word.data(), end, value);
        if (parsed.ec != std::errc{} || parsed.ptr != end)
            throw Error(fmt::format("{}: found \"{}\": expected a number", owner, word));
        values.push_back(value);
    }
    return values;
}

/// Class and ring of one line, the ring in pixels.
struct YoloObject {
    std::int64_t index = 0;
    std::vector<double> ring;
};

YoloObject yolo_object(const std::vector<double>& values, ImageSize size,
                       const std::string& owner) {
    YoloObject object;
    object.index = static_cast<std::int64_t>(values[0]);
    if (static_cast<double>(object.index) != values[0])
        throw Error(fmt::format("{}: found {}: expected a class number first", owner, values[0]));
    for (std::size_t i = 1; i < values.size(); ++i) {
        if (!(values[i] >= -kRounding && values[i] <= 1 + kRounding))
            throw Error(
                fmt::format("{}: found {}: expected coordinates from 0 to 1", owner, values[i]));
        object.ring.push_back(values[i] * (i % 2 == 1 ? size.width : size.height));
    }
    if (object.ring.size() < 6 || object.ring.size() % 2 != 0)
        throw Error(
            fmt::format("{}: found {} numbers after the class: expected pairs, at least three",
                        owner, object.ring.size()));
    return object;
}

/// LVIS files are COCO files whose images have a URL instead of a name and whose objects no
/// iscrowd. The folder stays in the name: the photos of LVIS val lie in COCO's train2017 and
/// val2017.
void import_lvis(const ConvertOptions& options) {
    const detail::DatasetText text(options.input);
    const Dataset& data = text.dataset();
    detail::DatasetTextWriter writer(options.out, text.other_members());
    writer.begin("images");
    for (std::size_t i = 0; i < data.images.size(); ++i) {
        Json image = Json::parse(text.image(i));
        if (!image.contains("file_name")) {
            if (!image.contains("coco_url") || !image["coco_url"].is_string())
                throw Error(fmt::format("{}: image {} has neither file_name nor coco_url",
                                        options.input, data.images[i].id));
            const fs::path url = image["coco_url"].get<std::string>();
            image["file_name"] = (url.parent_path().filename() / url.filename()).string();
        }
        writer.add(image.dump());
    }
    writer.begin("annotations");
    for (std::size_t i = 0; i < data.annotations.size(); ++i) {
        Json item = Json::parse(text.annotation(i));
        if (!item.contains("iscrowd")) item["iscrowd"] = 0;
        writer.add(item.dump());
    }
    writer.begin("categories");
    for (std::size_t i = 0; i < data.categories.size(); ++i)
        writer.add(text.category(i));
    writer.commit();
    fmt::print(stderr, "{}: {} images, {} objects, {} categories\n", options.out,
               data.images.size(), data.annotations.size(), data.categories.size());
}

}  // namespace

void import_labelme(DatasetBuilder& builder) {
    for (const fs::path& path : files_of(builder.folder(), ".json")) {
        const std::string owner = path.string();
        const Json file = read_json(path);
        const auto& photo = builder.photo(path.stem().string(), owner);
        std::vector<LabelmeObject> objects;
        try {
            require_labelme_size(file, photo.size);
            objects = labelme_objects(file);
        } catch (const Json::exception& error) {
            throw Error(fmt::format("{}: not a labelme file: {}", owner, error.what()));
        } catch (const Error& error) {
            throw Error(fmt::format("{}: {}", owner, error.what()), error.fix());
        }
        for (const LabelmeObject& object : objects)
            builder.add_polygons(photo, builder.category_named(object.label, owner), object.rings,
                                 owner);
    }
}

void import_yolo(DatasetBuilder& builder) {
    for (const fs::path& path : files_of(builder.folder(), ".txt")) {
        const auto& photo = builder.photo(path.stem().string(), path.string());
        const auto bytes = detail::read_file(path);
        std::istringstream lines(std::string(bytes.begin(), bytes.end()));
        std::size_t number = 0;
        for (std::string line; std::getline(lines, line);) {
            const std::string owner = fmt::format("{}, line {}", path.string(), ++number);
            const std::vector<double> values = numbers(line, owner);
            if (values.empty()) continue;
            const YoloObject object = yolo_object(values, photo.size, owner);
            builder.add_polygons(photo, builder.category_at(object.index, owner), {object.ring},
                                 owner);
        }
    }
}

void import_dataset(const ConvertOptions& options) {
    if (options.from == "lvis") return import_lvis(options);
    if (options.images.empty())
        throw Error("--from " + options.from + " without --images",
                    "--images names the folder of the photos: sizes and names come from them");
    DatasetBuilder builder(options.input, options.images);
    if (options.from == "labelme") import_labelme(builder);
    if (options.from == "yolo") import_yolo(builder);
    if (options.from == "voc") import_voc(builder);
    if (options.from == "masks") import_masks(builder);
    builder.write(options.out);
}

}  // namespace embedmask::cli
