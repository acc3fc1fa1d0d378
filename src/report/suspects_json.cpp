#include <nlohmann/json.hpp>

#include "embedmask/rle.h"
#include "report/report.h"
#include "report/suspects_report.h"

namespace embedmask::report {
namespace {

using OrderedJson = nlohmann::ordered_json;

OrderedJson box_json(const std::optional<CocoBox>& box) {
    return box ? OrderedJson{box->x, box->y, box->width, box->height} : OrderedJson();
}

OrderedJson detection_json(const Result& result, const CategoryNames& names) {
    OrderedJson json{{"category_id", result.category_id},
                     {"category", names(result.category_id)},
                     {"score", result.score},
                     {"bbox", box_json(result.box)}};
    if (result.segmentation.format == Segmentation::Format::rle) {
        const Rle& mask = result.segmentation.rle;
        json["segmentation"] = {{"size", {mask.height, mask.width}}, {"counts", compress(mask)}};
    }
    return json;
}

OrderedJson labels_json(const Suspect& suspect, const Dataset& dataset,
                        const CategoryNames& names) {
    OrderedJson labels = OrderedJson::array();
    for (const std::size_t i : suspect.annotations) {
        const Annotation& label = dataset.annotations[i];
        labels.push_back({{"id", label.id},
                          {"category_id", label.category_id},
                          {"category", names(label.category_id)},
                          {"bbox", box_json(label.box)}});
    }
    return labels;
}

}  // namespace

std::string suspects_json(const SuspectsReport& report) {
    const CategoryNames names(report.dataset);
    const ImageIndex images(report.dataset);
    OrderedJson kinds = OrderedJson::array();
    for (const SuspectKind kind : report.options.kinds) {
        kinds.push_back(name_of(kind));
    }
    OrderedJson suspects = OrderedJson::array();
    for (const Suspect& suspect : report.suspects) {
        OrderedJson item{{"rank", suspects.size() + 1},
                         {"score", suspect.score},
                         {"kind", name_of(suspect.kind)},
                         {"image_id", suspect.image_id},
                         {"file_name", images.find(suspect.image_id)->file_name},
                         {"labels", labels_json(suspect, report.dataset, names)},
                         {"detection", OrderedJson()},
                         {"reason", suspect.reason}};
        if (suspect.result) {
            item["detection"] = detection_json(report.results[*suspect.result], names);
        }
        suspects.push_back(std::move(item));
    }
    const OrderedJson json{{"data", report.data},
                           {"model", report.model},
                           {"data_fingerprint", report.fingerprint},
                           {"settings",
                            {{"precision", report.settings.precision},
                             {"score_threshold", report.settings.score_threshold},
                             {"mask_threshold", report.settings.mask_threshold},
                             {"short_side", report.settings.short_side},
                             {"max_side", report.settings.max_side},
                             {"categories", report.settings.categories},
                             {"range", report.settings.range},
                             {"kinds", kinds},
                             {"limit", report.options.most}}},
                           {"skipped", report.skipped},
                           {"suspects", suspects}};
    return json.dump(1, ' ', false, OrderedJson::error_handler_t::replace) + "\n";
}

}  // namespace embedmask::report
