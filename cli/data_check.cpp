#include "data_check.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <mutex>
#include <nlohmann/json.hpp>
#include <set>
#include <unordered_map>
#include <unordered_set>

#include "base/parallel.h"
#include "coco/dataset_text.h"
#include "embedmask/error.h"
#include "embedmask/image.h"

namespace embedmask::cli {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kExamples = 3;
constexpr std::size_t kMinRing = 6;  // numbers
constexpr double kBoxSlack = 2;      // pixels that a box may cut off its mask (rounding)

/// How one annotation is repaired.
enum class Repair { none, drop, renumber, rings, box, crowd_flag };

class Check {
public:
    explicit Check(const CheckOptions& options)
        : options_(options), text_(options.data), data_(text_.dataset()) {
        for (const Category& category : data_.categories)
            categories_.insert(category.id);
        repairs_.resize(data_.annotations.size());
        dropped_images_.resize(data_.images.size(), false);
        dropped_categories_.resize(data_.categories.size(), false);
    }

    void run() {
        check_ids();
        check_categories();
        for (const std::string& problem : data_.problems)
            note("broken mask", "the annotation has no usable mask", "--fix drops it", problem);
        check_annotations();
        if (!options_.images.empty()) check_photos();
        check_empty_images();
    }

    [[nodiscard]] const std::vector<Finding>& findings() const { return findings_; }
    void write_fixed() const;

private:
    Finding& finding(const std::string& name, const std::string& consequence,
                     const std::string& fix) {
        for (Finding& known : findings_)
            if (known.name == name) return known;
        return findings_.emplace_back(Finding{name, consequence, fix, 0, {}, false});
    }
    Finding& note(const std::string& name, const std::string& consequence, const std::string& fix,
                  const std::string& example) {
        Finding& known = finding(name, consequence, fix);
        if (known.count++ < kExamples) known.examples.push_back(example);
        return known;
    }
    void repair(std::size_t annotation, Repair repair) { repairs_[annotation].insert(repair); }

    void check_ids();
    void check_categories();
    void check_annotations();
    void check_mask(std::size_t i, const ImageRecord& image, const std::string& who);
    void check_photos();
    void check_empty_images();

    const CheckOptions& options_;
    detail::DatasetText text_;
    const Dataset& data_;
    std::unordered_set<std::int64_t> categories_;
    std::vector<Finding> findings_;
    std::vector<std::set<Repair>> repairs_;
    std::vector<bool> dropped_images_;
    std::vector<bool> dropped_categories_;
};

void Check::check_ids() {
    std::unordered_map<std::int64_t, std::size_t> seen;
    std::unordered_map<std::string, std::int64_t> files;
    for (std::size_t i = 0; i < data_.images.size(); ++i) {
        const ImageRecord& image = data_.images[i];
        if (!seen.emplace(image.id, i).second) {
            dropped_images_[i] = true;
            note("duplicate image id", "one of the two is never seen", "--fix keeps the first",
                 fmt::format("images[{}], id {}, {}", i, image.id, image.file_name));
        } else if (const auto [other, fresh] = files.emplace(image.file_name, image.id);
                   !fresh && !image.file_name.empty()) {
            note("two images of one file", "its objects are counted twice",
                 "merge the two records by hand",
                 fmt::format("images {} and {}: {}", other->second, image.id, image.file_name));
        }
        if (image.width < 1 || image.height < 1)
            note("image without a size", "its masks cannot be made", "write width and height",
                 fmt::format("image {}, {}", image.id, image.file_name));
    }
    seen.clear();
    for (std::size_t i = 0; i < data_.annotations.size(); ++i) {
        const Annotation& annotation = data_.annotations[i];
        if (!seen.emplace(annotation.id, i).second) {
            repair(i, Repair::renumber);
            note("duplicate annotation id", "COCO's tools use one of the two twice",
                 "--fix gives the later one a new id",
                 fmt::format("annotations[{}], id {}, image {}", i, annotation.id,
                             annotation.image_id));
        } else if (annotation.id == 0) {
            repair(i, Repair::renumber);
            note("annotation id 0", "COCO's tools count its match as a miss",
                 "--fix gives it a new id",
                 fmt::format("annotations[{}], image {}", i, annotation.image_id));
        }
    }
}

void Check::check_categories() {
    std::map<std::int64_t, std::size_t> uses;
    for (const Annotation& annotation : data_.annotations)
        ++uses[annotation.category_id];
    std::set<std::int64_t> ids;
    std::map<std::string, std::int64_t> names;
    for (std::size_t i = 0; i < data_.categories.size(); ++i) {
        const Category& category = data_.categories[i];
        if (!ids.insert(category.id).second) {
            dropped_categories_[i] = true;
            note("duplicate category id", "evaluation refuses the file", "--fix keeps the first",
                 fmt::format("categories[{}], id {}, {}", i, category.id, category.name));
            continue;
        }
        if (const auto [other, fresh] = names.emplace(category.name, category.id); !fresh)
            note("two categories of one name", "objects of one kind are split",
                 "`data merge` or rename one of them",
                 fmt::format("{} and {}: {}", other->second, category.id, category.name));
        if (data_.has_annotations && uses[category.id] == 0) {
            note("unused category", "it has no AP and a class that is never learnt",
                 "`data filter --used` drops it",
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
        const ImageRecord* image = data_.image(annotation.image_id);
        if (image == nullptr) {
            repair(i, Repair::drop);
            note("annotation of an unknown image", "it is never used", "--fix drops it", who);
            continue;
        }
        if (!categories_.contains(annotation.category_id)) {
            repair(i, Repair::drop);
            note("annotation of an unknown category", "it is never used", "--fix drops it",
                 fmt::format("{}: category {}", who, annotation.category_id));
        }
        if (annotation.box) {
            const auto& [x, y, w, h] = *annotation.box;
            if (!(w > 0 && h > 0)) {
                repair(i, Repair::box);
                note("box without an area", "losses divide by it",
                     "--fix takes the box of the mask, or drops the annotation",
                     fmt::format("{}: {} x {}", who, w, h));
            } else if (image->width > 0 && (x < -1 || y < -1 || x + w > image->width + 1 ||
                                            y + h > image->height + 1)) {
                repair(i, Repair::box);
                note("box outside of the image", "targets lie where there are no pixels",
                     "--fix takes the box of the mask, or clips it",
                     fmt::format("{}: [{}, {}, {}, {}] in {}x{}", who, x, y, w, h, image->width,
                                 image->height));
            }
        } else if (annotation.segmentation.form == Segmentation::Form::none) {
            repair(i, Repair::drop);
            note("neither box nor mask", "there is nothing to learn", "--fix drops it", who);
        }
        if (annotation.crowd && annotation.segmentation.form == Segmentation::Form::polygons) {
            repair(i, Repair::crowd_flag);
            note("crowd given as polygons", "a crowd is a region of many objects, a polygon is one",
                 "--fix sets iscrowd to 0", who);
        }
        if (image->width > 0 && image->height > 0 &&
            annotation.segmentation.form != Segmentation::Form::none)
            check_mask(i, *image, who);
    }
}

void Check::check_mask(std::size_t i, const ImageRecord& image, const std::string& who) {
    const Annotation& annotation = data_.annotations[i];
    for (const auto& ring : annotation.segmentation.polygons) {
        if (ring.size() >= kMinRing && ring.size() % 2 == 0) continue;
        repair(i, Repair::rings);
        note("polygon under 6 numbers or with an odd one", "it has no area", "--fix drops the ring",
             fmt::format("{}: {} numbers", who, ring.size()));
    }
    Rle mask;
    try {
        mask = to_mask(annotation.segmentation, image.height, image.width);
    } catch (const Error& error) {
        repair(i, Repair::drop);
        note("mask that does not fit its image", "it cannot be used", "--fix drops the annotation",
             fmt::format("{}: {}", who, error.what()));
        return;
    }
    if (area(mask) == 0) {
        repair(i, Repair::drop);
        note("mask without a pixel", "it can never be found and gives NaN in losses",
             "--fix drops the annotation", who);
        return;
    }
    if (!annotation.box || annotation.crowd) return;
    const auto& [x, y, w, h] = *annotation.box;
    const auto tight = bounding_box(mask);
    if (w > 0 && h > 0 &&
        (tight.x < x - kBoxSlack || tight.y < y - kBoxSlack ||
         tight.x + tight.width > x + w + kBoxSlack || tight.y + tight.height > y + h + kBoxSlack)) {
        repair(i, Repair::box);
        note("box that does not enclose its mask", "box and mask teach different things",
             "--fix takes the box of the mask",
             fmt::format("{}: box [{}, {}, {}, {}], mask [{}, {}, {}, {}]", who, x, y, w, h,
                         tight.x, tight.y, tight.width, tight.height));
    }
}

void Check::check_photos() {
    std::vector<std::string> problems(data_.images.size());
    detail::parallel_for(data_.images.size(), detail::available_processors(), [&](std::size_t i) {
        const ImageRecord& image = data_.images[i];
        DecodeOptions decode;
        if (image.width > 0 && image.height > 0)
            decode.expected_size = ImageSize{image.width, image.height};
        try {
            (void)read_image(std::filesystem::path(options_.images) / image.file_name, decode);
        } catch (const Error& error) {
            problems[i] = fmt::format("image {}: {}", image.id, error.what());
        }
    });
    for (const std::string& problem : problems)
        if (!problem.empty())
            note("photo missing, unreadable or of another size", "training stops or skips it",
                 "mend the file or the record", problem);
}

void Check::check_empty_images() {
    if (!data_.has_annotations) return;
    std::unordered_set<std::int64_t> used;
    for (const Annotation& annotation : data_.annotations)
        used.insert(annotation.image_id);
    for (const ImageRecord& image : data_.images) {
        if (!used.contains(image.id)) {
            note("image without objects", "it only teaches what background is",
                 "nothing to do, if it is meant",
                 fmt::format("image {}, {}", image.id, image.file_name))
                .harmless = true;
        }
    }
}

void Check::write_fixed() const {
    std::int64_t next_id = 1;
    for (const Annotation& annotation : data_.annotations)
        next_id = std::max(next_id, annotation.id + 1);
    // A broken mask was read as none: without a mask there is nothing to drop the record for, but
    // its text would stay broken.
    std::set<std::size_t> broken;
    for (std::size_t i = 0; i < data_.annotations.size(); ++i) {
        if (data_.annotations[i].segmentation.form != Segmentation::Form::none) continue;
        const Json record = Json::parse(text_.annotation(i));
        const auto mask = record.find("segmentation");
        if (mask != record.end() && !mask->empty()) broken.insert(i);
    }
    detail::DatasetTextWriter writer(options_.fix, text_.other_members());
    writer.begin("images");
    for (std::size_t i = 0; i < data_.images.size(); ++i)
        if (!dropped_images_[i]) writer.add(text_.image(i));
    writer.begin("annotations");
    for (std::size_t i = 0; i < data_.annotations.size(); ++i) {
        const auto& repairs = repairs_[i];
        if (repairs.contains(Repair::drop) || broken.contains(i)) continue;
        if (repairs.empty()) {
            writer.add(text_.annotation(i));
            continue;
        }
        Json record = Json::parse(text_.annotation(i));
        const Annotation& annotation = data_.annotations[i];
        const ImageRecord& image = *data_.image(annotation.image_id);
        if (repairs.contains(Repair::renumber)) record["id"] = next_id++;
        if (repairs.contains(Repair::crowd_flag)) record["iscrowd"] = 0;
        if (repairs.contains(Repair::rings)) {
            Json rings = Json::array();
            for (const auto& ring : record["segmentation"])
                if (ring.size() >= kMinRing && ring.size() % 2 == 0) rings.push_back(ring);
            record["segmentation"] = rings;
        }
        if (repairs.contains(Repair::box)) {
            CocoBox box;
            if (annotation.segmentation.form != Segmentation::Form::none) {
                box = bounding_box(to_mask(annotation.segmentation, image.height, image.width));
            } else {
                const auto& [x, y, w, h] = *annotation.box;
                const double left = std::clamp(x, 0.0, static_cast<double>(image.width));
                const double top = std::clamp(y, 0.0, static_cast<double>(image.height));
                box = {left, top, std::min(x + w, static_cast<double>(image.width)) - left,
                       std::min(y + h, static_cast<double>(image.height)) - top};
            }
            if (!(box.width > 0 && box.height > 0)) continue;
            record["bbox"] = {box.x, box.y, box.width, box.height};
        }
        writer.add(record.dump());
    }
    writer.begin("categories");
    for (std::size_t i = 0; i < data_.categories.size(); ++i)
        if (!dropped_categories_[i]) writer.add(text_.category(i));
    writer.commit();
}

void print_json(const CheckOptions& options, const std::vector<Finding>& findings) {
    Json list = Json::array();
    for (const Finding& item : findings) {
        list.push_back({{"problem", item.name},
                        {"count", item.count},
                        {"consequence", item.consequence},
                        {"fix", item.fix},
                        {"harmless", item.harmless},
                        {"examples", item.examples}});
    }
    fmt::print("{}\n", Json{{"data", options.data}, {"findings", list}}.dump(1));
}

}  // namespace

int check_dataset(const CheckOptions& options) {
    Check check(options);
    check.run();
    std::size_t wrong = 0;
    for (const Finding& item : check.findings())
        if (!item.harmless) wrong += item.count;
    if (options.json) {
        print_json(options, check.findings());
    } else {
        for (const Finding& item : check.findings()) {
            fmt::print("{:>6}  {}: {}\n        to fix: {}\n", item.count, item.name,
                       item.consequence, item.fix);
            for (const std::string& example : item.examples)
                fmt::print("        {}\n", example);
        }
        fmt::print(
            "{}: {}\n", options.data,
            wrong == 0 ? std::string("nothing is wrong") : fmt::format("{} problems", wrong));
    }
    if (options.fix.empty()) return wrong == 0 ? 0 : 1;
    check.write_fixed();
    fmt::print(stderr, "repaired file: {}\n", options.fix);
    return 0;
}

}  // namespace embedmask::cli
