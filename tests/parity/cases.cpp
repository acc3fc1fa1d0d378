// Reads cases, one JSON object a line, and prints what the library makes of each, one line a case.
// tests/parity/*.py generate the cases and compare with the Python tools.
#include <fmt/format.h>

#include <iostream>
#include <nlohmann/json.hpp>

#include "embedmask/analysis.h"
#include "embedmask/error.h"
#include "embedmask/evaluation.h"
#include "embedmask/polygon.h"

namespace embedmask {
namespace {

using nlohmann::json;

Rle rle_of(const json& value) {
    return decompress(value["counts"].get<std::string>(), value["size"][0], value["size"][1]);
}

json evaluate_case(const json& item) {
    EvaluationOptions options;
    const std::string type = item["type"];
    options.type = type == "bbox"   ? IouType::bbox
                   : type == "segm" ? IouType::segm
                                    : IouType::boundary;
    options.threads = item.value("threads", 1);
    options.class_agnostic = item.value("class_agnostic", false);
    if (item.contains("max_detections")) {
        options.max_detections = item["max_detections"].get<std::vector<int>>();
    }
    if (item.contains("thresholds")) {
        options.iou_thresholds = item["thresholds"].get<std::vector<double>>();
    }
    for (const auto& range : item.value("areas", json::array())) {
        options.area_ranges.push_back({range[0], range[1], range[2]});
    }
    const Dataset dataset = parse_dataset(item["gt"].dump(), "gt");
    const auto results = parse_results(item["dt"].dump(), "dt");
    if (item.value("tide", false)) {
        const TideErrors e = tide_errors(dataset, results, options.type, options.threads);
        return {{"ap", e.ap},
                {"errors",
                 {e.classification, e.localization, e.both, e.duplicate, e.background, e.missed,
                  e.false_positive, e.false_negative}}};
    }
    const Evaluation evaluation = evaluate(dataset, results, options);
    return {{"stats", evaluation.stats()},
            {"precision", evaluation.precision()},
            {"recall", evaluation.recall},
            {"scores", evaluation.scores()}};
}

json mask_case(const json& item) {
    const int height = item["size"][0];
    const int width = item["size"][1];
    std::vector<Rle> masks;
    for (const auto& rings : item["polygons"]) {
        masks.push_back(
            rasterize_polygons(rings.get<std::vector<std::vector<double>>>(), height, width));
    }
    for (const auto& rle : item["rles"]) {
        masks.push_back(rle_of(rle));
    }
    for (const auto& bitmap : item["bitmaps"]) {
        masks.push_back(encode_columns(bitmap.get<std::vector<std::uint8_t>>(), height, width));
    }
    json out{{"strings", json::array()},
             {"areas", json::array()},
             {"boxes", json::array()},
             {"iou", json::array()},
             {"crowd_iou", json::array()}};
    for (const Rle& mask : masks) {
        out["strings"].push_back(compress(mask));
        out["areas"].push_back(area(mask));
        const CocoBox box = bounding_box(mask);
        out["boxes"].push_back({box.x, box.y, box.width, box.height});
        for (const Rle& other : masks) {
            out["iou"].push_back(mask_iou(mask, other));
            out["crowd_iou"].push_back(mask_iou(mask, other, true));
        }
    }
    out["union"] = compress(unite(masks));
    out["intersection"] = compress(intersect(masks));
    return out;
}

}  // namespace
}  // namespace embedmask

int main() {
    std::ios::sync_with_stdio(false);
    for (std::string line; std::getline(std::cin, line);) {
        try {
            const auto item = nlohmann::json::parse(line);
            const auto out =
                item.contains("gt") ? embedmask::evaluate_case(item) : embedmask::mask_case(item);
            std::cout << out.dump() << '\n';
        } catch (const std::exception& error) {
            std::cout << nlohmann::json{{"error", error.what()}}.dump() << '\n';
        }
    }
    return 0;
}
