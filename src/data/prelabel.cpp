#include <algorithm>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <unordered_set>

#include "base/input_files.h"
#include "coco/dataset_text.h"
#include "data/next_id.h"
#include "data/recorded_image.h"
#include "embedmask/data.h"
#include "embedmask/results.h"

namespace embedmask {
namespace {

/// A detection as an annotation; empty for a mask without pixels.
std::string prelabel_record(const Result& result, std::int64_t id) {
    nlohmann::ordered_json json{
        {"id", id}, {"image_id", result.image_id}, {"category_id", result.category_id}};
    CocoBox box = result.box.value_or(CocoBox{});
    double pixels = box.width * box.height;
    json["segmentation"] = nlohmann::json::array();
    if (result.segmentation.format == Segmentation::Format::rle) {
        const Rle& mask = result.segmentation.rle;
        json["segmentation"] = {{"size", {mask.height, mask.width}}, {"counts", compress(mask)}};
        // The box of the detector need not enclose the mask.
        box = bounding_box(mask);
        pixels = static_cast<double>(area(mask));
    }
    if (!(pixels > 0)) {
        return {};
    }
    json["bbox"] = {box.x, box.y, box.width, box.height};
    json["area"] = pixels;
    json["iscrowd"] = 0;
    json["score"] = result.score;
    return json.dump();
}

}  // namespace

PrelabelReport prelabel_dataset(const std::filesystem::path& annotations,
                                std::span<const Result> results,
                                const std::filesystem::path& prelabelled, double least_score) {
    detail::InputFiles inputs;
    inputs.add(annotations);
    inputs.require_other(prelabelled);
    const detail::DatasetText text(annotations);
    const Dataset& data = text.dataset();
    data::require_unique_images(data);
    require_known_ids(data, results, "results");
    std::unordered_set<std::int64_t> labelled;
    std::int64_t last = 0;
    for (const Annotation& annotation : data.annotations) {
        labelled.insert(annotation.image_id);
        last = std::max(last, annotation.id);
    }
    detail::DatasetTextWriter writer(prelabelled, text.other_members());
    writer.begin("images");
    for (std::size_t i = 0; i < data.images.size(); ++i) {
        writer.add(text.image(i));
    }
    writer.begin("annotations");
    for (std::size_t i = 0; i < data.annotations.size(); ++i) {
        writer.add(text.annotation(i));
    }
    PrelabelReport report;
    std::unordered_set<std::int64_t> written;
    for (const Result& result : results) {
        if (labelled.contains(result.image_id) || !(result.score >= least_score)) {
            continue;
        }
        const std::int64_t id = data::id_after(last);
        const std::string record = prelabel_record(result, id);
        if (record.empty()) {
            continue;
        }
        writer.add(record);
        last = id;
        ++report.objects;
        written.insert(result.image_id);
    }
    writer.begin("categories");
    for (std::size_t i = 0; i < data.categories.size(); ++i) {
        writer.add(text.category(i));
    }
    writer.commit();
    report.images = written.size();
    for (const ImageRecord& image : data.images) {
        report.unlabelled += labelled.contains(image.id) ? 0 : 1;
    }
    return report;
}

}  // namespace embedmask
