/// Looking after data sets: what is wrong with an annotation file, how it is split, merged,
/// filtered, counted, and turned into the label files of other tools and back.
///
/// Nothing is printed: every function returns what it found or wrote. Files appear whole or not at
/// all, and records that are copied keep every key, known or not. The functions share nothing and
/// may be called from any thread, as long as no two calls write the same files. All of them throw
/// Error (file, position in it, what was found and what was expected) for files that cannot be read
/// or written, and Error of kind `usage` for options out of range.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "embedmask/dataset.h"
#include "embedmask/export.h"

namespace embedmask {

struct CheckOptions {
    std::filesystem::path images{};    ///< folder of the images, opens every one; empty: none
    std::filesystem::path repaired{};  ///< where to write a repaired file; empty: nowhere
};

/// One kind of problem.
struct Finding {
    std::string name;
    std::string consequence;
    /// What writing a repaired file does about it when `repairable` ("drops it"), else what a
    /// person can do.
    std::string fix;
    bool repairable = false;
    bool harmless = false;  ///< worth knowing, not wrong
    std::size_t count = 0;
    std::vector<std::string> examples;  ///< the first three at most, each naming its record
};

struct EMBEDMASK_EXPORT DatasetCheck {
    std::vector<Finding> findings;  ///< in the order in which they were found
    bool repaired = false;          ///< CheckOptions::repaired was written

    /// How often something is wrong; harmless findings do not count.
    [[nodiscard]] std::size_t problems() const;
};

/// Looks for ids that occur twice or lead nowhere, boxes and masks that are broken or do not fit
/// their image or each other, and images that are missing, unreadable or of another size. Such
/// problems are findings; Error is only for what is no annotation file at all. Uses all processors
/// for the images.
[[nodiscard]] EMBEDMASK_EXPORT DatasetCheck check_dataset(const std::filesystem::path& annotations,
                                                          const CheckOptions& options = {});

struct SplitOptions {
    double fraction = 0.2;   ///< share of the images in the validation file, between 0 and 1
    std::uint64_t seed = 1;  ///< same seed, same split on every machine
};

struct SplitReport {
    std::size_t train_images = 0;
    std::size_t val_images = 0;
};

/// Writes about `fraction` of the images to the file `val` and the others to `train`, so that each
/// category has about that share of its objects in `val`.
EMBEDMASK_EXPORT SplitReport split_dataset(const std::filesystem::path& annotations,
                                           const std::filesystem::path& train,
                                           const std::filesystem::path& val,
                                           const SplitOptions& options = {});

/// How many records a file holds.
struct DatasetCounts {
    std::size_t images = 0;
    std::size_t objects = 0;
    std::size_t categories = 0;

    bool operator==(const DatasetCounts&) const = default;
};

struct MergeOptions {
    bool renumber = false;  ///< new ids where two files use the same one
};

/// Writes one file of several (at least one). Error that names both files when a category id or
/// name means different things in them, or an image or annotation id occurs twice, unless later
/// ones may be renumbered.
EMBEDMASK_EXPORT DatasetCounts merge_datasets(const std::vector<std::filesystem::path>& annotations,
                                              const std::filesystem::path& merged,
                                              const MergeOptions& options = {});

struct FilterOptions {
    std::vector<std::string> categories{};  ///< names or ids to keep; empty: all
    bool used = false;                      ///< drop images and categories without objects
    bool no_crowds = false;
    double min_area = 0;  ///< drop smaller objects; pixels, as annotated
};

/// Writes what the options keep of an annotation file; ids stay as they are. Objects without an
/// annotated area are never too small. Error for a category that the file does not have.
EMBEDMASK_EXPORT DatasetCounts filter_dataset(const std::filesystem::path& annotations,
                                              const std::filesystem::path& filtered,
                                              const FilterOptions& options);

/// Counts of one category. Objects are small below 32^2 pixels and large from 96^2 on; without an
/// annotated area that of the box counts.
struct CategoryStatistics {
    std::int64_t id = 0;
    std::string name;  ///< "unknown id N" when only annotations know the category
    std::size_t images = 0;
    std::size_t objects = 0;
    std::size_t crowds = 0;        ///< of the objects
    std::size_t without_mask = 0;  ///< of the objects
    std::size_t small = 0;
    std::size_t medium = 0;
    std::size_t large = 0;
    double median_area = 0;  ///< pixels; 0 without objects
};

/// Bars at powers of two, ascending and without gaps.
struct Histogram {
    struct Bar {
        std::string label;  ///< the values it counts, both ends inclusive: "0", "1-1", "2-3", "4-7"
        std::size_t count = 0;
    };

    std::string title;
    std::vector<Bar> bars;
};

struct DatasetStatistics {
    std::string source;  ///< Dataset::source
    DatasetCounts counts;
    std::size_t images_without_objects = 0;
    std::vector<CategoryStatistics> categories;  ///< ascending id
    std::vector<Histogram> histograms;           ///< objects in an image, object sizes, image sizes
};

[[nodiscard]] EMBEDMASK_EXPORT DatasetStatistics dataset_statistics(const Dataset& dataset);

/// How other tools write labels.
enum class LabelFormat {
    labelme,  ///< NAME.json
    yolo,     ///< YOLO-seg: NAME.txt, classes.txt
    voc,      ///< SegmentationClass/NAME.png and SegmentationObject/NAME.png in VOC's colours
    masks,    ///< one black and white image NAME-OBJECT-CATEGORYID.png an object
    lvis,     ///< an LVIS file; is only read
};

/// "labelme", "yolo", "voc", "masks", "lvis".
EMBEDMASK_EXPORT const char* name_of(LabelFormat format);

/// The format of that name, or nothing.
EMBEDMASK_EXPORT std::optional<LabelFormat> label_format(std::string_view name);

/// What an export wrote and what its format cannot say.
struct ExportReport {
    std::size_t images = 0;
    std::size_t crowds_left_out = 0;  ///< VOC images show crowds as void
    std::size_t objects_without_mask = 0;
};

/// Writes labels for every image of the data set into `folder`, which is made when it is not there,
/// and beside them categories.json, which keeps the category ids, and classes.txt. Error for two
/// images of one name, two categories of one name (labelme), unknown categories, images without a
/// recorded size, more than 254 categories, or objects in an image (VOC), and for LVIS.
EMBEDMASK_EXPORT ExportReport export_dataset(const Dataset& dataset,
                                             const std::filesystem::path& folder, LabelFormat to);

struct DatasetImportOptions {
    LabelFormat from = LabelFormat::labelme;
    /// Folder of the images: sizes and names come from them. Needed for every format but LVIS.
    std::filesystem::path images{};
};

struct DatasetImport {
    DatasetCounts written;
};

/// Turns a folder of labels, or an LVIS file, into the COCO file `annotations`. Image ids are the
/// numbers that file names are, else they count from 1; category ids are those of categories.json
/// where it is there. Error (file, line) for what is broken or leads nowhere.
EMBEDMASK_EXPORT DatasetImport import_dataset(const std::filesystem::path& labels,
                                              const std::filesystem::path& annotations,
                                              const DatasetImportOptions& options);

}  // namespace embedmask
