#include "data/formats/voc_xml.h"

#include <fmt/format.h>

#include <filesystem>
#include <string>
#include <vector>

#include "data/formats/dataset_builder.h"
#include "data/formats/xml_file.h"
#include "embedmask/error.h"

namespace embedmask::data {
namespace {

namespace fs = std::filesystem;

struct Corners {
    double left = 0;
    double top = 0;
    double right = 0;
    double bottom = 0;
};

struct VocObject {
    LabeledFrame frame;
    std::int64_t category = 0;
    Corners corners;
    std::vector<double> ring;  // empty: the box
    std::string owner;
};

LabeledFrame frame_of(const LabeledFrame& image, pugi::xml_node root, const std::string& owner) {
    const pugi::xml_node size = root.child("size");
    // Some tools write zeros for a size that they do not know.
    if (!size || size.child("width").text().as_int() <= 0 ||
        size.child("height").text().as_int() <= 0) {
        return image;
    }
    return image.for_size(
        {size.child("width").text().as_int(), size.child("height").text().as_int()}, owner);
}

Corners corners_of(pugi::xml_node object) {
    const pugi::xml_node box = object.child("bndbox");
    if (!box) {
        throw Error("<bndbox> is missing");
    }
    const Corners corners{xml_child_number(box, "xmin"), xml_child_number(box, "ymin"),
                          xml_child_number(box, "xmax"), xml_child_number(box, "ymax")};
    if (corners.right < corners.left || corners.bottom < corners.top) {
        throw Error(
            fmt::format("found the corners ({}, {}) and ({}, {}): expected the first left "
                        "of and above the second",
                        corners.left, corners.top, corners.right, corners.bottom));
    }
    return corners;
}

/// The polygon that some tools add: <x1>, <y1>, <x2>, <y2>, ...; empty if there is none.
std::vector<double> polygon_of(pugi::xml_node object) {
    const pugi::xml_node polygon = object.child("polygon");
    std::vector<double> ring;
    for (int i = 1; polygon.child(fmt::format("x{}", i).c_str()); ++i) {
        ring.push_back(xml_child_number(polygon, fmt::format("x{}", i).c_str()));
        ring.push_back(xml_child_number(polygon, fmt::format("y{}", i).c_str()));
    }
    return ring;
}

void count_left_out(DatasetBuilder& builder, pugi::xml_node object) {
    for ([[maybe_unused]] const pugi::xml_node part : object.children("part")) {
        builder.leave_out("part");
    }
    if (object.child("difficult").text().as_int() == 1) {
        builder.note_reading(" marked as difficult: read like the others", "object");
    }
}

void read_voc_file(DatasetBuilder& builder, const fs::path& path, std::vector<VocObject>& objects) {
    const XmlFile xml(path, "annotation");
    const LabeledFrame& image = builder.images().of_label(path, xml.root().child_value("filename"));
    builder.claim(image, path.string());
    const LabeledFrame frame = frame_of(image, xml.root(), path.string());
    for (const pugi::xml_node object : xml.root().children("object")) {
        const std::string owner = fmt::format("{}, {}", path.string(), xml_place(object));
        const std::string name = object.child_value("name");
        with_owner(owner, [&] {
            if (name.empty()) {
                throw Error("<name> is missing");
            }
            std::vector<double> ring = polygon_of(object);
            const Corners corners = ring.empty() ? corners_of(object) : Corners{};
            objects.push_back(
                {frame, builder.category_named(name, owner), corners, std::move(ring), owner});
        });
        count_left_out(builder, object);
    }
}

}  // namespace

void read_voc_xml(DatasetBuilder& builder) {
    const auto files = builder.label_files(builder.folder(), ".xml");
    std::vector<VocObject> objects;
    builder.read_files(files, [&](const fs::path& path) { read_voc_file(builder, path, objects); });
    bool from_zero = false;
    for (const VocObject& object : objects) {
        from_zero = from_zero ||
                    (object.ring.empty() && (object.corners.left < 1 || object.corners.top < 1));
    }
    for (const fs::path& path : files) {
        (void)path;
        builder.note_reading(from_zero
                                 ? ": boxes given by their edges, from 0, since some begin at "
                                   "0"
                                 : ": boxes given by their first and last pixels, from 1");
    }
    const double first = from_zero ? 0 : 1;
    for (const VocObject& object : objects) {
        if (!object.ring.empty()) {
            builder.add_polygons(object.frame, {object.category}, {object.ring}, object.owner);
            continue;
        }
        const Corners& corners = object.corners;
        builder.add_box(
            object.frame, {object.category},
            {corners.left - first, corners.top - first, corners.right - corners.left + first,
             corners.bottom - corners.top + first},
            object.owner);
    }
}

}  // namespace embedmask::data
