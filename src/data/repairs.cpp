#include "data/repairs.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>

namespace embedmask::data {
namespace {

using Json = nlohmann::ordered_json;

/// The box to write, or nothing if there is none with an area.
std::optional<CocoBox> repaired_box(const Annotation& annotation, const ImageRecord& image,
                                    const std::set<Repair>& repairs) {
    CocoBox box;
    if (repairs.contains(Repair::corner_box)) {
        return from_corners(*annotation.box);
    }
    if (annotation.segmentation.format != Segmentation::Format::none &&
        !repairs.contains(Repair::forget_mask)) {
        box = bounding_box(to_mask(annotation.segmentation, image.height, image.width));
    } else if (annotation.box) {
        auto [x, y, w, h] = *annotation.box;
        if (w < 0 && h < 0) {  // drawn from the lower right corner
            x += w;
            y += h;
            w = -w;
            h = -h;
        }
        const double right = image.width > 0 ? image.width : x + w;
        const double bottom = image.height > 0 ? image.height : y + h;
        box = {std::clamp(x, 0.0, std::max(right, 0.0)), std::clamp(y, 0.0, std::max(bottom, 0.0)),
               0, 0};
        box.width = std::min(x + w, right) - box.x;
        box.height = std::min(y + h, bottom) - box.y;
    }
    if (!(box.width > 0 && box.height > 0)) {
        return std::nullopt;
    }
    return box;
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
            if (repairs_.annotations[i].contains(Repair::drop)) {
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
        const ImageRecord& image = *images_.find(annotation.image_id);
        std::optional<CocoBox> box = annotation.box;
        if (repairs.contains(Repair::box) || repairs.contains(Repair::corner_box)) {
            box = repaired_box(annotation, image, repairs);
            if (!box) {
                return;
            }
            record["bbox"] = {box->x, box->y, box->width, box->height};
        }
        const bool forget = repairs.contains(Repair::forget_mask);
        if (forget) {
            record["segmentation"] = Json::array();
        }
        if (repairs.contains(Repair::area)) {
            if (!forget && annotation.segmentation.format != Segmentation::Format::none) {
                record["area"] = area(to_mask(annotation.segmentation, image.height, image.width));
            } else if (box) {
                record["area"] = box->width * box->height;
            }
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
