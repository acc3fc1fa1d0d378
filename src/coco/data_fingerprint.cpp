#include "coco/data_fingerprint.h"

#include <span>

#include "base/digest.h"

namespace embedmask::detail {

namespace {

void add_integer(Digest& digest, std::int64_t value) {
    digest.add(static_cast<std::uint64_t>(value));
}

void add_segmentation(Digest& digest, const Segmentation& segmentation) {
    add_integer(digest, static_cast<int>(segmentation.format));
    add_integer(digest, static_cast<std::int64_t>(segmentation.polygons.size()));
    for (const std::vector<double>& ring : segmentation.polygons) {
        digest.add(std::as_bytes(std::span(ring)));
    }
    add_integer(digest, segmentation.rle.height);
    add_integer(digest, segmentation.rle.width);
    digest.add(std::as_bytes(std::span(segmentation.rle.counts)));
}

void add_annotation(Digest& digest, const Annotation& annotation) {
    for (const std::int64_t id : {annotation.id, annotation.image_id, annotation.category_id}) {
        add_integer(digest, id);
    }
    add_integer(digest, annotation.box ? 1 : 0);
    if (annotation.box) {
        for (const double number : {annotation.box->x, annotation.box->y, annotation.box->width,
                                    annotation.box->height}) {
            digest.add(number);
        }
    }
    add_integer(digest, annotation.area ? 1 : 0);
    digest.add(annotation.area.value_or(0));
    add_integer(digest, annotation.crowd ? 1 : 0);
    add_segmentation(digest, annotation.segmentation);
}

}  // namespace

std::uint64_t fingerprint(const Dataset& dataset) {
    Digest digest;
    add_integer(digest, static_cast<std::int64_t>(dataset.images.size()));
    for (const ImageRecord& image : dataset.images) {
        add_integer(digest, image.id);
        add_integer(digest, image.width);
        add_integer(digest, image.height);
    }
    add_integer(digest, static_cast<std::int64_t>(dataset.categories.size()));
    for (const Category& category : dataset.categories) {
        add_integer(digest, category.id);
    }
    for (const Annotation& annotation : dataset.annotations) {
        add_annotation(digest, annotation);
    }
    return digest.value();
}

}  // namespace embedmask::detail
