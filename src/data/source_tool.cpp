#include "data/source_tool.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <nlohmann/json.hpp>

#include "coco/json_layout.h"
#include "embedmask/error.h"

namespace embedmask::data {
namespace {

using Json = nlohmann::ordered_json;

/// A word in "info" that names the tool.
struct Mark {
    std::string_view word;  // in lower case
    const char* tool;
};

constexpr std::array kMarks{
    Mark{"roboflow", "Roboflow"},
    Mark{"exported from darwin", "V7 Darwin"},
    Mark{"label studio", "Label Studio"},
    Mark{"vgg image annotator", "VGG Image Annotator"},
    Mark{"exported from fiftyone", "FiftyOne"},
    Mark{"encord", "Encord"},
    Mark{"supervisely", "Supervisely"},
    Mark{"datumaro", "Datumaro"},
    Mark{"cvat", "CVAT"},
    Mark{"json file for detectron2", "Detectron2"},
};

std::string lower_case(std::string text) {
    std::ranges::transform(text, text.begin(),
                           [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return text;
}

class Document {
public:
    Document(std::string_view json, const std::string& source)
        : json_(json), layout_(detail::find_layout(json, source)) {}

    /// A member of the file, or the first record of a list.
    [[nodiscard]] Json member(std::string_view key) const {
        const detail::JsonMember* found = layout_.member(key);
        return found == nullptr ? Json() : parsed(found->value);
    }
    [[nodiscard]] Json first_of(std::string_view key) const {
        const detail::JsonMember* found = layout_.member(key);
        return found == nullptr || found->elements.empty() ? Json()
                                                           : parsed(found->elements.front());
    }

private:
    [[nodiscard]] Json parsed(detail::JsonSlice slice) const {
        const Json value =
            Json::parse(json_.substr(slice.begin, slice.end - slice.begin), nullptr, false);
        return value.is_discarded() ? Json() : value;
    }

    std::string_view json_;
    detail::JsonLayout layout_;
};

bool has(const Json& object, const char* key) {
    return object.is_object() && object.contains(key);
}

/// CVAT and Datumaro fill "info" and "licenses" with empty texts.
bool has_blank_licence(const Json& licenses) {
    return licenses.is_array() && licenses.size() == 1 &&
           licenses.front() == Json{{"name", ""}, {"id", 0}, {"url", ""}};
}

}  // namespace

std::string source_tool(std::string_view json, const std::string& source) {
    try {
        const Document file(json, source);
        const Json info_member = file.member("info");
        const std::string info =
            lower_case(info_member.dump(-1, ' ', false, Json::error_handler_t::replace));
        for (const Mark& mark : kMarks) {
            if (info.find(mark.word) != std::string::npos) {
                return mark.tool;
            }
        }
        const Json image = file.first_of("images");
        const Json annotation = file.first_of("annotations");
        if (has_blank_licence(file.member("licenses"))) {
            const bool is_cvat =
                has(annotation, "attributes") && has(annotation["attributes"], "occluded");
            return is_cvat ? "CVAT" : "Datumaro";
        }
        if (has(image, "num_annotations") && has(image, "annotating")) {
            return "COCO Annotator";
        }
        if (has(file.first_of("categories"), "synset")) {
            return "LVIS";
        }
        // labelme's own converter writes null for all that it does not know.
        const Json licence = file.first_of("licenses");
        if (has(info_member, "description") && info_member["description"].is_null() &&
            has(licence, "name") && licence["name"].is_null()) {
            return "labelme";
        }
        if (info.find("coco 20") != std::string::npos) {
            return "COCO";
        }
    } catch (const Error&) {
        return {};
    }
    return {};
}

}  // namespace embedmask::data
