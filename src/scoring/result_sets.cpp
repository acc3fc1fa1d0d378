#include "scoring/result_sets.h"

#include <iterator>
#include <unordered_set>

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

std::size_t read_into(std::vector<Result>& results, const std::vector<std::string>& paths,
                      const Dataset& dataset, const ReadOptions& options) {
    std::unordered_set<std::int64_t> known;
    for (const Category& category : dataset.categories) {
        known.insert(category.id);
    }
    std::size_t unknown = 0;
    for (const std::string& path : paths) {
        auto part = read_results(path, options.threads, options.boxes_suffice);
        require_known_ids(dataset, part, path, options.ignore_unknown_categories);
        for (const Result& result : part) {
            unknown += known.contains(result.category_id) ? 0 : 1;
        }
        std::move(part.begin(), part.end(), std::back_inserter(results));
    }
    return unknown;
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
