#include "coco/foreign_labels.h"

#include <fmt/format.h>

#include "base/lines.h"
#include "base/text.h"
#include "coco/json_layout.h"
#include "embedmask/error.h"

namespace embedmask::detail {
namespace {

[[noreturn]] void reject(const std::string& source, const char* what, const std::string& fix) {
    throw Error(fmt::format("{}: is {}: expected a COCO annotation file", source, what), fix);
}

std::string import_command(const char* format) {
    return fmt::format("`embedmask data convert FILE --from {} --out instances.json` converts it",
                       format);
}

std::string folder_command(const char* format) {
    return fmt::format(
        "`embedmask data convert FOLDER --from {} --images DIR --out instances.json` converts a "
        "folder of such files",
        format);
}

/// The text from the root element on, behind declarations and comments; empty if it is not XML.
std::string_view root_of(std::string_view text) {
    if (text.starts_with(kUtf8Mark)) {
        text.remove_prefix(kUtf8Mark.size());
    }
    text = trimmed(text);
    while (text.starts_with("<?") || text.starts_with("<!")) {
        const std::string_view closing = text.starts_with("<!--") ? "-->" : ">";
        const std::size_t end = text.find(closing);
        if (end == std::string_view::npos) {
            return {};
        }
        text = trimmed(text.substr(end + closing.size()));
    }
    return text;
}

bool is_element(std::string_view text, std::string_view name) {
    return text.starts_with('<') && text.substr(1).starts_with(name) &&
           text.substr(1 + name.size()).find_first_of(" \t\r\n/>") == 0;
}

}  // namespace

void reject_foreign_xml(std::string_view text, const std::string& source) {
    constexpr std::size_t kSearched = 4096;
    const std::string_view root = root_of(text.substr(0, kSearched));
    if (is_element(root, "annotations")) {
        reject(source, "a CVAT file", import_command("cvat"));
    }
    if (is_element(root, "annotation")) {
        reject(source, "a Pascal VOC file", folder_command("voc-xml"));
    }
}

void reject_foreign_json(std::string_view json, const JsonLayout& layout,
                         const std::string& source) {
    if (layout.array) {
        if (layout.elements.empty()) {
            return;
        }
        const JsonSlice slice = layout.elements.front();
        const std::string_view first = json.substr(slice.begin, slice.end - slice.begin);
        if (first.find("\"data\"") != std::string_view::npos &&
            (first.find("\"annotations\"") != std::string_view::npos ||
             first.find("\"predictions\"") != std::string_view::npos ||
             first.find("\"completions\"") != std::string_view::npos)) {
            reject(source, "an export of Label Studio", import_command("label-studio"));
        }
        return;
    }
    const auto has = [&](std::string_view key) { return layout.member(key) != nullptr; };
    if (has("images")) {
        return;
    }
    if (has("shapes") && (has("imagePath") || has("imageData"))) {
        reject(source, "a labelme file", folder_command("labelme"));
    }
    if (has("_via_settings") || has("_via_img_metadata")) {
        reject(source, "a project of the VGG Image Annotator",
               "export the annotations from there in COCO's format");
    }
    if (has("features") && has("type")) {
        reject(source, "a GeoJSON file", "GeoJSON is only written: see `embedmask data convert`");
    }
}

}  // namespace embedmask::detail
