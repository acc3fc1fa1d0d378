// What is unusual about the ground truth of a dataset.
#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <unordered_map>
#include <unordered_set>

#include "base/parallel.h"
#include "embedmask/error.h"
#include "embedmask/evaluation.h"

namespace embedmask {

namespace {

using Format = Segmentation::Format;

constexpr double kMostOfBox = 2;  // an area of more boxes than this is an error

bool is_known(const Annotation& annotation) {
    return annotation.segmentation.format != Format::none;
}

/// Error if the mask does not fit its image, naming the annotation.
bool has_pixels(const Dataset& dataset, const Annotation& annotation, const ImageRecord& image) {
    const Segmentation& segmentation = annotation.segmentation;
    const auto foreground = [](const std::vector<std::uint32_t>& counts) {
        for (std::size_t i = 1; i < counts.size(); i += 2) {
            if (counts[i] > 0) {
                return true;
            }
        }
        return false;
    };
    if (segmentation.format == Format::rle) {
        return foreground(segmentation.rle.counts);
    }
    try {
        return foreground(to_mask(segmentation, image.height, image.width).counts);
    } catch (const Error& error) {
        throw Error(fmt::format("{}, annotation {}, image {} ({}): {}", dataset.source,
                                annotation.id, image.id, image.file_name, error.what()));
    }
}

bool has_area(const ImageRecord& image) {
    return image.width > 0 && image.height > 0;
}

bool is_flat(const CocoBox& box) {
    return box.width <= 0 || box.height <= 0;
}

/// The ids that several records have.
template <class Record>
std::unordered_map<std::int64_t, std::size_t> counts_by_id(const std::vector<Record>& records) {
    std::unordered_map<std::int64_t, std::size_t> counts;
    counts.reserve(records.size());
    for (const Record& record : records) {
        ++counts[record.id];
    }
    return counts;
}

void add_shared_ids(const Dataset& dataset, GroundTruthNotes& notes) {
    const auto annotations = counts_by_id(dataset.annotations);
    if (annotations.size() < dataset.annotations.size()) {
        for (const Annotation& annotation : dataset.annotations) {
            if (annotations.at(annotation.id) > 1) {
                notes.shared_ids.push_back(annotation.id);
            }
        }
    }
    for (const auto& [id, count] : counts_by_id(dataset.images)) {
        if (count > 1) {
            notes.shared_image_ids.push_back(id);
        }
    }
    std::sort(notes.shared_image_ids.begin(), notes.shared_image_ids.end());
}

void add_masks_without_pixels(const Dataset& dataset, const ImageIndex& images, int threads,
                              GroundTruthNotes& notes) {
    std::vector<std::uint8_t> empty(dataset.annotations.size(), 0);
    detail::parallel_for(dataset.annotations.size(),
                         threads > 0 ? threads : detail::available_processors(),
                         [&](std::size_t i) {
                             const Annotation& annotation = dataset.annotations[i];
                             const ImageRecord* image = images.find(annotation.image_id);
                             if (is_known(annotation) && image != nullptr) {
                                 empty[i] = has_pixels(dataset, annotation, *image) ? 0 : 1;
                             }
                         });
    for (std::size_t i = 0; i < empty.size(); ++i) {
        if (empty[i] != 0) {
            notes.masks_without_pixels.push_back(dataset.annotations[i].id);
        }
    }
}

}  // namespace

GroundTruthNotes ground_truth_notes(const Dataset& dataset, bool masks, int threads) {
    GroundTruthNotes notes;
    notes.objects = dataset.annotations.size();
    notes.federated = dataset.federated;
    const ImageIndex images(dataset);
    for (const Annotation& annotation : dataset.annotations) {
        notes.known_masks += is_known(annotation) ? 1 : 0;
        const bool flat = annotation.box && is_flat(*annotation.box);
        if (flat) {
            notes.boxes_without_area.push_back(annotation.id);
        }
        if (!annotation.area) {
            continue;
        }
        const ImageRecord* image = images.find(annotation.image_id);
        double most = std::numeric_limits<double>::infinity();
        if (annotation.box && !flat) {
            most = kMostOfBox * annotation.box->width * annotation.box->height;
        }
        if (image != nullptr && has_area(*image)) {
            most = std::min(most, static_cast<double>(image->width) * image->height);
        }
        if (*annotation.area < 0 || (*annotation.area == 0 && !flat)) {
            notes.areas_of_nothing.push_back(annotation.id);
        } else if (*annotation.area > most) {
            notes.areas_too_large.push_back(annotation.id);
        }
    }
    add_shared_ids(dataset, notes);
    if (masks) {
        add_masks_without_pixels(dataset, images, threads, notes);
    }
    return notes;
}

void require_scorable_masks(const Dataset& dataset) {
    const ImageIndex images(dataset);
    std::unordered_set<std::int64_t> without_size;
    for (const ImageRecord& image : dataset.images) {
        if (!has_area(*images.find(image.id))) {
            without_size.insert(image.id);
        }
    }
    std::unordered_set<std::int64_t> with_objects;
    for (const Annotation& annotation : dataset.annotations) {
        if (!without_size.empty()) {
            with_objects.insert(annotation.image_id);
        }
    }
    for (const ImageRecord& image : dataset.images) {
        if (without_size.contains(image.id) && with_objects.contains(image.id)) {
            throw Error(
                fmt::format("{}: image {} ({}) has no width and height: expected the size of the "
                            "image, which masks need",
                            dataset.source, image.id, image.file_name),
                "write width and height of every image, or score boxes only (--type bbox)");
        }
    }
    std::size_t known = 0;
    for (const Annotation& annotation : dataset.annotations) {
        const ImageRecord* image = images.find(annotation.image_id);
        if (!is_known(annotation) || image == nullptr) {
            continue;
        }
        if (has_pixels(dataset, annotation, *image)) {
            return;
        }
        ++known;
    }
    if (known > 0) {
        throw Error(
            fmt::format("{}: none of the {} masks has a pixel: expected masks inside their images",
                        dataset.source, known),
            "check that width and height are those of the images and that coordinates are pixels, "
            "not fractions (`embedmask data check`), or score boxes only (--type bbox)");
    }
}

}  // namespace embedmask
