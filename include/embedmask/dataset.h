/// @file
/// COCO instances files (spec §2.6): images, categories, annotations.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "embedmask/box.h"
#include "embedmask/category.h"
#include "embedmask/export.h"
#include "embedmask/rle.h"

namespace embedmask {

/// A mask in the format of an annotation or results file.
struct Segmentation {
    /// The formats of COCO.
    enum class Format {
        none,      ///< no key, null or an empty list: the mask is unknown
        polygons,  ///< rings x0, y0, x1, y1, ... in pixels
        rle,       ///< compressed string or list of run lengths
    };

    Format format = Format::none;               ///< which of the following is set
    std::vector<std::vector<double>> polygons;  ///< rings, in pixels
    Rle rle;                                    ///< run lengths
};

/// An image of an annotation file.
struct ImageRecord {
    std::int64_t id = 0;    ///< image id
    int width = 0;          ///< pixels; 0 if not recorded
    int height = 0;         ///< pixels; 0 if not recorded
    std::string file_name;  ///< relative to the image folder
    /// The labels refer to the image after its EXIF orientation is applied, even where that does
    /// not change the size: `"exif": "applied"`, as our imports write it. Otherwise the size
    /// decides (DecodeOptions::expected_size).
    bool upright = false;
};

/// An annotated object.
struct Annotation {
    std::int64_t id = 0;           ///< annotation id
    std::int64_t image_id = 0;     ///< ImageRecord::id
    std::int64_t category_id = 0;  ///< Category::id
    std::optional<CocoBox> box;    ///< pixels
    std::optional<double> area;    ///< pixels, as annotated
    bool crowd = false;            ///< a region of many objects (`iscrowd`)
    Segmentation segmentation;     ///< the mask
};

/// An annotation file. A plain value; reading from several threads is safe.
struct Dataset {
    std::string source;                   ///< file name for messages
    std::vector<ImageRecord> images;      ///< in file order
    std::vector<Category> categories;     ///< in file order
    std::vector<Annotation> annotations;  ///< in file order
    bool has_annotations = false;         ///< false for image lists such as COCO test-dev
    bool federated = false;               ///< has keys of LVIS: not every object is annotated
    std::vector<std::string> problems;    ///< broken masks (DatasetOptions)
};

/// Finds the images of a dataset by id. Borrows the dataset, whose images must not change.
/// Lookups are thread-safe.
class EMBEDMASK_EXPORT ImageIndex {
public:
    /// Builds the index.
    explicit ImageIndex(const Dataset& dataset);

    /// The image with this id, or nullptr. If images share an id, the last one.
    [[nodiscard]] const ImageRecord* find(std::int64_t id) const;

private:
    std::unordered_map<std::int64_t, const ImageRecord*> images_;
};

/// Options of `read_dataset`.
struct DatasetOptions {
    int threads = 0;             ///< 0: all processors
    bool keep_problems = false;  ///< broken masks become Format::none and are listed
    /// As `keep_problems` where an annotation has a box; a broken mask without a box is an Error.
    bool boxes_suffice = false;
};

/// Reads an instances file. Error (file, byte position, list and index) for malformed JSON, nesting
/// beyond 64 levels, missing ids and values of the wrong kind; ids are 64-bit, in any order, with
/// any gaps. Keys that are not listed above are ignored. Memory: the result, 16 bytes per
/// element and the pages of the mapped file that are being read.
EMBEDMASK_EXPORT Dataset read_dataset(const std::filesystem::path& path,
                                      const DatasetOptions& options = {});

/// As `read_dataset`, for text in memory; `source` names it in messages.
EMBEDMASK_EXPORT Dataset parse_dataset(std::string_view json, const std::string& source,
                                       const DatasetOptions& options = {});

/// The mask of a segmentation in an image of height x width; empty for Format::none. Error for run
/// lengths of a different size and for an invalid polygon.
EMBEDMASK_EXPORT Rle to_mask(const Segmentation& segmentation, int height, int width);

}  // namespace embedmask
