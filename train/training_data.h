// The images and objects used in training (§2.6).
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "embedmask/config.h"
#include "embedmask/dataset.h"
#include "embedmask/image.h"

namespace embedmask::train {

/// One training image.
struct TrainingImage {
    std::filesystem::path file;
    ImageSize size;        ///< as recorded in the annotation file
    bool upright = false;  ///< ImageRecord::upright
    std::int64_t id = 0;
    double weight = 1;                           ///< how often it appears in a pass
    std::vector<const Annotation*> annotations;  ///< without crowds
};

/// Counts for the plan printed before the first iteration.
struct DataSummary {
    std::int64_t images = 0;
    std::int64_t without_objects = 0;  ///< images excluded
    std::int64_t objects = 0;
    std::int64_t crowds = 0;  ///< objects excluded
    std::int64_t unknown_masks = 0;
    std::int64_t given_masks = 0;            ///< in the files
    std::int64_t masks_without_pixels = 0;   ///< of the given ones
    std::vector<std::string> warnings;       ///< objects that cannot be learnt, one line per kind
    std::vector<std::int64_t> per_category;  ///< objects per category, by category index
};

/// Reads the annotation files of `config.data`, one or several. Keeps, from every file and by
/// ascending id, the images with an annotation of more than one pixel in width and height; with
/// `keep_unlabeled`, all images.
///
/// Error before training starts for an unreadable file, files with different categories, an image
/// that is missing or has no size, no usable image, masks of which none has a pixel, unknown masks
/// without `data.unknown_masks = "box-only"`, or a different number of files and folders. Const
/// after construction; thread-safe.
class TrainingData {
public:
    explicit TrainingData(const Config& config, bool keep_unlabeled = false);

    [[nodiscard]] const std::vector<TrainingImage>& images() const { return images_; }
    [[nodiscard]] const std::vector<Category>& categories() const { return categories_; }
    [[nodiscard]] const DataSummary& summary() const { return summary_; }
    /// The network's label (1..C) of a category id (App. C: position in the file + 1).
    [[nodiscard]] std::int64_t label(std::int64_t category_id) const;

private:
    void add_file(const Config& config, std::size_t index, bool keep_unlabeled);
    void count(const TrainingImage& image);
    void note_useless_objects(const Dataset& file, bool masks);

    std::vector<std::unique_ptr<Dataset>> files_;
    std::vector<TrainingImage> images_;
    std::vector<Category> categories_;
    DataSummary summary_;
};

/// Whether ids and names agree, in order. Supercategories do not matter: model files have none.
bool same_categories(const std::vector<Category>& a, const std::vector<Category>& b);

/// The first difference of two lists of categories that differ: "category 3 is 5 "car", expected 6
/// "truck"".
std::string category_difference(const std::vector<Category>& found,
                                const std::vector<Category>& expected);

}  // namespace embedmask::train
