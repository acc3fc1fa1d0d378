/// COCO results files (spec §7.7): one record per detection.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "embedmask/box.h"
#include "embedmask/dataset.h"
#include "embedmask/export.h"

namespace embedmask {

/// One detection as a results file writes it.
struct Result {
    std::int64_t image_id = 0;
    std::int64_t category_id = 0;  ///< the id of the annotation file
    double score = 0;              ///< finite
    std::optional<CocoBox> box;
    Segmentation segmentation;
};

/// Reads a results file: a JSON array of records (an empty one is fine). Error (file, byte
/// position, index) for malformed JSON, missing keys, scores that are not finite, broken run
/// lengths. A record needs a non-empty `bbox` or a `segmentation`. `threads` 0: all processors.
EMBEDMASK_EXPORT std::vector<Result> read_results(const std::filesystem::path& path,
                                                  int threads = 0);
EMBEDMASK_EXPORT std::vector<Result> parse_results(std::string_view json, const std::string& source,
                                                   int threads = 0);

/// Error that lists every image id and category id of the results that the data set does not have,
/// and names both files.
EMBEDMASK_EXPORT void require_known_ids(const Dataset& dataset, std::span<const Result> results,
                                        const std::string& source);

/// Writes a results file record by record; it appears under its name at `commit()`.
/// Numbers are written so that reading them gives the same bits.
class EMBEDMASK_EXPORT ResultsWriter {
public:
    explicit ResultsWriter(const std::filesystem::path& path);
    ~ResultsWriter();
    ResultsWriter(const ResultsWriter&) = delete;
    ResultsWriter& operator=(const ResultsWriter&) = delete;

    /// {"image_id","category_id","bbox":[x,y,w,h],"score"}. Error when a number is not finite.
    void add_box(std::int64_t image_id, std::int64_t category_id, const CocoBox& box, double score);

    /// {"image_id","category_id","segmentation":{"size","counts"},"score"}: without a `bbox`, or
    /// the COCO tools would take areas from boxes.
    void add_mask(std::int64_t image_id, std::int64_t category_id, const Rle& mask, double score);

    void commit();

private:
    struct Implementation;
    std::unique_ptr<Implementation> implementation_;
};

}  // namespace embedmask
