#include "data/mend.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <mutex>
#include <nlohmann/json.hpp>
#include <set>

#include "coco/json_layout.h"
#include "coco/json_record.h"
#include "data/mask_forms.h"
#include "embedmask/error.h"

namespace embedmask::data {
namespace {

using Json = nlohmann::ordered_json;

constexpr double kMaxId = 9007199254740992.0;  // integers up to here are exact as numbers
constexpr std::size_t kShown = 60;             // characters of a value in an example

/// Throws Error if a reader would not accept the record as it is.
void require_well_formed(std::string_view list, const detail::JsonPlace& place,
                         const simdjson::dom::object& record) {
    std::set<std::string_view> keys;
    for (const auto& [key, value] : record) {
        const detail::JsonField field{place, key, value};
        keys.insert(key);
        if (key == "id" || (key == "image_id" && list == "annotations") ||
            (key == "category_id" && list == "annotations")) {
            (void)field.integer();
        } else if (list == "images" && (key == "width" || key == "height")) {
            (void)field.size();
        } else if ((list == "images" && key == "file_name") ||
                   (list == "categories" && key == "name")) {
            if (field.text().empty()) {
                field.fail("text");
            }
        } else if (list == "annotations" && key == "bbox") {
            if (!field.empty()) {
                (void)field.box();
            }
        } else if (list == "annotations" && key == "area") {
            if (!field.empty()) {
                (void)field.number();
            }
        } else if (list == "annotations" && key == "iscrowd") {
            (void)field.flag();
        } else if (list == "annotations" && key == "segmentation") {
            for (const auto& ring : field.segmentation().polygons) {
                if (ring.size() < 6 || ring.size() % 2 != 0) {
                    field.fail("rings of at least three points");
                }
            }
        }
    }
    const auto require = [&](std::string_view key) {
        if (!keys.contains(key)) {
            place.fail(key, "is missing");
        }
    };
    require("id");
    if (list == "annotations") {
        require("image_id");
        require("category_id");
    } else {
        require(list == "images" ? "file_name" : "name");
    }
}

/// Positions of the records that need mending.
std::set<std::size_t> malformed(std::string_view json, const std::string& source,
                                const detail::JsonMember& list) {
    std::set<std::size_t> bad;
    std::mutex mutex;
    try {
        detail::visit_records(
            json, source, list.key, list.elements, 0,
            [&](std::size_t i, const detail::JsonPlace& place, simdjson::dom::object record) {
                try {
                    require_well_formed(list.key, place, record);
                } catch (const Error&) {
                    const std::lock_guard lock(mutex);
                    bad.insert(i);
                }
            });
    } catch (const Error&) {
        // A record is not even an object: look at all of them.
        for (std::size_t i = 0; i < list.elements.size(); ++i) {
            bad.insert(i);
        }
    }
    return bad;
}

/// Python writes NaN and Infinity, which JSON does not have: they become null.
std::string without_nan(std::string_view text) {
    std::string result;
    bool in_string = false;
    for (std::size_t i = 0; i < text.size();) {
        const std::string_view rest = text.substr(i);
        std::size_t skipped = 0;
        for (const std::string_view word : {"NaN", "-Infinity", "Infinity"}) {
            if (!in_string && rest.starts_with(word)) {
                skipped = word.size();
            }
        }
        if (skipped > 0) {
            result += "null";
            i += skipped;
            continue;
        }
        if (text[i] == '"') {
            in_string = !in_string;
        } else if (text[i] == '\\' && rest.size() > 1) {
            result.push_back(text[i++]);
        }
        result.push_back(text[i++]);
    }
    return result;
}

std::string shown(const Json& value) {
    std::string text = value.dump(-1, ' ', false, Json::error_handler_t::replace);
    if (text.size() > kShown) {
        text = text.substr(0, kShown) + "...";
    }
    return text;
}

std::optional<std::int64_t> integer_of(const Json& value) {
    if (value.is_number_integer()) {
        return value.get<std::int64_t>();
    }
    const auto number = number_of(value);
    if (!number || *number != std::floor(*number) || std::abs(*number) > kMaxId) {
        return std::nullopt;
    }
    return static_cast<std::int64_t>(*number);
}

/// Mends the records of one file.
class Mender {
public:
    Mender(const detail::JsonLayout& layout, std::string_view json, Findings& findings)
        : layout_(layout), json_(json), findings_(findings) {
        if (const detail::JsonMember* categories = layout.member("categories")) {
            for (const detail::JsonSlice& slice : categories->elements) {
                const Json record = parsed(slice);
                if (record.is_object() && record.contains("id") && record.contains("name") &&
                    record["name"].is_string()) {
                    if (const auto id = integer_of(record["id"])) {
                        ids_by_name_.emplace(record["name"].get<std::string>(), *id);
                    }
                }
            }
        }
    }

    /// The record in the form that readers accept, or nothing if it must be dropped.
    std::optional<std::string> mend(const std::string& list, std::size_t i,
                                    detail::JsonSlice slice) {
        who_ = fmt::format("{}[{}], byte {}", list, i, slice.begin);
        Json record = parsed(slice);
        if (record.is_discarded()) {
            note("record that is malformed JSON", "it cannot be read", repaired("drops it"), "");
            return std::nullopt;
        }
        if (!record.is_object()) {
            note("record that is not an object", "it carries no information", repaired("drops it"),
                 shown(record));
            return std::nullopt;
        }
        mend_id(list, record);
        const bool kept = list == "images"        ? mend_image(record)
                          : list == "annotations" ? mend_annotation(record)
                                                  : mend_category(record);
        if (!kept) {
            return std::nullopt;
        }
        return record.dump(-1, ' ', false, Json::error_handler_t::replace);
    }

private:
    [[nodiscard]] Json parsed(detail::JsonSlice slice) const {
        const std::string_view text = json_.substr(slice.begin, slice.end - slice.begin);
        Json record = Json::parse(text, nullptr, false);
        if (record.is_discarded()) {
            record = Json::parse(without_nan(text), nullptr, false);
        }
        return record;
    }

    void note(const char* name, const char* consequence, Fix fix, const std::string& found) {
        findings_.note(name, consequence, fix,
                       found.empty() ? who_ : fmt::format("{}: {}", who_, found));
    }

    void note_type(const char* key, const Json& value) { note_text(key, shown(value)); }
    void note_text(const char* key, const std::string& found) {
        findings_.note(fmt::format("\"{}\" of the wrong type", key),
                       "tools stop at it, or read it differently",
                       repaired("converts it, or drops the key"),
                       fmt::format("{}: {}", who_, found));
    }

    void mend_id(const std::string& list, Json& record) {
        const auto found = record.find("id");
        if (found == record.end() || !integer_of(*found)) {
            note("record without a usable id", "nothing can refer to it",
                 repaired("gives it a new id"), found == record.end() ? "" : shown(*found));
            record["id"] = next_id(list);
        } else if (!found->is_number()) {
            note_type("id", *found);
            *found = *integer_of(*found);
        }
    }

    /// An id that no record of the list has.
    std::int64_t next_id(const std::string& list) {
        const auto [largest, fresh] = largest_id_.emplace(list, 0);
        if (fresh) {
            for (const detail::JsonSlice& slice : layout_.member(list)->elements) {
                const Json record = parsed(slice);
                if (record.is_object() && record.contains("id")) {
                    largest->second =
                        std::max(largest->second, integer_of(record["id"]).value_or(0));
                }
            }
        }
        return ++largest->second;
    }

    bool mend_image(Json& record) {
        for (const char* side : {"width", "height"}) {
            const auto found = record.find(side);
            if (found == record.end()) {
                continue;
            }
            const auto pixels = integer_of(*found);
            const bool fits = pixels && *pixels >= 0 && *pixels <= std::numeric_limits<int>::max();
            if (!fits) {
                note_type(side, *found);
                record.erase(side);
            } else if (found->is_string()) {
                note_type(side, *found);
                *found = *pixels;
            }
        }
        mend_text(record, "file_name");
        if (!record.contains("file_name")) {
            note("image without a file name", "its image cannot be found",
                 by_hand("add \"file_name\""), "");
        }
        return true;
    }

    bool mend_category(Json& record) {
        mend_text(record, "name");
        if (!record.contains("name")) {
            note("category without a name", "reports and models cannot name it",
                 repaired("uses its id as the name"), "");
            record["name"] = fmt::format("{}", record["id"].get<std::int64_t>());
        }
        if (record.contains("supercategory") && !record["supercategory"].is_string() &&
            !record["supercategory"].is_null()) {
            mend_text(record, "supercategory");
        }
        return true;
    }

    /// Text, also from a number; else the key goes.
    void mend_text(Json& record, const char* key) {
        const auto found = record.find(key);
        if (found == record.end()) {
            return;
        }
        if (found->is_number()) {
            note_type(key, *found);
            *found = found->dump();
        } else if (!found->is_string() || found->get_ref<const std::string&>().empty()) {
            if (!found->is_null() && !found->is_string()) {
                note_type(key, *found);
            }
            record.erase(key);
        }
    }

    bool mend_annotation(Json& record) {
        return mend_reference(record, "image_id", "annotation without a usable image id") &&
               mend_category_id(record) && mend_shapes(record);
    }

    bool mend_reference(Json& record, const char* key, const char* problem) {
        const auto found = record.find(key);
        if (found == record.end() || !integer_of(*found)) {
            note(problem, "it belongs to nothing", repaired("drops the annotation"),
                 found == record.end() ? "" : shown(*found));
            return false;
        }
        if (!found->is_number()) {
            note_type(key, *found);
            *found = *integer_of(*found);
        }
        return true;
    }

    bool mend_category_id(Json& record) {
        const auto found = record.find("category_id");
        if (found != record.end() && found->is_string()) {
            const auto named = ids_by_name_.find(found->get<std::string>());
            if (named != ids_by_name_.end()) {
                note_type("category_id", *found);
                *found = named->second;
            }
        }
        return mend_reference(record, "category_id", "annotation without a usable category id");
    }

    /// False if neither a box nor a mask is left of an annotation that had one.
    bool mend_shapes(Json& record) {
        mend_crowd(record);
        mend_area(record);
        const bool had_shape = has_value(record, "bbox") || has_value(record, "segmentation");
        mend_box(record);
        mend_mask(record);
        if (had_shape && !has_value(record, "bbox") && !has_value(record, "segmentation")) {
            note("annotation without a usable box or mask", "nothing is left to learn from",
                 repaired("drops the annotation"), "");
            return false;
        }
        return true;
    }

    static bool has_value(const Json& record, const char* key) {
        const auto found = record.find(key);
        return found != record.end() && !found->is_null() && !found->empty();
    }

    void mend_crowd(Json& record) {
        const auto found = record.find("iscrowd");
        if (found == record.end() || found->is_boolean() || found->is_number_integer()) {
            return;
        }
        const auto value = integer_of(*found);
        if (!found->is_number() || !value) {
            note_type("iscrowd", *found);
        }
        *found = value.value_or(0);
    }

    void mend_area(Json& record) {
        const auto found = record.find("area");
        if (found == record.end() || found->is_null() || found->is_number()) {
            return;
        }
        note_type("area", *found);
        if (const auto area = number_of(*found)) {
            *found = *area;
        } else {
            record.erase("area");
        }
    }

    void mend_box(Json& record) {
        const auto found = record.find("bbox");
        if (found == record.end() || found->is_null() || (found->is_array() && found->empty())) {
            return;
        }
        Json box = Json::array();
        bool corners = false;
        const auto add = [&](const Json& value) {
            if (const auto number = number_of(value)) {
                box.push_back(*number);
            }
        };
        if (found->is_object()) {
            for (const char* key : {"x", "y", "width", "height"}) {
                add(found->value(key, Json()));
            }
        } else if (found->is_array() && found->size() == 2 && (*found)[0].is_array()) {
            corners = true;
            for (const Json& corner : *found) {
                std::ranges::for_each(corner, add);
            }
        } else if (found->is_array()) {
            std::ranges::for_each(*found, add);
        }
        if (found->is_array() && box.size() == 4 && box == *found) {
            return;
        }
        note_type("bbox", *found);
        if (box.size() != 4) {
            record.erase("bbox");
            return;
        }
        if (corners) {
            box[2] = box[2].get<double>() - box[0].get<double>();
            box[3] = box[3].get<double>() - box[1].get<double>();
        }
        *found = box;
    }

    void mend_mask(Json& record) {
        const auto found = record.find("segmentation");
        if (found == record.end()) {
            return;
        }
        const MaskForm form = mask_form(record);
        if (form.good()) {
            return;
        }
        const std::string value = shown(*found);
        if (form.flat) {
            note("mask as one list of numbers", "readers expect a list of rings",
                 repaired("puts it into a list"), value);
        }
        if (form.points) {
            note("mask as points", "readers expect x0, y0, x1, y1, ... and see rings of one point",
                 repaired("makes it a ring"), value);
        }
        if (form.corners) {
            note("polygon of two corners", "it has no area", repaired("makes it a rectangle"),
                 value);
        }
        if (form.strings) {
            note_text("segmentation", value);
        }
        if (form.short_rings) {
            note("polygon with fewer than 6 or an odd number of coordinates", "it has no area",
                 repaired("drops the polygon"), value);
        }
        if (form.broken) {
            note("broken mask", "the annotation has no usable mask",
                 repaired("keeps the box; the mask becomes unknown"), value);
        }
        *found = form.segmentation;
    }

    const detail::JsonLayout& layout_;
    std::string_view json_;
    Findings& findings_;
    std::map<std::string, std::int64_t> ids_by_name_;
    std::map<std::string, std::int64_t> largest_id_;  // by list
    std::string who_;                                 // the record, for examples
};

}  // namespace

std::optional<std::string> mended_text(std::string_view json, const std::string& source,
                                       Findings& findings) {
    const detail::JsonLayout layout = detail::find_layout(json, source);
    std::map<std::size_t, std::pair<std::size_t, std::string>> replaced;  // by begin: end, text
    std::optional<Mender> mender;
    for (const char* list : {"images", "annotations", "categories"}) {
        const detail::JsonMember* member = layout.member(list);
        if (member == nullptr) {
            continue;
        }
        if (!member->array) {
            const auto slice = member->value;
            const auto text = json.substr(slice.begin, slice.end - slice.begin);
            if (text == "null") {
                findings.note("list that is null", "tools stop at it",
                              repaired("makes it an empty list"), list);
                replaced[slice.begin] = {slice.end, "[]"};
            }
            continue;
        }
        const std::set<std::size_t> bad = malformed(json, source, *member);
        if (bad.empty()) {
            continue;
        }
        if (!mender) {
            mender.emplace(layout, json, findings);
        }
        std::string text = "[";
        for (std::size_t i = 0; i < member->elements.size(); ++i) {
            const detail::JsonSlice slice = member->elements[i];
            std::optional<std::string> record(json.substr(slice.begin, slice.end - slice.begin));
            if (bad.contains(i)) {
                record = mender->mend(list, i, slice);
            }
            if (record) {
                text += text.size() > 1 ? ",\n" : "\n";
                text += *record;
            }
        }
        replaced[member->value.begin] = {member->value.end, text + "]"};
    }
    if (replaced.empty()) {
        return std::nullopt;
    }
    std::string result;
    std::size_t done = 0;
    for (const auto& [begin, change] : replaced) {
        result += json.substr(done, begin - done);
        result += change.second;
        done = change.first;
    }
    return result + std::string(json.substr(done));
}

}  // namespace embedmask::data
