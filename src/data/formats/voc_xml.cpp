#include "data/formats/voc_xml.h"

#include <fmt/format.h>

#include <filesystem>
#include <string>
#include <vector>

#include "base/paths.h"
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
    std::string owner;
};

/// By the name of the file, or else by the image that it names.
const LabeledFrame& image_of(const LabelImages& images, const fs::path& path, pugi::xml_node root) {
    const std::string stem = detail::portable_stem(path.string());
    const std::string named = detail::portable_name(root.child_value("filename"));
    if (!images.has(stem) && !named.empty()) {
        const std::string other = fs::path(named).stem().string();
        if (images.has(other)) {
            return images.named(other, path.string());
        }
    }
    return images.named(stem, path.string());
}

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

void read_voc_file(DatasetBuilder& builder, const fs::path& path, std::vector<VocObject>& objects) {
    const XmlFile xml(path, "annotation");
    const LabeledFrame frame =
        frame_of(image_of(builder.images(), path, xml.root()), xml.root(), path.string());
    for (const pugi::xml_node object : xml.root().children("object")) {
        const std::string owner = fmt::format("{}, {}", path.string(), xml_place(object));
        const std::string name = object.child_value("name");
        try {
            if (name.empty()) {
                throw Error("<name> is missing");
            }
            objects.push_back(
                {frame, builder.category_named(name, owner), corners_of(object), owner});
        } catch (const Error& error) {
            const bool is_named = std::string_view(error.what()).starts_with(owner);
            throw is_named ? error : Error(fmt::format("{}: {}", owner, error.what()), error.fix());
        }
    }
}

}  // namespace

void read_voc_xml(DatasetBuilder& builder) {
    const auto files = builder.label_files(builder.folder(), ".xml");
    std::vector<VocObject> objects;
    builder.read_files(files, [&](const fs::path& path) { read_voc_file(builder, path, objects); });
    bool from_zero = false;
    for (const VocObject& object : objects) {
        from_zero = from_zero || object.corners.left < 1 || object.corners.top < 1;
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
        const Corners& corners = object.corners;
        builder.add_box(
            object.frame, {object.category},
            {corners.left - first, corners.top - first, corners.right - corners.left + first,
             corners.bottom - corners.top + first},
            object.owner);
    }
}

}  // namespace embedmask::data
