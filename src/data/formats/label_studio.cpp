// Writes tasks of Label Studio.
#include "data/formats/label_studio.h"

#include <fmt/format.h>

#include <cctype>
#include <nlohmann/json.hpp>
#include <string_view>

#include "data/formats/label_studio_runs.h"
#include "data/formats/xml_file.h"

namespace embedmask::data {
namespace {

using Json = nlohmann::ordered_json;

// A file name in the query or path of a URL.
std::string percent_encoded(std::string_view name) {
    constexpr std::string_view kPlain = "-._~/";
    std::string encoded;
    for (const char c : name) {
        const auto byte = static_cast<unsigned char>(c);
        if (std::isalnum(byte) != 0 || kPlain.find(c) != std::string_view::npos) {
            encoded += c;
        } else {
            encoded += fmt::format("%{:02X}", byte);
        }
    }
    return encoded;
}

std::string address_of(const std::string& prefix, const std::string& name) {
    const bool is_url = prefix.find_first_of("?:") != std::string::npos;
    return prefix + (is_url ? percent_encoded(name) : name);
}

Json points_in_percent(const std::vector<double>& ring, ImageSize size) {
    Json points = Json::array();
    for (std::size_t i = 0; i + 1 < ring.size(); i += 2) {
        points.push_back({ring[i] / size.width * kPercent, ring[i + 1] / size.height * kPercent});
    }
    return points;
}

// The kind of a region, and its value without the label.
std::pair<const char*, Json> region_of(const LabeledObject& object, ImageSize size) {
    if (object.rings.size() == 1) {
        return {"polygon",
                {{"points", points_in_percent(object.rings.front(), size)}, {"closed", true}}};
    }
    if (object.mask == nullptr) {
        return {"rectangle",
                {{"x", object.box.x / size.width * kPercent},
                 {"y", object.box.y / size.height * kPercent},
                 {"width", object.box.width / size.width * kPercent},
                 {"height", object.box.height / size.height * kPercent},
                 {"rotation", 0}}};
    }
    return {"brush", {{"format", "rle"}, {"rle", label_studio_runs(*object.mask)}}};
}

Json result_of(const LabeledObject& object, ImageSize size, std::size_t number) {
    auto [kind, value] = region_of(object, size);
    const std::string type = fmt::format("{}labels", kind);
    value[type] = {object.label};
    return {{"id", fmt::to_string(object.id > 0 ? object.id : static_cast<std::int64_t>(number))},
            {"type", type},
            {"from_name", kind},
            {"to_name", "image"},
            {"original_width", size.width},
            {"original_height", size.height},
            {"image_rotation", 0},
            {"score", object.score},
            {"value", std::move(value)}};
}

}  // namespace

std::string label_studio_config_text(std::span<const Category> categories) {
    std::string text = "<View>\n  <Image name=\"image\" value=\"$image\" zoom=\"true\"/>\n";
    for (const auto& [element, name] :
         {std::pair("PolygonLabels", "polygon"), std::pair("RectangleLabels", "rectangle"),
          std::pair("BrushLabels", "brush")}) {
        text += fmt::format("  <{} name=\"{}\" toName=\"image\">\n", element, name);
        for (const Category& category : categories) {
            text += fmt::format("    <Label value=\"{}\"/>\n", xml_escaped(category.name));
        }
        text += fmt::format("  </{}>\n", element);
    }
    return text + "</View>\n";
}

std::string LabelStudioDocument::text_of(const LabeledImage& image) {
    Json results = Json::array();
    for (const LabeledObject& object : image.objects) {
        results.push_back(result_of(object, image.size, results.size() + 1));
    }
    const Json task = {
        {"data",
         {{"image", address_of(image_prefix_, image.record->file_name)},
          {"image_id", image.record->id},
          {"width", image.size.width},
          {"height", image.size.height}}},
        {"predictions", {{{"model_version", "embedmask"}, {"result", std::move(results)}}}}};
    const std::string separator = first_ ? "\n" : ",\n";
    first_ = false;
    return separator + task.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace embedmask::data
