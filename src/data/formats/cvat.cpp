#include "data/formats/cvat.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "data/formats/cvat_runs.h"
#include "data/formats/dataset_builder.h"
#include "data/formats/shape_geometry.h"
#include "data/formats/xml_file.h"
#include "embedmask/error.h"
#include "embedmask/polygon.h"

namespace embedmask::data {
namespace {

// What <polygon>, <box>, <ellipse> and <mask> have in common.
std::string common_attributes(const LabeledObject& object, std::size_t group) {
    std::string text =
        fmt::format(" label=\"{}\" source=\"file\" occluded=\"0\"", xml_escaped(object.label));
    if (group > 0) {
        text += fmt::format(" group_id=\"{}\"", group);
    }
    if (object.id > 0) {
        text += fmt::format(" annotation_id=\"{}\"", object.id);
    }
    return text;
}

std::string element(const char* name, const std::string& attributes, bool crowd) {
    constexpr const char* kCrowd = "<attribute name=\"is_crowd\">true</attribute>";
    return fmt::format("    <{0}{1} z_order=\"0\">{2}</{0}>\n", name, attributes,
                       crowd ? kCrowd : "");
}

std::string points_text(const std::vector<double>& ring) {
    std::string text;
    for (std::size_t i = 0; i + 1 < ring.size(); i += 2) {
        fmt::format_to(std::back_inserter(text), "{}{},{}", i == 0 ? "" : ";", ring[i],
                       ring[i + 1]);
    }
    return text;
}

bool is_true(std::string_view text) {
    return text == "true" || text == "True" || text == "1";
}

bool is_crowd(pugi::xml_node shape) {
    for (const pugi::xml_node attribute : shape.children("attribute")) {
        const std::string_view name = attribute.attribute("name").value();
        if (name == "is_crowd" || name == "iscrowd") {
            return is_true(attribute.child_value());
        }
    }
    return false;
}

std::vector<double> points_of(std::string_view text) {
    std::vector<double> ring;
    const char* at = text.data();
    const char* const end = text.data() + text.size();
    while (at != end) {
        double value = 0;
        const auto parsed = std::from_chars(at, end, value);
        const char expected = ring.size() % 2 == 0 ? ',' : ';';
        const bool ends_well = parsed.ptr == end
                                   ? expected == ';'
                                   : parsed.ec == std::errc{} && *parsed.ptr == expected;
        if (parsed.ec != std::errc{} || !ends_well) {
            throw Error(fmt::format(
                "found \"{}\" at number {}: expected points x,y;x,y;...",
                std::string_view(at, std::min<std::size_t>(16, static_cast<std::size_t>(end - at))),
                ring.size() + 1));
        }
        ring.push_back(value);
        at = parsed.ptr == end ? end : parsed.ptr + 1;
    }
    constexpr std::size_t kLeast = 6;
    if (ring.size() < kLeast) {
        throw Error(fmt::format("found {} points: expected at least 3", ring.size() / 2));
    }
    return ring;
}

int side_of(pugi::xml_node node, const char* attribute) {
    const double value = xml_number(node, attribute);
    constexpr double kLongest = 1 << 30;
    if (!(value >= 0 && value <= kLongest) || value != static_cast<int>(value)) {
        throw Error(fmt::format("found {}=\"{}\": expected a number of pixels", attribute, value));
    }
    return static_cast<int>(value);
}

CocoBox box_of(pugi::xml_node shape) {
    const double left = xml_number(shape, "xtl");
    const double top = xml_number(shape, "ytl");
    return {left, top, rounded_pixel(xml_number(shape, "xbr") - left),
            rounded_pixel(xml_number(shape, "ybr") - top)};
}

/// A shape with an area: a ring, a mask or a box.
struct CvatShape {
    std::vector<double> ring;
    std::optional<Rle> mask;
    std::optional<CocoBox> box;
};

/// Nothing for shapes without an area.
std::optional<CvatShape> shape_of(pugi::xml_node shape, ImageSize image) {
    const std::string_view kind = shape.name();
    const double degrees = shape.attribute("rotation") ? xml_number(shape, "rotation") : 0;
    CvatShape result;
    if (kind == "polygon") {
        result.ring = points_of(shape.attribute("points").value());
    } else if (kind == "box") {
        const CocoBox box = box_of(shape);
        if (degrees == 0) {
            result.box = box;
        } else {
            result.ring =
                turned_rectangle(box, degrees, box.x + box.width / 2, box.y + box.height / 2);
        }
    } else if (kind == "ellipse") {
        result.ring = ellipse_ring(xml_number(shape, "cx"), xml_number(shape, "cy"),
                                   xml_number(shape, "rx"), xml_number(shape, "ry"), degrees);
    } else if (kind == "mask") {
        result.mask = mask_of_cvat(shape.attribute("rle").value(),
                                   {side_of(shape, "width"), side_of(shape, "height")},
                                   side_of(shape, "left"), side_of(shape, "top"), image);
    } else {
        return std::nullopt;
    }
    return result;
}

/// Shapes with the same label and group are parts of one object.
struct CvatObject {
    pugi::xml_node first;
    std::vector<CvatShape> parts;
};

class CvatReader {
public:
    CvatReader(const XmlFile& xml, DatasetBuilder& builder, std::string file)
        : builder_(builder), file_(std::move(file)) {
        for (const pugi::xml_node image : xml.root().children("image")) {
            images_.push_back(image);
        }
        const pugi::xml_node meta = xml.root().child("meta");
        for (const pugi::xpath_node& label : meta.select_nodes(".//labels/label")) {
            // The parts of a skeleton are labels with a parent.
            const std::string name = label.node().child_value("name");
            if (!name.empty() && *label.node().child_value("parent") == '\0') {
                names_.push_back(name);
            }
        }
    }

    void read() {
        if (!builder_.has_category_list()) {
            for (const std::string& name : names_) {
                builder_.add_category(name);
            }
        }
        builder_.read_list(images_.size(), [&](std::size_t i) { read_image(i); });
    }

private:
    void read_image(std::size_t i) {
        const std::string name = images_[i].attribute("name").value();
        const LabeledFrame& frame = builder_.images().at(i, fmt::format("{}: {}", file_, name));
        std::vector<CvatObject> objects;
        std::map<std::pair<std::string, std::string>, std::size_t> groups;
        for (const pugi::xml_node shape : images_[i].children()) {
            const std::string owner = owner_of(shape, name);
            std::optional<CvatShape> part;
            with_owner(owner, [&] { part = shape_of(shape, frame.size); });
            if (!part) {
                builder_.leave_out(shape.name());
                continue;
            }
            const std::string label = shape.attribute("label").value();
            if (label.empty()) {
                throw Error(fmt::format("{}: \"label\" is missing", owner));
            }
            const std::string group = shape.attribute("group_id").value();
            if (!group.empty() && group != "0" && !part->box) {
                const auto [known, fresh] = groups.emplace(std::pair(label, group), objects.size());
                if (!fresh) {
                    objects[known->second].parts.push_back(std::move(*part));
                    continue;
                }
            }
            objects.push_back({shape, {}});
            objects.back().parts.push_back(std::move(*part));
        }
        for (const CvatObject& object : objects) {
            add(frame, object, owner_of(object.first, name));
        }
    }

    [[nodiscard]] std::string owner_of(pugi::xml_node shape, const std::string& image) const {
        return fmt::format("{}, {}, {}", file_, xml_place(shape), image);
    }

    void add(const LabeledFrame& frame, const CvatObject& object, const std::string& owner) {
        DatasetBuilder::Object about;
        about.category = builder_.category_named(object.first.attribute("label").value(), owner);
        if (const auto id = object.first.attribute("annotation_id")) {
            about.id = id.as_llong();
        }
        about.crowd = is_crowd(object.first);
        std::vector<std::vector<double>> rings;
        std::vector<Rle> masks;
        for (const CvatShape& part : object.parts) {
            if (part.mask) {
                masks.push_back(*part.mask);
            } else if (!part.box) {
                rings.push_back(part.ring);
            }
        }
        if (!masks.empty()) {
            masks.push_back(rasterize_polygons(rings, frame.size.height, frame.size.width));
            builder_.add_mask(frame, about, unite(masks), owner);
        } else if (!rings.empty()) {
            builder_.add_polygons(frame, about, rings, owner);
        } else {
            builder_.add_box(frame, about, *object.parts.front().box, owner);
        }
    }

    DatasetBuilder& builder_;
    std::string file_;
    std::vector<pugi::xml_node> images_;
    std::vector<std::string> names_;  // of the labels
};

std::vector<ListedImage> listed_images(const XmlFile& xml, const std::string& file) {
    if (xml.root().child("track")) {
        throw Error(fmt::format("{}: found tracks of a video: expected labels of images", file),
                    "export the job from CVAT as \"CVAT for images 1.1\"");
    }
    std::vector<ListedImage> images;
    for (const pugi::xml_node image : xml.root().children("image")) {
        ListedImage listed;
        listed.file_name = image.attribute("name").value();
        with_owner(fmt::format("{}, {}", file, xml_place(image)), [&] {
            if (listed.file_name.empty()) {
                throw Error("\"name\" is missing");
            }
            listed.size = ImageSize{side_of(image, "width"), side_of(image, "height")};
            if (listed.size->width == 0 || listed.size->height == 0) {
                throw Error(fmt::format("found an image of {}x{} pixels: expected its size",
                                        listed.size->width, listed.size->height));
            }
            if (image.attribute("id")) {
                listed.id = static_cast<std::int64_t>(xml_number(image, "id"));
            }
        });
        images.push_back(std::move(listed));
    }
    if (images.empty()) {
        throw Error(fmt::format("{}: found no <image>: expected labels of images", file));
    }
    return images;
}

}  // namespace

std::string cvat_labels_text(std::span<const Category> categories) {
    using Json = nlohmann::ordered_json;
    Json labels = Json::array();
    for (const Category& category : categories) {
        labels.push_back({{"name", category.name}, {"attributes", Json::array()}});
    }
    return labels.dump(1, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::string CvatDocument::beginning() {
    std::string text =
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<annotations>\n"
        "  <version>1.1</version>\n  <meta>\n    <task>\n      <labels>\n";
    for (const Category& category : categories_) {
        text += fmt::format("        <label><name>{}</name></label>\n", xml_escaped(category.name));
    }
    return text + "      </labels>\n    </task>\n  </meta>\n";
}

std::string CvatDocument::text_of(const LabeledImage& image) {
    std::string text = fmt::format("  <image id=\"{}\" name=\"{}\" width=\"{}\" height=\"{}\">\n",
                                   image.record->id, xml_escaped(image.record->file_name),
                                   image.size.width, image.size.height);
    for (const LabeledObject& object : image.objects) {
        groups_ += object.rings.size() > 1 ? 1 : 0;
        const std::string common = common_attributes(object, object.rings.size() > 1 ? groups_ : 0);
        for (const std::vector<double>& ring : object.rings) {
            text += element("polygon", fmt::format("{} points=\"{}\"", common, points_text(ring)),
                            object.crowd);
        }
        if (!object.rings.empty()) {
            continue;
        }
        if (object.mask == nullptr) {
            const CocoBox& box = object.box;
            text += element("box",
                            fmt::format("{} xtl=\"{}\" ytl=\"{}\" xbr=\"{}\" ybr=\"{}\"", common,
                                        box.x, box.y, box.x + box.width, box.y + box.height),
                            object.crowd);
            continue;
        }
        const CvatMask mask = cvat_mask(*object.mask);
        text += element(
            "mask",
            fmt::format("{} rle=\"{}\" left=\"{}\" top=\"{}\" width=\"{}\" height=\"{}\"", common,
                        mask.runs, mask.left, mask.top, mask.size.width, mask.size.height),
            object.crowd);
    }
    return text + "  </image>\n";
}

std::string CvatDocument::end() {
    return "</annotations>\n";
}

DatasetImport import_cvat(const std::filesystem::path& file,
                          const std::filesystem::path& annotations,
                          const std::filesystem::path& images) {
    const XmlFile xml(file, "annotations");
    const std::string name = file.string();
    DatasetBuilder builder =
        DatasetBuilder::of_file(file, LabelImages::listed(listed_images(xml, name), images, name));
    CvatReader(xml, builder, name).read();
    return builder.write(annotations);
}

}  // namespace embedmask::data
