#include "scoring/result_sets.h"

#include <iterator>

namespace embedmask::scoring {
namespace {

Result record(std::int64_t image_id, const Detection& detection) {
    Result result;
    result.image_id = image_id;
    result.category_id = detection.category_id;
    result.score = detection.score;
    return result;
}

}  // namespace

void read_into(std::vector<Result>& results, const std::vector<std::string>& paths,
               const Dataset& dataset, int threads) {
    for (const std::string& path : paths) {
        auto part = read_results(path, threads);
        require_known_ids(dataset, part, path);
        std::move(part.begin(), part.end(), std::back_inserter(results));
    }
}

Result box_result(std::int64_t image_id, const Detection& detection) {
    Result result = record(image_id, detection);
    result.box = detection.box;
    return result;
}

Result mask_result(std::int64_t image_id, const Detection& detection) {
    Result result = record(image_id, detection);
    result.segmentation.format = Segmentation::Format::rle;
    result.segmentation.rle = detection.mask;
    return result;
}

}  // namespace embedmask::scoring
