// Writes predictions in the formats that keep the labels of all images in one file.
#pragma once

#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/input_files.h"
#include "data/image_files.h"
#include "embedmask/data.h"
#include "embedmask/predictor.h"
#include "report/prediction_files.h"

namespace embedmask::report {

/// Pre-labels for annotation tools, and measurements. Not thread-safe.
class DocumentWriter {
public:
    /// Files go to OUT/FORMAT; formats with files of their own for each image are ignored. `suffix`
    /// goes before the ending, e.g. ".shard-0-of-4". `categories` are borrowed. Nothing is created
    /// yet.
    DocumentWriter(const std::filesystem::path& out, std::span<const OutputFormat> formats,
                   const std::string& suffix, float score_threshold,
                   const std::vector<Category>& categories, ExportOptions options);
    ~DocumentWriter();
    DocumentWriter(const DocumentWriter&) = delete;
    DocumentWriter& operator=(const DocumentWriter&) = delete;

    /// OutputFolder::require_replaceable for all files.
    void require_replaceable(const detail::InputFiles& inputs, bool force) const;

    /// Creates the folders and the files beside the documents, and begins these.
    void create();

    /// Adds an image, upright even if the prediction refers to the stored rows of its file.
    void write(const data::ImageFile& input, const Prediction& prediction);

    /// Completes the files, and returns their paths.
    std::vector<std::filesystem::path> finish();

private:
    struct Document;

    std::vector<std::unique_ptr<Document>> documents_;
    float score_threshold_;
    const std::vector<Category>& categories_;
    ExportOptions options_;
};

}  // namespace embedmask::report
