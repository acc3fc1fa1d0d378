#include "embedmask/data.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <unordered_map>
#include <unordered_set>

#include "base/file.h"
#include "base/input_files.h"
#include "base/parallel.h"
#include "coco/dataset_text.h"
#include "data/findings.h"
#include "data/mend.h"
#include "data/recorded_image.h"
#include "data/repairs.h"
#include "data/source_tool.h"
#include "embedmask/error.h"

namespace embedmask {
namespace {

constexpr double kBoxSlack = 2;  // pixels by which a mask may extend beyond its box (rounding)
constexpr std::size_t kLeastOutside = 2;  // boxes outside their image, of a file with corners
constexpr double kCornerSlack = 1.5;      // pixels between a mask and its box in corners
constexpr double kCornerShift = 6;        // least pixels by which the two forms of a box differ
// An annotated area and the pixels of a mask are computed in different ways: only what is far apart
// contradicts itself.
constexpr double kAreaFactor = 2;
constexpr double kAreaSlack = 16;  // pixels

using data::by_hand;
using data::Fix;
using data::Repair;
using data::repaired;

bool contradicts(double annotated, double found) {
    return annotated < found / kAreaFactor - kAreaSlack ||
           annotated > found * kAreaFactor + kAreaSlack;
}

bool is_close(double a, double b, double slack) {
    return std::abs(a - b) <= slack;
}

/// Whether the box is x1, y1, x2, y2 of a mask with the box `tight`, and not x, y, width, height.
bool has_corners_of(const CocoBox& box, const CocoBox& tight) {
    const CocoBox turned = data::from_corners(box);
    // Near the origin the two forms are alike.
    return std::max(box.x, box.y) > kCornerShift && is_close(turned.x, tight.x, kCornerSlack) &&
           is_close(turned.y, tight.y, kCornerSlack) &&
           is_close(turned.width, tight.width, 2 * kCornerSlack) &&
           is_close(turned.height, tight.height, 2 * kCornerSlack) &&
           !(is_close(box.width, tight.width, 2 * kCornerSlack) &&
             is_close(box.height, tight.height, 2 * kCornerSlack));
}

/// The mask of an annotation, or nothing if it is unknown or does not fit its image.
std::optional<Rle> fitting_mask(const Annotation& annotation, const ImageRecord* image) {
    if (image == nullptr || annotation.segmentation.format == Segmentation::Format::none ||
        !data::recorded_size(*image)) {
        return std::nullopt;
    }
    try {
        return to_mask(annotation.segmentation, image->height, image->width);
    } catch (const Error&) {
        return std::nullopt;
    }
}

bool is_inside(const CocoBox& box, const ImageRecord& image) {
    return box.x >= -1 && box.y >= -1 && box.x + box.width <= image.width + 1 &&
           box.y + box.height <= image.height + 1;
}

class Check {
public:
    Check(const detail::DatasetText& text, data::Findings& findings)
        : data_(text.dataset()), images_(data_), findings_(findings), repairs_(data_) {
        for (const Category& category : data_.categories) {
            categories_.insert(category.id);
        }
    }

    /// Opens the images if an image folder is given.
    void run(const std::filesystem::path& images) {
        check_ids();
        check_categories();
        check_missing_categories();
        check_annotations();
        if (!images.empty()) {
            check_images(images);
        }
        check_empty_images();
    }

    [[nodiscard]] const data::Repairs& repairs() const { return repairs_; }

private:
    Finding& note(const char* name, const char* consequence, Fix fix, const std::string& example) {
        return findings_.note(name, consequence, fix, example);
    }
    void repair(std::size_t annotation, Repair repair) {
        repairs_.annotations[annotation].insert(repair);
    }

    void check_ids();
    void check_categories();
    [[nodiscard]] bool is_root(const Category& category, std::size_t uses) const;
    void check_missing_categories();
    void check_annotations();
    [[nodiscard]] bool boxes_are_corners() const;
    std::optional<Rle> usable_mask(std::size_t i, const ImageRecord* image, const std::string& who);
    void check_box(std::size_t i, const ImageRecord* image, const std::optional<Rle>& mask,
                   bool corners, const std::string& who);
    void check_area(std::size_t i, const std::optional<Rle>& mask, const std::string& who);
    void check_images(const std::filesystem::path& folder);
    void check_empty_images();

    const Dataset& data_;
    ImageIndex images_;
    std::unordered_set<std::int64_t> categories_;
    data::Findings& findings_;
    data::Repairs repairs_;
};

void Check::check_ids() {
    std::unordered_map<std::int64_t, std::size_t> seen;
    std::unordered_map<std::string, std::int64_t> files;
    for (std::size_t i = 0; i < data_.images.size(); ++i) {
        const ImageRecord& image = data_.images[i];
        if (const auto [first, fresh_id] = seen.emplace(image.id, i); !fresh_id) {
            const std::string who =
                fmt::format("images[{}], id {}, {}", i, image.id, image.file_name);
            if (data_.images[first->second].file_name == image.file_name) {
                repairs_.drop_image[i] = true;
                note("duplicate image id", "one of the two is ignored", repaired("keeps the first"),
                     who);
            } else {
                note("two images share an id", "their objects cannot be told apart",
                     by_hand("give one of them, and its annotations, another id"), who);
            }
        } else if (const auto [other, fresh] = files.emplace(image.file_name, image.id);
                   !fresh && !image.file_name.empty()) {
            note("two images share a file", "objects are counted twice",
                 by_hand("merge the two records by hand"),
                 fmt::format("images {} and {}: {}", other->second, image.id, image.file_name));
        }
        if (!data::recorded_size(image)) {
            note("image without a size", "masks cannot be rasterised",
                 by_hand("add \"width\" and \"height\""),
                 fmt::format("image {}, {}", image.id, image.file_name));
        }
    }
    seen.clear();
    for (std::size_t i = 0; i < data_.annotations.size(); ++i) {
        const Annotation& annotation = data_.annotations[i];
        if (!seen.emplace(annotation.id, i).second) {
            repair(i, Repair::renumber);
            note("duplicate annotation id", "COCO tools use one of the two twice",
                 repaired("gives the later one a new id"),
                 fmt::format("annotations[{}], id {}, image {}", i, annotation.id,
                             annotation.image_id));
        } else if (annotation.id == 0) {
            repair(i, Repair::renumber);
            note("annotation id 0", "COCO tools count its match as a miss",
                 repaired("gives it a new id"),
                 fmt::format("annotations[{}], image {}", i, annotation.image_id));
        }
    }
}

void Check::check_categories() {
    std::map<std::int64_t, std::size_t> uses;
    for (const Annotation& annotation : data_.annotations) {
        ++uses[annotation.category_id];
    }
    std::set<std::int64_t> ids;
    std::map<std::string, std::int64_t> names;
    for (std::size_t i = 0; i < data_.categories.size(); ++i) {
        const Category& category = data_.categories[i];
        if (!ids.insert(category.id).second) {
            repairs_.drop_category[i] = true;
            note("duplicate category id", "evaluation rejects the file",
                 repaired("keeps the first"),
                 fmt::format("categories[{}], id {}, {}", i, category.id, category.name));
            continue;
        }
        if (const auto [other, fresh] = names.emplace(category.name, category.id); !fresh) {
            note("two categories share a name", "objects of one kind are split between them",
                 by_hand("`data merge` or rename one of them"),
                 fmt::format("{} and {}: {}", other->second, category.id, category.name));
        }
        if (is_root(category, uses[category.id])) {
            repairs_.drop_category[i] = true;
            note("root category",
                 "the parent of all others, without objects of its own: Roboflow "
                 "writes it, and models would have one class too many",
                 repaired("drops it"), fmt::format("{} ({})", category.id, category.name));
            continue;
        }
        if (category.id == 0) {
            note("category id 0", "CVAT and other tools refuse it",
                 by_hand("no action needed here; `data convert` exports by name"), category.name)
                .harmless = true;
        }
        if (data_.has_annotations && uses[category.id] == 0) {
            note("unused category", "its AP is undefined, and the model never learns it",
                 by_hand("`data filter --used` drops it"),
                 fmt::format("{} ({})", category.id, category.name))
                .harmless = true;
        }
    }
}

/// Whether a category is only the parent of all others, as Roboflow writes it.
bool Check::is_root(const Category& category, std::size_t uses) const {
    return uses == 0 && category.supercategory == "none" && data_.categories.size() > 1 &&
           std::ranges::all_of(data_.categories, [&](const Category& other) {
               return other.id == category.id || other.supercategory == category.name;
           });
}

/// A file without categories: those of its objects get their ids for names.
void Check::check_missing_categories() {
    if (!data_.categories.empty()) {
        return;
    }
    if (data_.has_annotations && data_.annotations.empty() && !data_.images.empty()) {
        note("neither annotations nor categories",
             "nothing can be learned from it; V7 Darwin writes such files of brush masks",
             by_hand("export the labels as polygons"), data_.source);
    }
    for (const Annotation& annotation : data_.annotations) {
        if (categories_.insert(annotation.category_id).second) {
            repairs_.new_categories.insert(annotation.category_id);
            note("category that is not listed", "the list of categories is empty",
                 repaired("lists it, with its id as the name"),
                 fmt::format("category {}", annotation.category_id));
        }
    }
}

/// Whether the boxes of the whole file lie inside their images only as two corners, and nothing
/// else in the file speaks for x, y, width, height.
bool Check::boxes_are_corners() const {
    std::size_t boxes = 0;
    std::size_t outside = 0;
    for (const Annotation& annotation : data_.annotations) {
        const ImageRecord* image = images_.find(annotation.image_id);
        if (!annotation.box || image == nullptr || !data::recorded_size(*image)) {
            continue;
        }
        const CocoBox& box = *annotation.box;
        const CocoBox turned = data::from_corners(box);
        const bool has_area_of_box = annotation.area &&
                                     is_close(*annotation.area, box.width * box.height, 1) &&
                                     !is_close(*annotation.area, turned.width * turned.height, 1);
        if (!(turned.width > 0 && turned.height > 0 && is_inside(turned, *image)) ||
            has_area_of_box) {
            return false;
        }
        ++boxes;
        outside += is_inside(box, *image) ? 0 : 1;
    }
    // About half of the boxes of real files would leave their image.
    if (outside < kLeastOutside || 4 * outside < boxes) {
        return false;
    }
    return std::ranges::none_of(data_.annotations, [&](const Annotation& annotation) {
        const ImageRecord* image = images_.find(annotation.image_id);
        const auto mask = fitting_mask(annotation, image);
        return mask && annotation.box && area(*mask) > 0 &&
               !has_corners_of(*annotation.box, bounding_box(*mask));
    });
}

void Check::check_annotations() {
    const bool corners = boxes_are_corners();
    for (std::size_t i = 0; i < data_.annotations.size(); ++i) {
        const Annotation& annotation = data_.annotations[i];
        const std::string who =
            fmt::format("annotation {} (image {})", annotation.id, annotation.image_id);
        const ImageRecord* image = images_.find(annotation.image_id);
        if (image == nullptr) {
            repair(i, Repair::drop);
            note("annotation with an unknown image id", "the annotation is ignored",
                 repaired("drops the annotation"), who);
        }
        if (!categories_.contains(annotation.category_id)) {
            repair(i, Repair::drop);
            note("annotation with an unknown category id", "the annotation is ignored",
                 repaired("drops the annotation"),
                 fmt::format("{}: category {}", who, annotation.category_id));
        }
        if (annotation.crowd && annotation.segmentation.format == Segmentation::Format::polygons) {
            repair(i, Repair::crowd_flag);
            note("crowd annotated with polygons",
                 "a crowd region covers many objects, but a polygon outlines one",
                 repaired("sets iscrowd to 0"), who);
        }
        const auto mask = usable_mask(i, image, who);
        check_box(i, image, mask, corners, who);
        check_area(i, mask, who);
    }
}

/// The mask, if it is known, fits the image and has pixels; notes what is wrong with it.
std::optional<Rle> Check::usable_mask(std::size_t i, const ImageRecord* image,
                                      const std::string& who) {
    const Annotation& annotation = data_.annotations[i];
    const auto format = annotation.segmentation.format;
    if (image == nullptr || !data::recorded_size(*image) || format == Segmentation::Format::none) {
        return std::nullopt;
    }
    const char* fix =
        "keeps the box, and the mask becomes unknown; without a box, drops the "
        "annotation";
    Rle mask;
    try {
        mask = to_mask(annotation.segmentation, image->height, image->width);
    } catch (const Error& error) {
        repair(i, annotation.box ? Repair::forget_mask : Repair::drop);
        note(format == Segmentation::Format::rle ? "mask size differs from the image size"
                                                 : "polygon that cannot be rasterised",
             "it cannot be used", repaired(fix), fmt::format("{}: {}", who, error.what()));
        return std::nullopt;
    }
    if (area(mask) == 0) {
        repair(i, annotation.box ? Repair::forget_mask : Repair::drop);
        note("mask without pixels", "it can never be detected and makes losses NaN", repaired(fix),
             who);
        return std::nullopt;
    }
    return mask;
}

void Check::check_box(std::size_t i, const ImageRecord* image, const std::optional<Rle>& mask,
                      bool corners, const std::string& who) {
    const Annotation& annotation = data_.annotations[i];
    if (!annotation.box) {
        if (annotation.segmentation.format == Segmentation::Format::none) {
            repair(i, Repair::drop);
            note("neither box nor mask", "it carries no information", repaired("drops it"), who);
        }
        return;
    }
    const auto& [x, y, w, h] = *annotation.box;
    const std::string box = fmt::format("[{}, {}, {}, {}]", x, y, w, h);
    const CocoBox tight = mask ? bounding_box(*mask) : CocoBox{};
    if (mask ? has_corners_of(*annotation.box, tight) : corners) {
        repair(i, Repair::corner_box);
        note("box given by two corners", "readers take x2, y2 for the width and the height",
             repaired("makes it x, y, width, height"), fmt::format("{}: {}", who, box));
        return;
    }
    if (!(w > 0 && h > 0)) {
        repair(i, Repair::box);
        note("box without an area", "losses divide by the area",
             repaired("uses the mask's bounding box, or drops the annotation"),
             fmt::format("{}: {} x {}", who, w, h));
        return;
    }
    if (image != nullptr && image->width > 0 && !is_inside(*annotation.box, *image)) {
        repair(i, Repair::box);
        note("box outside the image", "training targets fall outside the image",
             repaired("uses the mask's bounding box, or clips the box"),
             fmt::format("{}: {} in {}x{}", who, box, image->width, image->height));
    }
    if (mask && !annotation.crowd &&
        (tight.x < x - kBoxSlack || tight.y < y - kBoxSlack ||
         tight.x + tight.width > x + w + kBoxSlack || tight.y + tight.height > y + h + kBoxSlack)) {
        repair(i, Repair::box);
        note("box does not enclose its mask", "box and mask contradict each other",
             repaired("uses the mask's bounding box"),
             fmt::format("{}: box {}, mask [{}, {}, {}, {}]", who, box, tight.x, tight.y,
                         tight.width, tight.height));
    }
}

void Check::check_area(std::size_t i, const std::optional<Rle>& mask, const std::string& who) {
    const Annotation& annotation = data_.annotations[i];
    if (!annotation.area) {
        return;
    }
    const double annotated = *annotation.area;
    const char* consequence =
        "it decides between small, medium and large, and a negative one hides the object";
    if (mask) {
        const auto pixels = static_cast<double>(area(*mask));
        // The areas of COCO's crowds are not those of their masks.
        if (annotated <= 0 || (!annotation.crowd && contradicts(annotated, pixels))) {
            repair(i, Repair::area);
            note("area contradicts the mask", consequence,
                 repaired("counts the pixels of the mask"),
                 fmt::format("{}: area {}, mask of {} pixels", who, annotated, pixels));
        }
        return;
    }
    if (!annotation.box || !(annotation.box->width > 0 && annotation.box->height > 0)) {
        return;
    }
    // An object fills its box at most.
    const double box = annotation.box->width * annotation.box->height;
    if (annotated <= 0 || (contradicts(annotated, box) && annotated > box)) {
        repair(i, Repair::area);
        note("area contradicts the box", consequence, repaired("takes the area of the box"),
             fmt::format("{}: area {}, box of {} pixels", who, annotated, box));
    }
}

void Check::check_images(const std::filesystem::path& folder) {
    std::vector<std::string> problems(data_.images.size());
    detail::parallel_for(data_.images.size(), detail::available_processors(), [&](std::size_t i) {
        const ImageRecord& image = data_.images[i];
        try {
            (void)data::read_recorded_image(folder, image);
        } catch (const Error& error) {
            problems[i] = fmt::format("image {}: {}", image.id, error.what());
        }
    });
    for (const std::string& problem : problems) {
        if (!problem.empty()) {
            note("image missing, unreadable or of a different size", "training stops at it",
                 by_hand("fix the file or its record"), problem);
        }
    }
}

void Check::check_empty_images() {
    if (!data_.has_annotations) {
        return;
    }
    std::unordered_set<std::int64_t> used;
    for (const Annotation& annotation : data_.annotations) {
        used.insert(annotation.image_id);
    }
    for (const ImageRecord& image : data_.images) {
        if (!used.contains(image.id)) {
            note("image without objects", "it only trains the background",
                 by_hand("no action needed if intended"),
                 fmt::format("image {}, {}", image.id, image.file_name))
                .harmless = true;
        }
    }
}

/// A file, with its records in the form that readers accept.
struct ReadableText {
    std::unique_ptr<detail::DatasetText> text;
    bool had_annotations = false;  // before records were dropped
    std::string tool;              // that wrote the file, if it is known
};

ReadableText readable_text(const std::filesystem::path& path, data::Findings& findings) {
    ReadableText readable;
    data::MendedText mended;
    {
        const detail::MappedFile file(path);
        const auto bytes = file.bytes();
        const std::string_view json{reinterpret_cast<const char*>(bytes.data()), bytes.size()};
        mended = data::mended_text(json, path.string(), findings);
        readable.tool = data::source_tool(json, path.string());
    }
    readable.had_annotations = mended.had_annotations;
    readable.text =
        mended.text ? std::make_unique<detail::DatasetText>(std::move(*mended.text), path.string())
                    : std::make_unique<detail::DatasetText>(path);
    return readable;
}

}  // namespace

std::size_t DatasetCheck::problems() const {
    std::size_t sum = 0;
    for (const Finding& finding : findings) {
        if (!finding.harmless) {
            sum += finding.count;
        }
    }
    return sum;
}

DatasetCheck check_dataset(const std::filesystem::path& annotations, const CheckOptions& options) {
    detail::InputFiles inputs;
    inputs.add(annotations);
    inputs.require_other(options.repaired);
    data::Findings findings;
    const ReadableText readable = readable_text(annotations, findings);
    if (!options.images.empty()) {
        data::add_images(inputs, readable.text->dataset(), options.images);
        inputs.require_other(options.repaired);
    }
    Check check(*readable.text, findings);
    check.run(options.images);
    DatasetCheck result;
    result.tool = readable.tool;
    if (!options.repaired.empty()) {
        result.repaired = data::write_repaired(*readable.text, check.repairs(),
                                               readable.had_annotations, options.repaired);
        if (!result.repaired) {
            findings.note("repair that leaves no annotation", "the repaired file is not written",
                          by_hand("see to the other findings first"), annotations.string());
        }
    }
    result.findings = findings.take();
    return result;
}

}  // namespace embedmask
