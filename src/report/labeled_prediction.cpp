#include "report/labeled_prediction.h"

#include "data/turned.h"
#include "image/orientation.h"

namespace embedmask::report {

Prediction upright(const Prediction& prediction, int orientation) {
    Prediction turned;
    turned.size = image::oriented_size(prediction.size, orientation);
    for (const Detection& detection : prediction.detections) {
        Detection& copy = turned.detections.emplace_back(detection);
        copy.box = data::turned(detection.box, prediction.size, orientation);
        if (!detection.mask.counts.empty()) {
            copy.mask = data::turned(detection.mask, orientation);
        }
        copy.sweep.clear();
    }
    return turned;
}

data::LabeledImage labeled_image(const ImageRecord& record, const Prediction& prediction,
                                 float score_threshold, const std::vector<Category>& categories) {
    data::LabeledImage image;
    image.record = &record;
    image.size = prediction.size;
    for (const Detection& detection : prediction.detections) {
        const bool has_mask = !detection.mask.counts.empty();
        if (detection.score < score_threshold || (has_mask && area(detection.mask) == 0)) {
            continue;
        }
        data::LabeledObject object;
        object.mask = has_mask ? &detection.mask : nullptr;
        object.box = detection.box;
        object.category_index = detection.label;
        object.label = categories[static_cast<std::size_t>(detection.label)].name;
        object.score = detection.score;
        image.objects.push_back(std::move(object));
    }
    return image;
}

ImageRecord record_of(const data::ImageFile& input) {
    ImageRecord record;
    record.id = input.image_id;
    record.file_name = input.name;
    return record;
}

}  // namespace embedmask::report
