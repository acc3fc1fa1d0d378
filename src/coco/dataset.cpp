#include "embedmask/dataset.h"

#include <fmt/format.h>

#include <atomic>
#include <functional>
#include <mutex>
#include <optional>

#include "base/file.h"
#include "coco/foreign_labels.h"
#include "coco/json_layout.h"
#include "coco/json_record.h"
#include "embedmask/error.h"
#include "embedmask/polygon.h"

namespace embedmask {

namespace {

/// `federated` becomes true for the keys of LVIS.
ImageRecord read_image(const detail::JsonPlace& place, simdjson::dom::object record,
                       std::atomic<bool>& federated) {
    ImageRecord image;
    bool has_id = false;
    for (const auto& [key, value] : record) {
        const detail::JsonField field{place, key, value};
        if (key == "id") {
            image.id = field.integer();
            has_id = true;
        } else if (key == "width") {
            image.width = field.value.is_null() ? 0 : field.size();
        } else if (key == "height") {
            image.height = field.value.is_null() ? 0 : field.size();
        } else if (key == "file_name") {
            image.file_name = field.text();
        } else if (key == "exif") {
            // Other programs may store other things under this name.
            std::string_view text;
            image.upright = value.get(text) == simdjson::SUCCESS && text == "applied";
        } else if (key == "neg_category_ids" || key == "not_exhaustive_category_ids") {
            federated = true;
        }
    }
    if (!has_id) {
        place.fail("id", "is missing");
    }
    return image;
}

Category read_category(const detail::JsonPlace& place, simdjson::dom::object record,
                       std::atomic<bool>& federated) {
    Category category;
    bool has_id = false;
    for (const auto& [key, value] : record) {
        const detail::JsonField field{place, key, value};
        if (key == "id") {
            category.id = field.integer();
            has_id = true;
        } else if (key == "name") {
            category.name = field.text();
        } else if (key == "supercategory") {
            category.supercategory = field.empty() ? std::string() : field.text();
        } else if (key == "frequency") {
            federated = true;
        }
    }
    if (!has_id) {
        place.fail("id", "is missing");
    }
    return category;
}

/// `problem` receives the message of an unreadable mask if `options` allow one; otherwise an
/// unreadable mask is an Error.
Annotation read_annotation(const detail::JsonPlace& place, simdjson::dom::object record,
                           const DatasetOptions& options,
                           const std::function<void(const std::string&)>& problem) {
    Annotation annotation;
    bool has_id = false;
    bool has_image = false;
    bool has_category = false;
    std::optional<Error> broken;
    for (const auto& [key, value] : record) {
        const detail::JsonField field{place, key, value};
        if (key == "id") {
            annotation.id = field.integer();
            has_id = true;
        } else if (key == "image_id") {
            annotation.image_id = field.integer();
            has_image = true;
        } else if (key == "category_id") {
            annotation.category_id = field.integer();
            has_category = true;
        } else if (key == "bbox") {
            if (!field.empty()) {
                annotation.box = field.box();
            }
        } else if (key == "area") {
            if (!field.empty()) {
                annotation.area = field.number();
            }
        } else if (key == "iscrowd") {
            annotation.crowd = field.flag();
        } else if (key == "segmentation") {
            try {
                annotation.segmentation = field.segmentation();
            } catch (const Error& error) {
                broken = error;
            }
        }
    }
    if (!has_id) {
        place.fail("id", "is missing");
    }
    if (!has_image) {
        place.fail("image_id", "is missing");
    }
    if (!has_category) {
        place.fail("category_id", "is missing");
    }
    if (broken) {
        if (!options.keep_problems && !(options.boxes_suffice && annotation.box)) {
            throw Error(*broken);
        }
        problem(broken->what());
    }
    return annotation;
}

}  // namespace

ImageIndex::ImageIndex(const Dataset& dataset) {
    images_.reserve(dataset.images.size());
    for (const ImageRecord& image : dataset.images) {
        images_[image.id] = &image;
    }
}

const ImageRecord* ImageIndex::find(std::int64_t id) const {
    const auto found = images_.find(id);
    return found == images_.end() ? nullptr : found->second;
}

Dataset parse_dataset(std::string_view json, const std::string& source,
                      const DatasetOptions& options) {
    const detail::JsonLayout layout = detail::find_layout(json, source);
    detail::reject_foreign_json(json, layout, source);
    if (layout.array) {
        throw Error(fmt::format("{}: found a list: expected an object with \"images\" and "
                                "\"categories\"",
                                source),
                    "this looks like a results file; pass an annotation file here");
    }
    const auto list = [&](std::string_view key, bool required) -> const detail::JsonMember* {
        const detail::JsonMember* member = layout.member(key);
        if (member == nullptr && required) {
            throw Error(fmt::format(
                "{}: the key \"{}\" is missing: expected a COCO annotation file", source, key));
        }
        if (member != nullptr && !member->array) {
            throw Error(fmt::format("{}, byte {}: key \"{}\": expected a list", source,
                                    member->value.begin, key));
        }
        return member;
    };
    const auto visit = [&](const detail::JsonMember* member, const detail::JsonVisitor& visitor) {
        if (member == nullptr) {
            return;
        }
        detail::visit_records(json, source, member->key, member->elements, options.threads,
                              visitor);
    };

    Dataset dataset;
    dataset.source = source;
    std::atomic<bool> federated = false;
    const detail::JsonMember* images = list("images", true);
    dataset.images.resize(images->elements.size());
    visit(images, [&](std::size_t i, const detail::JsonPlace& place, simdjson::dom::object record) {
        dataset.images[i] = read_image(place, record, federated);
    });
    const detail::JsonMember* categories = list("categories", false);
    if (categories != nullptr) {
        dataset.categories.resize(categories->elements.size());
    }
    visit(categories,
          [&](std::size_t i, const detail::JsonPlace& place, simdjson::dom::object record) {
              dataset.categories[i] = read_category(place, record, federated);
          });
    const detail::JsonMember* annotations = list("annotations", false);
    dataset.has_annotations = annotations != nullptr;
    if (annotations != nullptr) {
        dataset.annotations.resize(annotations->elements.size());
    }
    std::vector<std::pair<std::size_t, std::string>> problems;
    std::mutex mutex;
    visit(annotations,
          [&](std::size_t i, const detail::JsonPlace& place, simdjson::dom::object record) {
              const auto keep = [&problems, &mutex, i](const std::string& message) {
                  const std::lock_guard lock(mutex);
                  problems.emplace_back(i, message);
              };
              dataset.annotations[i] = read_annotation(place, record, options, keep);
          });
    std::sort(problems.begin(), problems.end());
    for (auto& problem : problems) {
        dataset.problems.push_back(std::move(problem.second));
    }
    dataset.federated = federated;
    return dataset;
}

Dataset read_dataset(const std::filesystem::path& path, const DatasetOptions& options) {
    const detail::MappedFile file(path);
    const auto bytes = file.bytes();
    return parse_dataset({reinterpret_cast<const char*>(bytes.data()), bytes.size()}, path.string(),
                         options);
}

Rle to_mask(const Segmentation& segmentation, int height, int width) {
    switch (segmentation.format) {
        case Segmentation::Format::polygons:
            return rasterize_polygons(segmentation.polygons, height, width);
        case Segmentation::Format::rle:
            if (segmentation.rle.height != height || segmentation.rle.width != width) {
                throw Error(fmt::format("mask of {}x{} (height x width) for an image of {}x{}",
                                        segmentation.rle.height, segmentation.rle.width, height,
                                        width));
            }
            return segmentation.rle;
        case Segmentation::Format::none:
            break;
    }
    return RleBuilder(height, width).finish();
}

}  // namespace embedmask
