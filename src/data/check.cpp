#include "embedmask/data.h"

#include <fmt/format.h>

#include <map>
#include <set>
#include <unordered_map>
#include <unordered_set>

#include "base/input_files.h"
#include "base/parallel.h"
#include "coco/dataset_text.h"
#include "data/recorded_image.h"
#include "data/repairs.h"
#include "embedmask/error.h"

namespace embedmask {
namespace {

constexpr std::size_t kExamples = 3;
constexpr double kBoxSlack = 2;  // pixels by which a mask may extend beyond its box (rounding)

using data::Repair;

/// The fix of a problem: automatic in the repaired file, or manual.
struct Fix {
    const char* text;
    bool repairable;
};

constexpr Fix repaired(const char* text) {
    return {text, true};
}

constexpr Fix by_hand(const char* text) {
    return {text, false};
}

class Check {
public:
    explicit Check(const detail::DatasetText& text)
        : data_(text.dataset()), images_(data_), repairs_(data_) {
        for (const Category& category : data_.categories) {
            categories_.insert(category.id);
        }
    }

    /// Opens the images if an image folder is given.
    void run(const std::filesystem::path& images) {
        check_ids();
        check_categories();
        for (const std::string& problem : data_.problems) {
            note("broken mask", "the annotation has no usable mask", repaired("drops it"), problem);
        }
        check_annotations();
        if (!images.empty()) {
            check_images(images);
        }
        check_empty_images();
    }

    [[nodiscard]] std::vector<Finding>& findings() { return findings_; }
    [[nodiscard]] const data::Repairs& repairs() const { return repairs_; }

private:
    Finding& finding(const char* name, const char* consequence, Fix fix) {
        for (Finding& known : findings_) {
            if (known.name == name) {
                return known;
            }
        }
        Finding& fresh = findings_.emplace_back();
        fresh.name = name;
        fresh.consequence = consequence;
        fresh.fix = fix.text;
        fresh.repairable = fix.repairable;
        return fresh;
    }
    Finding& note(const char* name, const char* consequence, Fix fix, const std::string& example) {
        Finding& known = finding(name, consequence, fix);
        if (known.count++ < kExamples) {
            known.examples.push_back(example);
        }
        return known;
    }
    void repair(std::size_t annotation, Repair repair) {
        repairs_.annotations[annotation].insert(repair);
    }

    void check_ids();
    void check_categories();
    void check_annotations();
    void check_mask(std::size_t i, const ImageRecord& image, const std::string& who);
    void check_images(const std::filesystem::path& folder);
    void check_empty_images();

    const Dataset& data_;
    ImageIndex images_;
    std::unordered_set<std::int64_t> categories_;
    std::vector<Finding> findings_;
    data::Repairs repairs_;
};

void Check::check_ids() {
    std::unordered_map<std::int64_t, std::size_t> seen;
    std::unordered_map<std::string, std::int64_t> files;
    for (std::size_t i = 0; i < data_.images.size(); ++i) {
        const ImageRecord& image = data_.images[i];
        if (!seen.emplace(image.id, i).second) {
            repairs_.drop_image[i] = true;
            note("duplicate image id", "one of the two is ignored", repaired("keeps the first"),
                 fmt::format("images[{}], id {}, {}", i, image.id, image.file_name));
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
        if (data_.has_annotations && uses[category.id] == 0) {
            note("unused category", "its AP is undefined, and the model never learns it",
                 by_hand("`data filter --used` drops it"),
                 fmt::format("{} ({})", category.id, category.name))
                .harmless = true;
        }
    }
}

void Check::check_annotations() {
    for (std::size_t i = 0; i < data_.annotations.size(); ++i) {
        const Annotation& annotation = data_.annotations[i];
        const std::string who =
            fmt::format("annotation {} (image {})", annotation.id, annotation.image_id);
        const ImageRecord* image = images_.find(annotation.image_id);
        if (image == nullptr) {
            repair(i, Repair::drop);
            note("annotation with an unknown image id", "the annotation is ignored",
                 repaired("drops the annotation"), who);
            continue;
        }
        if (!categories_.contains(annotation.category_id)) {
            repair(i, Repair::drop);
            note("annotation with an unknown category id", "the annotation is ignored",
                 repaired("drops the annotation"),
                 fmt::format("{}: category {}", who, annotation.category_id));
        }
        if (annotation.box) {
            const auto& [x, y, w, h] = *annotation.box;
            if (!(w > 0 && h > 0)) {
                repair(i, Repair::box);
                note("box without an area", "losses divide by the area",
                     repaired("uses the mask's bounding box, or drops the annotation"),
                     fmt::format("{}: {} x {}", who, w, h));
            } else if (image->width > 0 && (x < -1 || y < -1 || x + w > image->width + 1 ||
                                            y + h > image->height + 1)) {
                repair(i, Repair::box);
                note("box outside the image", "training targets fall outside the image",
                     repaired("uses the mask's bounding box, or clips the box"),
                     fmt::format("{}: [{}, {}, {}, {}] in {}x{}", who, x, y, w, h, image->width,
                                 image->height));
            }
        } else if (annotation.segmentation.format == Segmentation::Format::none) {
            repair(i, Repair::drop);
            note("neither box nor mask", "it carries no information", repaired("drops it"), who);
        }
        if (annotation.crowd && annotation.segmentation.format == Segmentation::Format::polygons) {
            repair(i, Repair::crowd_flag);
            note("crowd annotated with polygons",
                 "a crowd region covers many objects, but a polygon outlines one",
                 repaired("sets iscrowd to 0"), who);
        }
        if (data::recorded_size(*image) &&
            annotation.segmentation.format != Segmentation::Format::none) {
            check_mask(i, *image, who);
        }
    }
}

void Check::check_mask(std::size_t i, const ImageRecord& image, const std::string& who) {
    const Annotation& annotation = data_.annotations[i];
    for (const auto& ring : annotation.segmentation.polygons) {
        if (data::is_ring(ring.size())) {
            continue;
        }
        repair(i, Repair::rings);
        note("polygon with fewer than 6 or an odd number of coordinates", "it has no area",
             repaired("drops the polygon"), fmt::format("{}: {} numbers", who, ring.size()));
    }
    Rle mask;
    try {
        mask = to_mask(annotation.segmentation, image.height, image.width);
    } catch (const Error& error) {
        repair(i, Repair::drop);
        note("mask size differs from the image size", "it cannot be used",
             repaired("drops the annotation"), fmt::format("{}: {}", who, error.what()));
        return;
    }
    if (area(mask) == 0) {
        repair(i, Repair::drop);
        note("mask without pixels", "it can never be detected and makes losses NaN",
             repaired("drops the annotation"), who);
        return;
    }
    if (!annotation.box || annotation.crowd) {
        return;
    }
    const auto& [x, y, w, h] = *annotation.box;
    const auto tight = bounding_box(mask);
    if (w > 0 && h > 0 &&
        (tight.x < x - kBoxSlack || tight.y < y - kBoxSlack ||
         tight.x + tight.width > x + w + kBoxSlack || tight.y + tight.height > y + h + kBoxSlack)) {
        repair(i, Repair::box);
        note("box does not enclose its mask", "box and mask contradict each other",
             repaired("uses the mask's bounding box"),
             fmt::format("{}: box [{}, {}, {}, {}], mask [{}, {}, {}, {}]", who, x, y, w, h,
                         tight.x, tight.y, tight.width, tight.height));
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
    const detail::DatasetText text(annotations);
    Check check(text);
    check.run(options.images);
    DatasetCheck result;
    result.findings = std::move(check.findings());
    if (!options.repaired.empty()) {
        data::write_repaired(text, check.repairs(), options.repaired);
        result.repaired = true;
    }
    return result;
}

}  // namespace embedmask
