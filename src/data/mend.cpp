#include "data/mend.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <mutex>
#include <nlohmann/json.hpp>
#include <set>
#include <unordered_map>

#include "base/text.h"
#include "coco/foreign_labels.h"
#include "coco/json_layout.h"
#include "coco/json_record.h"
#include "data/box_form.h"
#include "data/lenient_json.h"
#include "data/mask_forms.h"
#include "data/next_id.h"
#include "embedmask/error.h"

namespace embedmask::data {
namespace {

using Json = nlohmann::ordered_json;

constexpr double kMaxId = 9007199254740992.0;  // integers up to here are exact as numbers
constexpr std::size_t kShown = 60;             // characters of a value in an example

/// Throws Error if a reader would not accept the keys of the record as they are.
void require_readable(std::string_view list, const detail::JsonPlace& place,
                      const simdjson::dom::object& record) {
    for (const auto& [key, value] : record) {
        const detail::JsonField field{place, key, value};
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
                if (!is_ring(ring.size())) {
                    field.fail("rings of at least three points");
                }
            }
        }
    }
}

/// Throws Error if the record is not readable or lacks a key.
void require_well_formed(std::string_view list, const detail::JsonPlace& place,
                         const simdjson::dom::object& record) {
    require_readable(list, place, record);
    std::set<std::string_view> keys;
    for (const auto& [key, value] : record) {
        keys.insert(key);
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

/// Whether `require`, one of the functions above, accepts a record.
template <class Require>
bool accepts(const Require& require, const std::string& list, const std::string& record) {
    try {
        detail::visit_records(record, "", list, {{0, record.size()}}, 1,
                              [&](std::size_t, const detail::JsonPlace& place,
                                  simdjson::dom::object object) { require(list, place, object); });
        return true;
    } catch (const Error&) {
        return false;
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
        // A record is not even an object, which ends the visit of its block: look at each.
        for (std::size_t i = 0; i < list.elements.size(); ++i) {
            const detail::JsonSlice slice = list.elements[i];
            if (!accepts(require_well_formed, list.key,
                         std::string(json.substr(slice.begin, slice.end - slice.begin)))) {
                bad.insert(i);
            }
        }
    }
    return bad;
}

std::string shown(const Json& value) {
    const std::string text = value.dump(-1, ' ', false, Json::error_handler_t::replace);
    const std::string_view beginning = detail::utf8_prefix(text, kShown);
    return fmt::format("{}{}", beginning, beginning.size() < text.size() ? "..." : "");
}

std::optional<std::int64_t> integer_of(const Json& value) {
    if (value.is_number_unsigned()) {
        const auto number = value.get<std::uint64_t>();
        if (number > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) {
            return std::nullopt;
        }
        return static_cast<std::int64_t>(number);
    }
    if (value.is_number_integer()) {
        return value.get<std::int64_t>();
    }
    const auto number = number_of(value);
    if (!number || *number != std::floor(*number) || std::abs(*number) > kMaxId) {
        return std::nullopt;
    }
    return static_cast<std::int64_t>(*number);
}

/// Whether a value is [x, y, width, height] in finite numbers.
bool is_box(const Json& value) {
    return value.is_array() && value.size() == 4 &&
           std::ranges::all_of(
               value, [](const Json& side) { return side.is_number() && number_of(side); });
}

/// Mends the records of one file.
class Mender {
public:
    Mender(const detail::JsonLayout& layout, std::string_view json, Findings& findings)
        : layout_(layout), json_(json), findings_(findings) {
        const detail::JsonMember* categories = layout.member("categories");
        for (std::size_t i = 0; categories != nullptr && i < categories->elements.size(); ++i) {
            const Json record = parsed(categories->elements[i]).record;
            if (record.is_object() && record.contains("id")) {
                if (const auto id = integer_of(record["id"])) {
                    know_category(record, *id);
                }
            }
        }
    }

    /// The record in the form that readers accept, or nothing if it must be dropped.
    std::optional<std::string> mend(const std::string& list, std::size_t i,
                                    detail::JsonSlice slice) {
        who_ = fmt::format("{}[{}], byte {}", list, i, slice.begin);
        auto [record, changes] = parsed(slice);
        if (record.is_discarded()) {
            note("record that is malformed JSON", "it cannot be read", repaired("drops it"), "");
            return std::nullopt;
        }
        if (!changes.empty()) {
            note("text that JSON does not allow", "most readers stop at it",
                 repaired("replaces it"), changes);
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
        std::string text = record.dump(-1, ' ', false, Json::error_handler_t::replace);
        if (!accepts(require_readable, list, text)) {
            note("record that cannot be repaired", "readers stop at it", repaired("drops it"), "");
            return std::nullopt;
        }
        return text;
    }

private:
    [[nodiscard]] ReadJson parsed(detail::JsonSlice slice) const {
        return read_json_leniently(json_.substr(slice.begin, slice.end - slice.begin));
    }

    void know_category(const Json& record, std::int64_t id) {
        category_ids_.insert(id);
        if (record.contains("name") && record["name"].is_string()) {
            ids_by_name_.emplace(record["name"].get<std::string>(), id);
        }
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
            const std::int64_t id = next_id(list);
            if (found != record.end() && found->is_string()) {
                new_ids_[list].emplace(found->get<std::string>(), id);
            }
            record["id"] = id;
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
                const Json record = parsed(slice).record;
                if (record.is_object() && record.contains("id")) {
                    largest->second =
                        std::max(largest->second, integer_of(record["id"]).value_or(0));
                }
            }
        }
        largest->second = id_after(largest->second);
        return largest->second;
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
        know_category(record, record["id"].get<std::int64_t>());
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
        mend_text_id(record, "image_id", "images");
        mend_text_id(record, "category_id", "categories");
        mend_category_name(record);
        return mend_reference(record, "image_id", "annotation without a usable image id") &&
               mend_reference(record, "category_id", "annotation without a usable category id") &&
               mend_shapes(record);
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

    /// The new id of a record that had a text for its id.
    void mend_text_id(Json& record, const char* key, const char* list) {
        const auto found = record.find(key);
        if (found == record.end() || !found->is_string()) {
            return;
        }
        const auto renamed = new_ids_[list].find(found->get<std::string>());
        if (renamed != new_ids_[list].end()) {
            note_type(key, *found);
            *found = renamed->second;
        }
    }

    void mend_category_name(Json& record) {
        const auto found = record.find("category_id");
        if (found == record.end() || !found->is_string()) {
            return;
        }
        const auto number = integer_of(*found);
        const auto named = ids_by_name_.find(found->get<std::string>());
        if (named != ids_by_name_.end() && !(number && category_ids_.contains(*number))) {
            note_type("category_id", *found);
            *found = named->second;
        }
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
        if (found == record.end() || found->is_boolean()) {
            return;
        }
        const auto value = integer_of(*found);
        if (found->is_number() && value) {
            *found = *value;
            return;
        }
        note_type("iscrowd", *found);
        const bool is_true = *found == "true" || *found == "True";
        *found = is_true ? 1 : value.value_or(0);
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
        if (is_box(*found)) {
            return;
        }
        note_type("bbox", *found);
        const auto box = box_form(*found);
        if (box) {
            *found = {(*box)[0], (*box)[1], (*box)[2], (*box)[3]};
        } else {
            record.erase("bbox");
        }
    }

    void mend_mask(Json& record) {
        const auto found = record.find("segmentation");
        if (found == record.end()) {
            return;
        }
        const MaskForm form = mask_form(record, image_size_of(record));
        if (form.good()) {
            return;
        }
        const std::string value = shown(*found);
        if (form.flat) {
            note("mask with one list too few or too many", "readers expect a list of rings",
                 repaired("makes it a list of rings"), value);
        }
        if (form.points) {
            note("mask as points", "readers expect x0, y0, x1, y1, ... and see rings of one point",
                 repaired("makes it a ring"), value);
        }
        if (form.corners) {
            note("two-corner rectangle", "it has no area as a polygon",
                 repaired("makes four corners of it"), value);
        }
        if (form.overlong) {
            note("run lengths beyond the mask", "readers stop at them", repaired("cuts them off"),
                 value);
        }
        if (form.sizeless) {
            note("run lengths without a size", "readers take them for a polygon",
                 repaired("adds the size of the image"), value);
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

    /// The size of the image of an annotation; 0 if it is not recorded.
    ImageSize image_size_of(const Json& annotation) {
        if (!image_sizes_) {
            image_sizes_.emplace();
            const detail::JsonMember* images = layout_.member("images");
            for (std::size_t i = 0; images != nullptr && i < images->elements.size(); ++i) {
                const Json record = parsed(images->elements[i]).record;
                const auto side = [&record](const char* key) {
                    const auto found = record.find(key);
                    return found == record.end() ? 0 : integer_of(*found).value_or(0);
                };
                if (record.is_object()) {
                    (*image_sizes_)[side("id")] = {static_cast<int>(side("width")),
                                                   static_cast<int>(side("height"))};
                }
            }
        }
        const auto found = image_sizes_->find(integer_of(annotation["image_id"]).value_or(0));
        return found == image_sizes_->end() ? ImageSize{} : found->second;
    }

    const detail::JsonLayout& layout_;
    std::string_view json_;
    Findings& findings_;
    std::optional<std::unordered_map<std::int64_t, ImageSize>> image_sizes_;  // by id
    std::map<std::string, std::int64_t> ids_by_name_;                         // of categories
    std::set<std::int64_t> category_ids_;
    std::map<std::string, std::map<std::string, std::int64_t>> new_ids_;  // by list and old text
    std::map<std::string, std::int64_t> largest_id_;                      // by list
    std::string who_;  // the record, for examples
};

/// Texts to put in place of parts of a document: by the begin of the part, its end and the text.
using Replacements = std::map<std::size_t, std::pair<std::size_t, std::string>>;

std::string with_replacements(std::string_view json, const Replacements& replaced) {
    std::string text;
    std::size_t done = 0;
    for (const auto& [begin, change] : replaced) {
        text += json.substr(done, begin - done);
        text += change.second;
        done = change.first;
    }
    text += json.substr(done);
    return text;
}

/// The records of an object in place of a list: its values if all are objects, or else itself.
/// Nothing for an empty object and for anything else.
std::optional<Json> records_of(std::string_view text) {
    Json value = read_json_leniently(text).record;
    if (!value.is_object() || value.empty()) {
        return std::nullopt;
    }
    Json list = Json::array();
    if (std::ranges::all_of(value, [](const Json& item) { return item.is_object(); })) {
        for (Json& item : value) {
            list.push_back(std::move(item));
        }
    } else {
        list.push_back(std::move(value));
    }
    return list;
}

/// The text with lists in place of objects that hold records, if there are any.
std::optional<std::string> with_lists(std::string_view json, const detail::JsonLayout& layout,
                                      Findings& findings) {
    Replacements replaced;
    for (const char* list : {"images", "categories", "annotations"}) {
        const detail::JsonMember* member = layout.member(list);
        if (member == nullptr || member->array) {
            continue;
        }
        const auto [begin, end] = member->value;
        if (const std::optional<Json> records = records_of(json.substr(begin, end - begin))) {
            findings.note("object in place of a list", "tools stop at it",
                          repaired("makes a list of its records"), fmt::format("\"{}\"", list));
            replaced[begin] = {end, records->dump(-1, ' ', false, Json::error_handler_t::replace)};
        }
    }
    if (replaced.empty()) {
        return std::nullopt;
    }
    return with_replacements(json, replaced);
}

}  // namespace

MendedText mended_text(std::string_view json, const std::string& source, Findings& findings) {
    const detail::JsonLayout layout = detail::find_layout(json, source);
    detail::reject_foreign_json(json, layout, source);
    if (std::optional<std::string> listed = with_lists(json, layout, findings)) {
        MendedText result = mended_text(*listed, source, findings);
        if (!result.text) {
            result.text = std::move(listed);
        }
        return result;
    }
    MendedText result;
    Replacements replaced;
    std::optional<Mender> mender;
    // Annotations refer to the others, which may get new ids.
    for (const char* list : {"images", "categories", "annotations"}) {
        const detail::JsonMember* member = layout.member(list);
        if (member == nullptr) {
            continue;
        }
        if (!member->array) {
            findings.note("list of another type", "tools stop at it",
                          repaired("makes it an empty list"), fmt::format("\"{}\"", list));
            replaced[member->value.begin] = {member->value.end, "[]"};
            const auto slice = member->value;
            result.had_annotations = result.had_annotations ||
                                     (std::string_view(list) == "annotations" &&
                                      json.substr(slice.begin, slice.end - slice.begin) != "null");
            continue;
        }
        if (std::string_view(list) == "annotations" && !member->elements.empty()) {
            result.had_annotations = true;
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
            const std::optional<std::string> record =
                bad.contains(i)
                    ? mender->mend(list, i, slice)
                    : std::optional<std::string>(json.substr(slice.begin, slice.end - slice.begin));
            if (record) {
                text += text.size() > 1 ? ",\n" : "\n";
                text += *record;
            }
        }
        replaced[member->value.begin] = {member->value.end, text + "]"};
    }
    if (replaced.empty()) {
        return result;
    }
    result.text = with_replacements(json, replaced);
    return result;
}

}  // namespace embedmask::data
