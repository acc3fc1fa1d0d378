#include "train/training_data.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <span>

#include "base/paged_path.h"
#include "base/paths.h"
#include "data/recorded_image.h"
#include "embedmask/error.h"
#include "embedmask/evaluation.h"

namespace embedmask::train {
namespace {

constexpr std::size_t kShownIds = 5;

// §2.6: an image counts if any annotation, crowd or not, is wider and higher than one pixel.
bool is_usable(const std::vector<const Annotation*>& annotations) {
    return std::any_of(annotations.begin(), annotations.end(), [](const Annotation* annotation) {
        return !annotation->box || (annotation->box->width > 1 && annotation->box->height > 1);
    });
}

void check_image(const TrainingImage& image, const std::string& source) {
    if (image.size.width <= 0 || image.size.height <= 0) {
        throw Error(fmt::format("{}: image {}: no width and height", source, image.id),
                    "`embedmask data check FILE` counts such images");
    }
    if (!detail::is_regular(detail::paged_path(image.file).file)) {
        throw Error(
            fmt::format("{}: image {}: file not found: {}", source, image.id, image.file.string()),
            "pass the folder that contains the images; `embedmask data check FILE "
            "--images DIR` counts missing files");
    }
}

// A run-length mask has its own size.
void check_mask(const Annotation& annotation, const TrainingImage& image,
                const std::string& source) {
    if (annotation.segmentation.format != Segmentation::Format::rle) {
        return;
    }
    const Rle& mask = annotation.segmentation.rle;
    if (mask.height == image.size.height && mask.width == image.size.width) {
        return;
    }
    throw Error(
        fmt::format(
            "{}: annotation {}: the mask is {}x{} pixels, but image {} is {}x{} (width x height)",
            source, annotation.id, mask.width, mask.height, image.id, image.size.width,
            image.size.height),
        "\"size\" is [height, width]; `embedmask data check FILE` counts such masks");
}

std::string names_of(const std::vector<Category>& categories) {
    std::string text;
    for (const Category& category : categories) {
        text += fmt::format("{}{} {}", text.empty() ? "" : ", ", category.id, category.name);
    }
    return text;
}

std::string category_text(const std::vector<Category>& categories, std::size_t k) {
    if (k >= categories.size()) {
        return "missing";
    }
    return fmt::format("{} \"{}\"", categories[k].id, categories[k].name);
}

bool is_same(const Category& a, const Category& b) {
    return a.id == b.id && a.name == b.name;
}

}  // namespace

bool same_categories(const std::vector<Category>& a, const std::vector<Category>& b) {
    return std::ranges::equal(a, b, is_same);
}

std::string category_difference(const std::vector<Category>& found,
                                const std::vector<Category>& expected) {
    std::size_t k = 0;
    while (k < std::min(found.size(), expected.size()) && is_same(found[k], expected[k])) {
        ++k;
    }
    return fmt::format("category {} is {}, expected {}", k + 1, category_text(found, k),
                       category_text(expected, k));
}

TrainingData::TrainingData(const Config& config, bool keep_unlabeled) {
    const Config::Data& data = config.data;
    if (data.train.empty()) {
        throw Error("nothing to train on: data.train is empty",
                    "pass --data ANNOTATIONS.json --images FOLDER");
    }
    if (data.train_images.size() != data.train.size()) {
        throw Error(fmt::format("data.train has {} files and data.train_images {} folders",
                                data.train.size(), data.train_images.size()),
                    "pass one folder for each file");
    }
    if (!data.weights.empty() && data.weights.size() != data.train.size()) {
        throw Error(fmt::format("data.train has {} files and data.weights {} numbers",
                                data.train.size(), data.weights.size()),
                    "pass one weight for each file, or none");
    }
    if (!data.weights.empty() && *std::ranges::max_element(data.weights) <= 0) {
        throw Error("data.weights are all zero: no image would be used",
                    "set at least one weight above 0; 1 uses every image of a file once per pass");
    }
    for (std::size_t i = 0; i < data.train.size(); ++i) {
        add_file(config, i, keep_unlabeled);
    }
    if (images_.empty()) {
        throw Error(fmt::format("{}: no image has a usable object", data.train.front()),
                    "`embedmask data check FILE` counts what is wrong and shows examples");
    }
    if (has_masks(config) && summary_.given_masks > 0 &&
        summary_.masks_without_pixels == summary_.given_masks) {
        throw Error(fmt::format("{}: none of {} masks has a pixel", fmt::join(data.train, ", "),
                                summary_.given_masks),
                    "`embedmask data check FILE --fix OUT.json` names and repairs such masks");
    }
    if (has_masks(config) && summary_.objects > 0 && summary_.unknown_masks == summary_.objects) {
        throw Error(fmt::format("none of {} objects has a mask, but the network predicts masks",
                                summary_.objects),
                    "annotate masks (\"segmentation\"), or train boxes only with "
                    "--set embed_mode=none");
    }
    if (summary_.unknown_masks > 0 && data.unknown_masks == UnknownMasks::error &&
        has_masks(config)) {
        throw Error(
            fmt::format("{} of {} objects have no mask (an empty \"segmentation\")",
                        summary_.unknown_masks, summary_.objects),
            "--set data.unknown_masks=box-only trains on their boxes and ignores their masks");
    }
}

void TrainingData::add_file(const Config& config, std::size_t index, bool keep_unlabeled) {
    const Config::Data& data = config.data;
    files_.push_back(std::make_unique<Dataset>(read_dataset(data.train[index])));
    const Dataset& file = *files_.back();
    if (index == 0) {
        categories_ = file.categories;
        summary_.per_category.resize(categories_.size());
    } else if (!same_categories(file.categories, categories_)) {
        throw Error(
            fmt::format("the categories of {} differ from those of {}: {} instead of {}",
                        file.source, files_.front()->source, names_of(file.categories),
                        names_of(categories_)),
            "merge the files with `embedmask data merge` and pass the result as one --data");
    }
    const ImageIndex images(file);
    std::map<std::int64_t, std::vector<const Annotation*>> by_image;
    if (keep_unlabeled) {
        for (const ImageRecord& record : file.images) {
            by_image[record.id] = {};
        }
    }
    for (const Annotation& annotation : file.annotations) {
        if (images.find(annotation.image_id) == nullptr) {
            throw Error(fmt::format("{}: annotation {}: unknown image {}", file.source,
                                    annotation.id, annotation.image_id),
                        "`embedmask data check FILE --fix OUT.json` removes such annotations");
        }
        by_image[annotation.image_id].push_back(&annotation);
    }
    for (auto& [id, annotations] : by_image) {
        const ImageRecord& record = *images.find(id);
        if (!keep_unlabeled && !is_usable(annotations)) {
            continue;
        }
        TrainingImage image;
        image.file = data::recorded_path(data.train_images[index], record.file_name);
        image.size = {record.width, record.height};
        image.upright = record.upright;
        image.id = id;
        if (!data.weights.empty()) {
            image.weight = data.weights[index];
        }
        summary_.crowds += std::erase_if(annotations, [](const Annotation* a) { return a->crowd; });
        image.annotations = std::move(annotations);
        check_image(image, file.source);
        for (const Annotation* annotation : image.annotations) {
            check_mask(*annotation, image, file.source);
        }
        count(image);
        images_.push_back(std::move(image));
    }
    note_useless_objects(file, has_masks(config));
    summary_.without_objects += static_cast<std::int64_t>(file.images.size());
    summary_.images = static_cast<std::int64_t>(images_.size());
    if (index + 1 == data.train.size()) {
        summary_.without_objects -= summary_.images;
    }
}

void TrainingData::note_useless_objects(const Dataset& file, bool masks) {
    const GroundTruthNotes notes = ground_truth_notes(file, masks);
    summary_.given_masks += static_cast<std::int64_t>(notes.known_masks);
    summary_.masks_without_pixels += static_cast<std::int64_t>(notes.masks_without_pixels.size());
    const auto note = [&](const std::vector<std::int64_t>& ids, const char* what) {
        if (ids.empty()) {
            return;
        }
        const auto shown = std::span(ids).first(std::min(ids.size(), kShownIds));
        summary_.warnings.push_back(
            fmt::format("{}: {} of {} objects have {} and are left out (annotations {}{})",
                        file.source, ids.size(), notes.objects, what, fmt::join(shown, ", "),
                        shown.size() < ids.size() ? ", ..." : ""));
    };
    note(notes.masks_without_pixels, "a mask without pixels");
    note(notes.boxes_without_area, "a box without area");
}

void TrainingData::count(const TrainingImage& image) {
    for (const Annotation* annotation : image.annotations) {
        ++summary_.objects;
        ++summary_.per_category[static_cast<std::size_t>(label(annotation->category_id)) - 1];
        if (annotation->segmentation.format == Segmentation::Format::none) {
            ++summary_.unknown_masks;
        }
    }
}

std::int64_t TrainingData::label(std::int64_t category_id) const {
    const auto same = [&](const Category& category) { return category.id == category_id; };
    const auto found = std::find_if(categories_.begin(), categories_.end(), same);
    if (found == categories_.end()) {
        throw Error(fmt::format("{}: an annotation has category {}, which is not listed",
                                files_.back()->source, category_id),
                    "`embedmask data check FILE` counts such annotations");
    }
    return found - categories_.begin() + 1;
}

}  // namespace embedmask::train
