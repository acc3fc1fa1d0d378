/// @file
/// COCO results files (spec §7.7), one record per detection.
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

/// A record of a results file.
struct Result {
    std::int64_t image_id = 0;     ///< ImageRecord::id
    std::int64_t category_id = 0;  ///< Category::id
    double score = 0;              ///< finite
    std::optional<CocoBox> box;    ///< pixels
    Segmentation segmentation;     ///< the mask
};

/// Reads a results file: a JSON array of records, which may be empty. Each record needs a `bbox` or
/// a `segmentation`. Error (file, byte position, index) for malformed JSON, missing keys, scores
/// that are not finite and invalid run lengths. `threads` 0: all processors. With `boxes_suffice`,
/// a broken mask of a record with a box becomes Format::none.
EMBEDMASK_EXPORT std::vector<Result> read_results(const std::filesystem::path& path,
                                                  int threads = 0, bool boxes_suffice = false);
/// As `read_results`, for text in memory; `source` names it in messages.
EMBEDMASK_EXPORT std::vector<Result> parse_results(std::string_view json, const std::string& source,
                                                   int threads = 0, bool boxes_suffice = false);

/// Throws an Error that names both files and lists the image and category ids of the results that
/// the dataset does not have (at most 1,000 of each). With `ignore_unknown_categories`, only image
/// ids are checked.
EMBEDMASK_EXPORT void require_known_ids(const Dataset& dataset, std::span<const Result> results,
                                        const std::string& source,
                                        bool ignore_unknown_categories = false);

/// Writes a results file record by record; the file appears at `commit()`. Numbers are written with
/// enough digits to read the same value back. For one thread.
class EMBEDMASK_EXPORT ResultsWriter {
public:
    /// Opens a temporary file next to `path`. Error if that fails.
    explicit ResultsWriter(const std::filesystem::path& path);
    ~ResultsWriter();
    ResultsWriter(const ResultsWriter&) = delete;
    ResultsWriter& operator=(const ResultsWriter&) = delete;

    /// Adds {"image_id","category_id","bbox":[x,y,w,h],"score"}. Error for a number that is not
    /// finite.
    void add_box(std::int64_t image_id, std::int64_t category_id, const CocoBox& box, double score);

    /// Adds {"image_id","category_id","segmentation":{"size","counts"},"score"}. There is no
    /// `bbox`, from which COCO tools would take the area. Error for a score that is not finite.
    void add_mask(std::int64_t image_id, std::int64_t category_id, const Rle& mask, double score);

    /// Completes the file under its name. Error if that fails.
    void commit();

private:
    struct Implementation;
    std::unique_ptr<Implementation> implementation_;
};

}  // namespace embedmask
