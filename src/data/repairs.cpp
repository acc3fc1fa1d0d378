#include "data/repairs.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>

namespace embedmask::data {
namespace {

using Json = nlohmann::ordered_json;

/// A broken mask is read as missing; only its text distinguishes it from an annotation without a
/// mask.
bool has_broken_mask(const detail::DatasetText& text, std::size_t i) {
    if (text.dataset().annotations[i].segmentation.format != Segmentation::Format::none) {
        return false;
    }
    const Json record = Json::parse(text.annotation(i));
    const auto mask = record.find("segmentation");
    return mask != record.end() && !mask->empty();
}

/// The box of the mask, or without a mask the part of the box inside the image; nothing if that has
/// no area.
std::optional<CocoBox> repaired_box(const Annotation& annotation, const ImageRecord& image) {
    CocoBox box;
    if (annotation.segmentation.format != Segmentation::Format::none) {
        box = bounding_box(to_mask(annotation.segmentation, image.height, image.width));
    } else {
        const auto& [x, y, w, h] = *annotation.box;
        const double left = std::clamp(x, 0.0, static_cast<double>(image.width));
        const double top = std::clamp(y, 0.0, static_cast<double>(image.height));
        box = {left, top, std::min(x + w, static_cast<double>(image.width)) - left,
               std::min(y + h, static_cast<double>(image.height)) - top};
    }
    if (!(box.width > 0 && box.height > 0)) {
        return std::nullopt;
    }
    return box;
}

Json usable_rings(const Json& segmentation) {
    Json rings = Json::array();
    for (const auto& ring : segmentation) {
        if (is_ring(ring.size())) {
            rings.push_back(ring);
        }
    }
    return rings;
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
            next_id_ = std::max(next_id_, annotation.id + 1);
        }
    }

    void write() {
        writer_.begin("images");
        for (std::size_t i = 0; i < data_.images.size(); ++i) {
            if (!repairs_.drop_image[i]) {
                writer_.add(text_.image(i));
            }
        }
        writer_.begin("annotations");
        for (std::size_t i = 0; i < data_.annotations.size(); ++i) {
            if (repairs_.annotations[i].contains(Repair::drop) || has_broken_mask(text_, i)) {
                continue;
            }
            if (repairs_.annotations[i].empty()) {
                writer_.add(text_.annotation(i));
            } else {
                add_repaired(i);
            }
        }
        writer_.begin("categories");
        for (std::size_t i = 0; i < data_.categories.size(); ++i) {
            if (!repairs_.drop_category[i]) {
                writer_.add(text_.category(i));
            }
        }
        writer_.commit();
    }

private:
    void add_repaired(std::size_t i) {
        const std::set<Repair>& repairs = repairs_.annotations[i];
        const Annotation& annotation = data_.annotations[i];
        Json record = Json::parse(text_.annotation(i));
        if (repairs.contains(Repair::renumber)) {
            record["id"] = next_id_++;
        }
        if (repairs.contains(Repair::crowd_flag)) {
            record["iscrowd"] = 0;
        }
        if (repairs.contains(Repair::rings)) {
            record["segmentation"] = usable_rings(record["segmentation"]);
        }
        if (repairs.contains(Repair::box)) {
            const auto box = repaired_box(annotation, *images_.find(annotation.image_id));
            if (!box) {
                return;
            }
            record["bbox"] = {box->x, box->y, box->width, box->height};
        }
        writer_.add(record.dump());
    }

    const detail::DatasetText& text_;
    const Dataset& data_;
    ImageIndex images_;
    const Repairs& repairs_;
    detail::DatasetTextWriter writer_;
    std::int64_t next_id_ = 1;
};

}  // namespace

void write_repaired(const detail::DatasetText& text, const Repairs& repairs,
                    const std::filesystem::path& path) {
    Writer(text, repairs, path).write();
}

}  // namespace embedmask::data
