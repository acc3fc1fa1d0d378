#include "data/repairs.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>

#include "data/next_id.h"
#include "data/recorded_image.h"

namespace embedmask::data {
namespace {

using Json = nlohmann::ordered_json;

/// The box of a known mask; of an image without a size, that of its run lengths or rings.
CocoBox mask_box(const Annotation& annotation, const ImageRecord& image) {
    const Segmentation& mask = annotation.segmentation;
    if (mask.format == Segmentation::Format::rle) {
        return bounding_box(mask.rle);
    }
    if (recorded_size(image)) {
        return bounding_box(to_mask(mask, image.height, image.width));
    }
    double left = std::numeric_limits<double>::infinity();
    double top = left;
    double right = -left;
    double bottom = -left;
    for (const std::vector<double>& ring : mask.polygons) {
        for (std::size_t i = 0; i + 1 < ring.size(); i += 2) {
            left = std::min(left, ring[i]);
            right = std::max(right, ring[i]);
            top = std::min(top, ring[i + 1]);
            bottom = std::max(bottom, ring[i + 1]);
        }
    }
    return {left, top, right - left, bottom - top};
}

/// The part of a box inside of its image, if the size is known. A side may have been drawn
/// backwards.
CocoBox clipped_box(const CocoBox& box, const ImageRecord& image) {
    double left = std::min(box.x, box.x + box.width);
    double right = std::max(box.x, box.x + box.width);
    double top = std::min(box.y, box.y + box.height);
    double bottom = std::max(box.y, box.y + box.height);
    if (recorded_size(image)) {
        left = std::clamp<double>(left, 0, image.width);
        right = std::clamp<double>(right, 0, image.width);
        top = std::clamp<double>(top, 0, image.height);
        bottom = std::clamp<double>(bottom, 0, image.height);
    }
    return {left, top, right - left, bottom - top};
}

/// The box to write, or nothing if there is none with an area.
std::optional<CocoBox> repaired_box(const Annotation& annotation, const ImageRecord& image,
                                    const std::set<Repair>& repairs) {
    if (repairs.contains(Repair::corner_box)) {
        return from_corners(*annotation.box);
    }
    const bool has_mask = annotation.segmentation.format != Segmentation::Format::none &&
                          !repairs.contains(Repair::forget_mask);
    const CocoBox box =
        has_mask ? mask_box(annotation, image) : clipped_box(*annotation.box, image);
    if (!(box.width > 0 && box.height > 0)) {
        return std::nullopt;
    }
    return box;
}

/// Whether an area cannot be that of an object inside the box.
bool exceeds(double area, const CocoBox& box) {
    constexpr double kSlack = 1;  // pixels, for rounding
    return area <= 0 || area > box.width * box.height + kSlack;
}

class Writer {
public:
    Writer(const detail::DatasetText& text, const Repairs& repairs,
           const std::filesystem::path& path)
        : text_(text),
          data_(text.dataset()),
          images_(data_),
          repairs_(repairs),
          writer_(path, text.other_members()) {
        for (const Annotation& annotation : data_.annotations) {
            largest_id_ = std::max(largest_id_, annotation.id);
        }
    }

    bool write(bool had_annotations) {
        std::size_t kept = 0;
        writer_.begin("images");
        for (std::size_t i = 0; i < data_.images.size(); ++i) {
            if (!repairs_.drop_image[i]) {
                writer_.add(text_.image(i));
            }
        }
        writer_.begin("annotations");
        for (std::size_t i = 0; i < data_.annotations.size(); ++i) {
            if (repairs_.annotations[i].contains(Repair::drop)) {
                continue;
            }
            if (repairs_.annotations[i].empty()) {
                writer_.add(text_.annotation(i));
                ++kept;
            } else {
                kept += add_repaired(i) ? 1 : 0;
            }
        }
        writer_.begin("categories");
        for (std::size_t i = 0; i < data_.categories.size(); ++i) {
            if (!repairs_.drop_category[i]) {
                writer_.add(text_.category(i));
            }
        }
        for (const std::int64_t id : repairs_.new_categories) {
            writer_.add(Json{{"id", id}, {"name", fmt::to_string(id)}}.dump());
        }
        if (kept == 0 && had_annotations) {
            return false;
        }
        writer_.commit();
        return true;
    }

private:
    /// False if nothing is left of the annotation.
    bool add_repaired(std::size_t i) {
        const std::set<Repair>& repairs = repairs_.annotations[i];
        const Annotation& annotation = data_.annotations[i];
        Json record = Json::parse(text_.annotation(i));
        if (repairs.contains(Repair::renumber)) {
            largest_id_ = id_after(largest_id_);
            record["id"] = largest_id_;
        }
        if (repairs.contains(Repair::crowd_flag)) {
            record["iscrowd"] = 0;
        }
        const ImageRecord& image = *images_.find(annotation.image_id);
        std::optional<CocoBox> box = annotation.box;
        if (repairs.contains(Repair::box) || repairs.contains(Repair::corner_box)) {
            box = repaired_box(annotation, image, repairs);
            if (!box) {
                return false;
            }
            record["bbox"] = {box->x, box->y, box->width, box->height};
        }
        const bool forget = repairs.contains(Repair::forget_mask);
        const bool has_mask =
            !forget && annotation.segmentation.format != Segmentation::Format::none;
        if (forget) {
            record["segmentation"] = Json::array();
        }
        const bool wrong_area =
            annotation.area && box && !has_mask && exceeds(*annotation.area, *box);
        if (has_mask && repairs.contains(Repair::area)) {
            record["area"] = area(to_mask(annotation.segmentation, image.height, image.width));
        } else if (box && (wrong_area || repairs.contains(Repair::area))) {
            record["area"] = box->width * box->height;
        }
        writer_.add(record.dump());
        return true;
    }

    const detail::DatasetText& text_;
    const Dataset& data_;
    ImageIndex images_;
    const Repairs& repairs_;
    detail::DatasetTextWriter writer_;
    std::int64_t largest_id_ = 0;
};

}  // namespace

bool write_repaired(const detail::DatasetText& text, const Repairs& repairs, bool had_annotations,
                    const std::filesystem::path& path) {
    return Writer(text, repairs, path).write(had_annotations);
}

}  // namespace embedmask::data
