#include "data/formats/measurements.h"

#include <fmt/format.h>

#include <algorithm>

#include "mask/measure.h"

namespace embedmask::data {
namespace {

// Fields with separators stand in quotation marks (RFC 4180).
std::string field(const std::string& text) {
    if (text.find_first_of(",\"\r\n") == std::string::npos) {
        return text;
    }
    std::string quoted = "\"";
    for (const char c : text) {
        quoted += c;
        if (c == '"') {
            quoted += c;
        }
    }
    return quoted + "\"";
}

}  // namespace

std::string MeasurementTable::beginning() {
    return "image_id,file_name,annotation_id,category_id,category,score,area,perimeter,centroid_x,"
           "centroid_y,box_x,box_y,box_width,box_height,feret_max,feret_min,feret_angle\n";
}

std::string MeasurementTable::text_of(const LabeledImage& image) {
    std::string text;
    for (const LabeledObject& object : image.objects) {
        if (object.mask == nullptr) {
            continue;
        }
        const mask::Measurements found = mask::measure(*object.mask);
        const CocoBox box = bounding_box(*object.mask);
        const Category& category = categories_[static_cast<std::size_t>(object.category_index)];
        const double s = pixel_size_;
        fmt::format_to(
            std::back_inserter(text),
            "{},{},{},{},{},{:.6g},{:.6g},{:.6g},{:.6g},{:.6g},{:.6g},{:.6g},{:.6g},{:.6g},{:.6g},"
            "{:.6g},{:.2f}\n",
            image.record->id, field(image.record->file_name),
            object.id > 0 ? fmt::to_string(object.id) : "", category.id, field(category.name),
            object.score, found.area * s * s, found.perimeter * s, found.centroid_x * s,
            found.centroid_y * s, box.x * s, box.y * s, box.width * s, box.height * s,
            found.feret_max * s, found.feret_min * s, found.feret_angle);
    }
    return text;
}

}  // namespace embedmask::data
