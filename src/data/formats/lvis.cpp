#include "data/formats/lvis.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "coco/dataset_text.h"
#include "data/recorded_image.h"
#include "embedmask/error.h"

namespace embedmask::data {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

namespace {

// Whether a mask is given and has no pixel inside its image.
bool is_without_pixels(const Annotation& annotation, const ImageIndex& images) {
    const ImageRecord* image = images.find(annotation.image_id);
    if (annotation.segmentation.format == Segmentation::Format::none || image == nullptr ||
        !recorded_size(*image)) {
        return false;
    }
    try {
        return area(to_mask(annotation.segmentation, image->height, image->width)) == 0;
    } catch (const Error&) {
        return false;  // broken masks are copied; `data check` finds them
    }
}

}  // namespace

DatasetImport import_lvis(const fs::path& lvis, const fs::path& annotations) {
    const detail::DatasetText text(lvis);
    const Dataset& data = text.dataset();
    const ImageIndex images(data);
    DatasetImport result;
    detail::DatasetTextWriter writer(annotations, text.other_members());
    writer.begin("images");
    for (std::size_t i = 0; i < data.images.size(); ++i) {
        Json image = Json::parse(text.image(i));
        if (!image.contains("file_name")) {
            if (!image.contains("coco_url") || !image["coco_url"].is_string()) {
                throw Error(fmt::format("{}: image {} has neither file_name nor coco_url",
                                        lvis.string(), data.images[i].id));
            }
            std::string url = image["coco_url"].get<std::string>();
            std::ranges::replace(url, '\\', '/');
            const fs::path path = url;
            image["file_name"] = (path.parent_path().filename() / path.filename()).string();
        }
        writer.add(image.dump());
    }
    writer.begin("annotations");
    for (std::size_t i = 0; i < data.annotations.size(); ++i) {
        if (is_without_pixels(data.annotations[i], images)) {
            result.without_pixels.push_back(fmt::format(
                "annotation {} of image {}", data.annotations[i].id, data.annotations[i].image_id));
            continue;
        }
        Json item = Json::parse(text.annotation(i));
        if (!item.contains("iscrowd")) {
            item["iscrowd"] = 0;
        }
        writer.add(item.dump());
    }
    writer.begin("categories");
    for (std::size_t i = 0; i < data.categories.size(); ++i) {
        writer.add(text.category(i));
    }
    const std::size_t left_out = result.without_pixels.size();
    if (left_out > 0 && left_out == data.annotations.size()) {
        throw Error(fmt::format("{}: none of {} objects has a pixel inside its image",
                                lvis.string(), left_out));
    }
    writer.commit();
    result.written = {data.images.size(), data.annotations.size() - left_out,
                      data.categories.size()};
    return result;
}

}  // namespace embedmask::data
