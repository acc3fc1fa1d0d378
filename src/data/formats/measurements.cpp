#include "data/formats/measurements.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "mask/measure.h"

namespace embedmask::data {
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
            image.record->id, detail::csv_field(image.record->file_name),
            object.id > 0 ? fmt::to_string(object.id) : "", category.id,
            detail::csv_field(category.name), object.score, found.area * s * s, found.perimeter * s,
            found.centroid_x * s, found.centroid_y * s, box.x * s, box.y * s, box.width * s,
            box.height * s, found.feret_max * s, found.feret_min * s, found.feret_angle);
    }
    return text;
}

}  // namespace embedmask::data
