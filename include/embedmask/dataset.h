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

/// A mask as a file writes it.
struct Segmentation {
    enum class Format {
        none,      ///< no key, null, or an empty list: the mask is unknown
        polygons,  ///< rings x0, y0, x1, y1, ... in pixels
        rle,       ///< compressed string or list of run lengths
    };

    Format format = Format::none;
    std::vector<std::vector<double>> polygons;
    Rle rle;
};

struct ImageRecord {
    std::int64_t id = 0;
    int width = 0;  ///< pixels; 0 when the file does not say
    int height = 0;
    std::string file_name;
};

struct Annotation {
    std::int64_t id = 0;
    std::int64_t image_id = 0;
    std::int64_t category_id = 0;
    std::optional<CocoBox> box;
    std::optional<double> area;  ///< pixels, as annotated
    bool crowd = false;
    Segmentation segmentation;
};

/// The lists in file order. A plain value; reading from several threads is safe.
struct Dataset {
    std::string source;  ///< file name for messages
    std::vector<ImageRecord> images;
    std::vector<Category> categories;
    std::vector<Annotation> annotations;
    bool has_annotations = false;       ///< false for image lists such as COCO's test-dev
    std::vector<std::string> problems;  ///< masks that could not be read, when they are kept
};

/// Finds the images of a data set by their ids. The data set is borrowed and must keep its images.
/// Lookups may come from several threads.
class EMBEDMASK_EXPORT ImageIndex {
public:
    explicit ImageIndex(const Dataset& dataset);

    /// The image of an id, or nullptr; of images that share an id the last one.
    [[nodiscard]] const ImageRecord* find(std::int64_t id) const;

private:
    std::unordered_map<std::int64_t, const ImageRecord*> images_;
};

struct DatasetOptions {
    int threads = 0;             ///< 0: all processors
    bool keep_problems = false;  ///< broken masks become Format::none and a line in `problems`
};

/// Reads an instances file. Error (file, byte position, list and index) for malformed JSON, nesting
/// beyond 64 levels, missing ids and values of the wrong kind; ids are 64-bit, in any order, with
/// any gaps. Keys that are not listed above are ignored. Memory: the result, 16 bytes an element
/// and, of the file, only the pages being read (it is mapped).
EMBEDMASK_EXPORT Dataset read_dataset(const std::filesystem::path& path,
                                      const DatasetOptions& options = {});

/// The same for bytes in memory; `source` names them in messages.
EMBEDMASK_EXPORT Dataset parse_dataset(std::string_view json, const std::string& source,
                                       const DatasetOptions& options = {});

/// The mask of a segmentation in an image of height x width; empty for Format::none. Error when run
/// lengths are of another size or a polygon is broken.
EMBEDMASK_EXPORT Rle to_mask(const Segmentation& segmentation, int height, int width);

}  // namespace embedmask
