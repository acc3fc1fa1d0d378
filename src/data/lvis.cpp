#include "data/lvis.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "coco/dataset_text.h"
#include "embedmask/error.h"

namespace embedmask::data {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

DatasetCounts import_lvis(const fs::path& lvis, const fs::path& annotations) {
    const detail::DatasetText text(lvis);
    const Dataset& data = text.dataset();
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
    writer.commit();
    return {data.images.size(), data.annotations.size(), data.categories.size()};
}

}  // namespace embedmask::data
