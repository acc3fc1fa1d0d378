// Reads exports of Label Studio, task by task.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/file.h"
#include "base/look_alike.h"
#include "base/paths.h"
#include "coco/json_layout.h"
#include "data/formats/dataset_builder.h"
#include "data/formats/label_studio.h"
#include "data/formats/label_studio_runs.h"
#include "data/formats/shape_geometry.h"
#include "embedmask/error.h"
#include "image/image_format.h"

namespace embedmask::data {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

constexpr double kPercentSlack = 0.01;  // beyond the image: rounding
constexpr std::string_view kLocalFiles = "?d=";
constexpr std::string_view kUploads = "/data/upload/";

std::string percent_decoded(std::string_view text) {
    std::string decoded;
    for (std::size_t i = 0; i < text.size(); ++i) {
        unsigned code = 0;
        if (text[i] == '%' && text.size() - i > 2) {
            const char* first = text.data() + i + 1;
            if (std::from_chars(first, first + 2, code, 16).ptr == first + 2) {
                decoded += static_cast<char>(code);
                i += 2;
                continue;
            }
        }
        decoded += text[i];
    }
    return decoded;
}

bool is_upload_prefix(std::string_view name) {
    constexpr std::size_t kDigits = 8;
    return name.size() > kDigits + 1 && name[kDigits] == '-' &&
           std::ranges::all_of(name.substr(0, kDigits), [](char c) {
               return std::isxdigit(static_cast<unsigned char>(c)) != 0;
           });
}

/// The name of an upload with its prefix, or the path of a URL behind its host.
std::string long_name(std::string_view address) {
    const std::size_t scheme = address.find("://");
    if (scheme == std::string_view::npos) {
        return detail::portable_name(percent_decoded(address));
    }
    const std::string_view path = address.substr(scheme + 3, address.find('?') - scheme - 3);
    return percent_decoded(path.substr(std::min(path.find('/'), path.size() - 1) + 1));
}

/// A member of an object that may be missing: then null.
const Json& member(const Json& object, const char* key) {
    static const Json kNull;
    if (!object.is_object()) {
        return kNull;
    }
    const auto found = object.find(key);
    return found == object.end() ? kNull : *found;
}

std::string text_member(const Json& object, const char* key) {
    const Json& value = member(object, key);
    return value.is_string() ? value.get<std::string>() : std::string();
}

/// The address of the image of a task: "image", or else the first value that ends like an image.
std::string image_address(const Json& data) {
    if (std::string named = text_member(data, "image"); !named.empty()) {
        return named;
    }
    for (const Json& value : data) {
        if (value.is_string() &&
            image::is_image_name(label_studio_file_name(value.get<std::string>()))) {
            return value.get<std::string>();
        }
    }
    return {};
}

std::optional<ImageSize> size_in(const Json& object, const char* width, const char* height) {
    const Json& columns = member(object, width);
    const Json& rows = member(object, height);
    constexpr std::int64_t kLongest = 1 << 30;
    if (!columns.is_number() || !rows.is_number() || columns < 1 || rows < 1 ||
        columns > kLongest || rows > kLongest) {
        return std::nullopt;
    }
    return ImageSize{columns.get<int>(), rows.get<int>()};
}

/// The labels of a task that count, and where they come from.
struct TaskLabels {
    const Json* results = nullptr;  // a list, inside of the task
    bool are_predictions = false;
    std::size_t others = 0;  // annotations that do not count
};

TaskLabels labels_of(const Json& task) {
    static const Json kNone = Json::array();
    TaskLabels labels;
    // "completions" is the name in old versions.
    const Json& annotations = member(task, "annotations").is_array() ? member(task, "annotations")
                                                                     : member(task, "completions");
    const Json* chosen = nullptr;
    for (const Json& annotation : annotations) {
        if (member(annotation, "was_cancelled") == true) {
            continue;
        }
        const bool is_better = chosen == nullptr || (member(annotation, "ground_truth") == true &&
                                                     member(*chosen, "ground_truth") != true);
        labels.others += chosen != nullptr ? 1 : 0;
        if (is_better) {
            chosen = &annotation;
        }
    }
    const Json& predictions = member(task, "predictions");
    if (chosen == nullptr && predictions.is_array() && !predictions.empty() &&
        annotations.empty()) {
        chosen = &predictions.front();
        labels.are_predictions = true;
    }
    const Json& results = chosen == nullptr ? kNone : member(*chosen, "result");
    labels.results = results.is_array() ? &results : &kNone;
    return labels;
}

/// The labels of a region; empty if it has none. Per-region choices, texts and ratings are none.
std::vector<std::string> region_labels(const Json& result) {
    std::vector<std::string> labels;
    const std::string type = text_member(result, "type");
    if (!type.ends_with("labels")) {
        return labels;
    }
    for (const Json& label : member(member(result, "value"), type.c_str())) {
        if (label.is_string()) {
            labels.push_back(label);
        }
    }
    return labels;
}

double number_in(const Json& value, const char* key) {
    const Json& found = member(value, key);
    if (!found.is_number()) {
        throw Error(fmt::format("\"{}\" is missing, or not a number", key));
    }
    return found;
}

/// A coordinate in per cent of a side, in pixels.
double pixels_of(const Json& percent, int side) {
    if (!percent.is_number()) {
        throw Error(fmt::format("found {}: expected a number", percent.dump()));
    }
    const double value = percent;
    if (!(value >= -kPercentSlack && value <= kPercent + kPercentSlack)) {
        throw Error(fmt::format("found the coordinate {}: expected per cent, 0 to 100", value));
    }
    return rounded_pixel(value * side / kPercent);
}

std::vector<double> ring_of(const Json& points, ImageSize size) {
    std::vector<double> ring;
    for (const Json& point : points) {
        if (!point.is_array() || point.size() != 2) {
            throw Error(fmt::format("found the point {}: expected [x, y]", point.dump()));
        }
        ring.push_back(pixels_of(point[0], size.width));
        ring.push_back(pixels_of(point[1], size.height));
    }
    constexpr std::size_t kLeast = 6;
    if (ring.size() < kLeast) {
        throw Error(
            fmt::format("found a polygon with {} points: expected at least 3", ring.size() / 2));
    }
    return ring;
}

std::vector<std::uint8_t> bytes_of(const Json& list) {
    std::vector<std::uint8_t> bytes;
    for (const Json& value : list) {
        if (!value.is_number_integer() || value < 0 || value > 255) {
            throw Error(
                fmt::format("found {} in \"rle\": expected numbers from 0 to 255", value.dump()));
        }
        bytes.push_back(value.get<std::uint8_t>());
    }
    return bytes;
}

class LabelStudioReader {
public:
    LabelStudioReader(const fs::path& file) : mapped_(file), name_(file.string()) {
        const std::span<const std::byte> bytes = mapped_.bytes();
        json_ = {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
        detail::reject_look_alikes(json_, name_, "an export of Label Studio");
        layout_ = detail::find_layout(json_, name_);
        if (!layout_.array) {
            throw Error(fmt::format("{}: found an object: expected a list of tasks", name_),
                        "export the project from Label Studio as \"JSON\"");
        }
        if (layout_.elements.empty()) {
            throw Error(fmt::format("{}: found no task: expected at least one", name_));
        }
    }

    [[nodiscard]] std::vector<ListedImage> images() const {
        std::vector<ListedImage> images;
        std::map<std::string, std::size_t> uses;
        for (std::size_t i = 0; i < layout_.elements.size(); ++i) {
            images.push_back(listed_image(task(i), owner_of(i)));
            ++uses[images.back().file_name];
        }
        // Two uploads of one name differ in their prefix, and two files of a store in their folder.
        for (ListedImage& image : images) {
            if (uses[image.file_name] > 1) {
                std::swap(image.file_name, image.other_name);
            }
        }
        return images;
    }

    void read(DatasetBuilder& builder) const {
        builder.read_list(layout_.elements.size(), [&](std::size_t i) { read_task(builder, i); });
    }

private:
    [[nodiscard]] std::string owner_of(std::size_t i) const {
        return fmt::format("{}, task {}, byte {}", name_, i, layout_.elements[i].begin);
    }

    [[nodiscard]] Json task(std::size_t i) const {
        const detail::JsonSlice slice = layout_.elements[i];
        try {
            return Json::parse(json_.substr(slice.begin, slice.end - slice.begin));
        } catch (const Json::exception& error) {
            throw Error(fmt::format("{}: malformed JSON: {}", owner_of(i), error.what()));
        }
    }

    [[nodiscard]] static ListedImage listed_image(const Json& task, const std::string& owner) {
        const Json& data = member(task, "data");
        if (!data.is_object()) {
            throw Error(fmt::format("{}: found no \"data\": expected a task", owner),
                        "export the project as \"JSON\"; \"JSON-MIN\" and other kinds leave out "
                        "what is needed");
        }
        ListedImage image;
        const std::string address = image_address(data);
        image.file_name = label_studio_file_name(address);
        if (image.file_name.empty()) {
            throw Error(fmt::format("{}: found no image in \"data\": expected its address", owner));
        }
        image.other_name = long_name(address);
        if (const Json& id = member(data, "image_id"); id.is_number_integer()) {
            image.id = id.get<std::int64_t>();
        }
        image.size = size_in(data, "width", "height");
        for (const Json& result : *labels_of(task).results) {
            if (const auto size = size_in(result, "original_width", "original_height")) {
                image.size = size;
                break;
            }
        }
        return image;
    }

    void read_task(DatasetBuilder& builder, std::size_t i) const {
        const Json record = task(i);
        const LabeledFrame& frame = builder.images().at(i, owner_of(i));
        const TaskLabels labels = labels_of(record);
        if (labels.are_predictions) {
            builder.note_reading(" with predictions and no annotation: the predictions are read");
        }
        for (std::size_t other = 0; other < labels.others; ++other) {
            builder.leave_out("further annotation of the same task");
        }
        std::set<std::string> labeled;  // ids of the regions that have a label
        for (const Json& result : *labels.results) {
            if (!region_labels(result).empty()) {
                labeled.insert(text_member(result, "id"));
            }
        }
        const std::string own_image = image_of(*labels.results);
        for (std::size_t k = 0; k < labels.results->size(); ++k) {
            const Json& page = member((*labels.results)[k], "item_index");
            const std::string to_name = text_member((*labels.results)[k], "to_name");
            if ((!to_name.empty() && to_name != own_image) || (page.is_number() && page != 0)) {
                builder.leave_out("region of another image");
                continue;
            }
            const std::string owner = fmt::format("{}, result {}", owner_of(i), k);
            try {
                read_result(builder, frame, (*labels.results)[k], labeled, owner);
            } catch (const Json::exception& error) {
                throw Error(fmt::format("{}: {}", owner, error.what()));
            }
        }
    }

    /// The image of a task that regions refer to: "image", or else that of the first one.
    static std::string image_of(const Json& results) {
        std::string first;
        for (const Json& result : results) {
            std::string name = text_member(result, "to_name");
            if (name == "image") {
                return name;
            }
            first = first.empty() ? name : first;
        }
        return first;
    }

    static void read_result(DatasetBuilder& builder, const LabeledFrame& frame, const Json& result,
                            const std::set<std::string>& labeled, const std::string& owner) {
        const std::string type = text_member(result, "type");
        const std::string id = text_member(result, "id");
        const std::vector<std::string> names = region_labels(result);
        const Json& value = member(result, "value");
        const bool has_area = value.contains("rle") || value.contains("points") ||
                              value.contains("radiusX") ||
                              (value.contains("width") && value.contains("height"));
        const bool is_shape = type.ends_with("labels") || type == "rectangle" ||
                              type == "polygon" || type == "brush" || type == "ellipse";
        if (!has_area || !is_shape) {
            return builder.leave_out(type);
        }
        if (names.empty()) {
            if (!labeled.contains(id)) {
                builder.leave_out(type + " without a label");
            }
            return;
        }
        if (const Json& turned = member(result, "image_rotation");
            turned.is_number() && turned != 0) {
            return builder.leave_out("region of a turned image");
        }
        for (std::size_t k = 1; k < names.size(); ++k) {
            builder.leave_out("further label of the same region");
        }
        if (frame.size == ImageSize{}) {
            throw Error(fmt::format("{}: nothing tells the size of the image: expected "
                                    "\"original_width\" and \"original_height\"",
                                    owner),
                        "pass the image folder");
        }
        DatasetBuilder::Object about;
        about.category = builder.category_named(names.front(), owner);
        std::int64_t number = 0;
        if (std::from_chars(id.data(), id.data() + id.size(), number).ptr ==
                id.data() + id.size() &&
            !id.empty()) {
            about.id = number;
        }
        with_owner(owner, [&] { add_region(builder, frame, about, value, owner); });
    }

    static void add_region(DatasetBuilder& builder, const LabeledFrame& frame,
                           const DatasetBuilder::Object& about, const Json& value,
                           const std::string& owner) {
        const ImageSize size = frame.size;
        if (value.contains("rle")) {
            return builder.add_mask(frame, about,
                                    mask_of_label_studio(bytes_of(value["rle"]), size), owner);
        }
        if (value.contains("points")) {
            return builder.add_polygons(frame, about, {ring_of(value["points"], size)}, owner);
        }
        const double x = pixels_of(member(value, "x"), size.width);
        const double y = pixels_of(member(value, "y"), size.height);
        const double degrees = value.contains("rotation") ? number_in(value, "rotation") : 0;
        if (value.contains("radiusX")) {
            const auto ring =
                ellipse_ring(x, y, number_in(value, "radiusX") * size.width / kPercent,
                             number_in(value, "radiusY") * size.height / kPercent, degrees);
            return builder.add_polygons(frame, about, {ring}, owner);
        }
        const double width = number_in(value, "width");
        const double height = number_in(value, "height");
        const CocoBox box{x, y, rounded_pixel(width * size.width / kPercent),
                          rounded_pixel(height * size.height / kPercent)};
        if (degrees == 0) {
            (void)pixels_of(number_in(value, "x") + width, size.width);
            (void)pixels_of(number_in(value, "y") + height, size.height);
        }
        if (degrees != 0) {
            return builder.add_polygons(frame, about, {turned_rectangle(box, degrees, x, y)},
                                        owner);
        }
        builder.add_box(frame, about, box, owner);
    }

    detail::MappedFile mapped_;
    std::string name_;
    std::string_view json_;
    detail::JsonLayout layout_;
};

}  // namespace

std::string label_studio_file_name(std::string_view address) {
    if (const std::size_t at = address.find(kLocalFiles); at != std::string_view::npos) {
        return percent_decoded(address.substr(at + kLocalFiles.size()));
    }
    const bool is_upload = address.starts_with(kUploads);
    const bool is_url = address.find("://") != std::string_view::npos;
    if (is_url) {
        address = address.substr(0, address.find('?'));
    }
    if (!is_upload && !is_url) {
        return std::string(address);
    }
    std::string name = detail::portable_name(percent_decoded(address));
    return is_upload && is_upload_prefix(name) ? name.substr(name.find('-') + 1) : name;
}

DatasetImport import_label_studio(const fs::path& file, const fs::path& annotations,
                                  const fs::path& images) {
    const LabelStudioReader reader(file);
    const std::string name = file.string();
    DatasetBuilder builder =
        DatasetBuilder::of_file(file, LabelImages::listed(reader.images(), images, name));
    reader.read(builder);
    const auto unknown = static_cast<std::size_t>(std::ranges::count_if(
        builder.images().records(), [](const Json& record) { return !record.contains("width"); }));
    if (unknown > 0) {
        builder.note_reading(" without a size, which no region tells: pass the image folder",
                             "image", unknown);
    }
    return builder.write(annotations);
}

}  // namespace embedmask::data
