/// @file
/// Dataset tools: check, repair, split, merge, filter, count, and convert annotation files to and
/// from the label formats of other tools.
///
/// Nothing is printed: every function returns what it found or wrote. Files are written completely
/// or not at all, and copied records keep every key, known or not. The functions may be called from
/// any thread as long as no two calls write the same files. All of them throw Error (file,
/// position, found, expected) for files that cannot be read or written, and Error of kind `usage`
/// for options out of range.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "embedmask/dataset.h"
#include "embedmask/export.h"
#include "embedmask/results.h"

namespace embedmask {

/// Options of `check_dataset`.
struct CheckOptions {
    std::filesystem::path images{};    ///< image folder; every image is opened. Empty: none
    std::filesystem::path repaired{};  ///< repaired file to write. Empty: none
};

/// One kind of problem.
struct Finding {
    std::string name;         ///< "duplicate image id"
    std::string consequence;  ///< why it matters
    /// What the repaired file does about it when `repairable` ("drops it"), else what the user can
    /// do.
    std::string fix;
    bool repairable = false;            ///< `CheckOptions::repaired` fixes it
    bool harmless = false;              ///< a note, not a problem
    std::size_t count = 0;              ///< number of occurrences
    std::vector<std::string> examples;  ///< the first three at most; each names its record
};

/// Result of `check_dataset`.
struct EMBEDMASK_EXPORT DatasetCheck {
    std::vector<Finding> findings;  ///< in the order found
    std::string tool;               ///< that wrote the file, if it is recognised: "Roboflow"
    bool repaired = false;          ///< CheckOptions::repaired was written

    /// Number of occurrences of problems, without harmless findings.
    [[nodiscard]] std::size_t problems() const;
};

/// Looks for duplicate and dangling ids, invalid boxes and masks, and images that are missing,
/// unreadable or of a different size. These are findings; Error is thrown only for a file that is
/// not an annotation file. Uses all processors to read images.
[[nodiscard]] EMBEDMASK_EXPORT DatasetCheck check_dataset(const std::filesystem::path& annotations,
                                                          const CheckOptions& options = {});

/// Options of `split_dataset`.
struct SplitOptions {
    double fraction = 0.2;   ///< share of images in the validation file, between 0 and 1
    std::uint64_t seed = 1;  ///< the same seed gives the same split on every machine
};

/// Result of `split_dataset`.
struct SplitReport {
    std::size_t train_images = 0;  ///< written to the training file
    std::size_t val_images = 0;    ///< written to the validation file
    /// Names of the categories with two images and more that only one of the files has: there are
    /// too many rare categories for the number of images.
    std::vector<std::string> one_sided;
    std::size_t left_out = 0;  ///< annotations of images that the file does not list
};

/// Writes `fraction` of the images (rounded; of two images at least one) to the file `val` and the
/// others to `train`, with about the same share of the objects of each category, and of the images
/// without objects. Where the number of images allows it, categories with two images are in both
/// files. Error if an output is the input.
EMBEDMASK_EXPORT SplitReport split_dataset(const std::filesystem::path& annotations,
                                           const std::filesystem::path& train,
                                           const std::filesystem::path& val,
                                           const SplitOptions& options = {});

/// Result of `prelabel_dataset`.
struct PrelabelReport {
    std::size_t unlabelled = 0;  ///< images that had no annotation
    std::size_t images = 0;      ///< of these, images that got annotations
    std::size_t objects = 0;     ///< annotations added
};

/// Writes all records of the file and, for images without any annotation, the detections from
/// `least_score` on as annotations: mask, box, area, a new id, and the key "score". Detections
/// without a mask become boxes with an unknown mask; masks without pixels are left out. Error for
/// unknown ids in the results, shared image ids, and if the output is the input.
EMBEDMASK_EXPORT PrelabelReport prelabel_dataset(const std::filesystem::path& annotations,
                                                 std::span<const Result> results,
                                                 const std::filesystem::path& prelabelled,
                                                 double least_score);

/// Numbers of records in a file.
struct DatasetCounts {
    std::size_t images = 0;      ///< images
    std::size_t objects = 0;     ///< annotations
    std::size_t categories = 0;  ///< categories

    bool operator==(const DatasetCounts&) const = default;
};

/// Options of `merge_datasets`.
struct MergeOptions {
    bool renumber = false;  ///< give new ids where two files use the same id
    bool by_name = false;   ///< categories with one name are one category, whatever their ids
};

/// A category that got another id in the merged file.
struct MappedCategory {
    std::string source;     ///< the file it comes from
    std::string name;       ///< its name
    std::int64_t from = 0;  ///< its id in that file
    std::int64_t to = 0;    ///< its id in the merged file
};

/// Result of `merge_datasets`.
struct MergeReport {
    DatasetCounts written;               ///< records in the merged file
    std::vector<MappedCategory> mapped;  ///< with MergeOptions::by_name
    std::size_t left_out = 0;            ///< annotations of images that their file does not list
};

/// Merges one or more files. Error, naming both files, for a category id or name with different
/// meanings unless `by_name` is set, for duplicate image or annotation ids unless `renumber` is
/// set, and if the output is one of the files.
EMBEDMASK_EXPORT MergeReport merge_datasets(const std::vector<std::filesystem::path>& annotations,
                                            const std::filesystem::path& merged,
                                            const MergeOptions& options = {});

/// Options of `filter_dataset`.
struct FilterOptions {
    /// Names or ids to keep, repeated or not; blanks around them do not count. Empty: all.
    std::vector<std::string> categories{};
    bool used = false;       ///< drop images and categories without objects
    bool no_crowds = false;  ///< drop crowds
    double min_area = 0;     ///< drop objects with a smaller annotated area, pixels
};

/// Writes the records that the options keep; ids do not change. Objects without an annotated area
/// are kept. Error for a category that the file does not have, and if the output is the input.
EMBEDMASK_EXPORT DatasetCounts filter_dataset(const std::filesystem::path& annotations,
                                              const std::filesystem::path& filtered,
                                              const FilterOptions& options);

/// Counts of one category. Objects are small below 32^2 pixels and large from 96^2 pixels; the area
/// of the box is used where none is annotated.
struct CategoryStatistics {
    std::int64_t id = 0;           ///< category id
    std::string name;              ///< "unknown id N" when the file does not list the category
    std::size_t images = 0;        ///< with at least one object
    std::size_t objects = 0;       ///< crowds included
    std::size_t crowds = 0;        ///< of the objects
    std::size_t without_mask = 0;  ///< of the objects
    std::size_t small = 0;         ///< below 32^2 pixels
    std::size_t medium = 0;        ///< from 32^2 to below 96^2 pixels
    std::size_t large = 0;         ///< from 96^2 pixels
    double median_area = 0;        ///< pixels; 0 without objects
};

/// A histogram with bins at powers of two.
struct Histogram {
    /// One bin.
    struct Bar {
        std::string label;      ///< inclusive range of values: "0", "1-1", "2-3", "4-7"
        std::size_t count = 0;  ///< values in it
    };

    std::string title;      ///< what is counted
    std::vector<Bar> bars;  ///< ascending, without gaps
};

/// Result of `dataset_statistics`.
struct DatasetStatistics {
    std::string source;                          ///< Dataset::source
    DatasetCounts counts;                        ///< of the whole file
    std::size_t images_without_objects = 0;      ///< of the images
    std::vector<CategoryStatistics> categories;  ///< ascending id
    std::vector<Histogram> histograms;           ///< objects per image, object sizes, image sizes
};

/// Counts objects and sizes by category.
[[nodiscard]] EMBEDMASK_EXPORT DatasetStatistics dataset_statistics(const Dataset& dataset);

/// What a reader of a folder ignored.
struct PassedOver {
    std::filesystem::path folder;              ///< the folder
    std::map<std::string, std::size_t> files;  ///< by ending in lower case: ".txt"; "" for none
    std::size_t folders = 0;                   ///< sub-folders, which are not searched
    std::size_t hidden = 0;  ///< files of the right kind whose name begins with a dot

    /// Whether nothing was ignored.
    [[nodiscard]] bool empty() const { return files.empty() && folders == 0 && hidden == 0; }
};

/// Label formats of other tools.
enum class LabelFormat {
    labelme,       ///< NAME.json
    yolo,          ///< YOLO-seg: NAME.txt, classes.txt
    voc,           ///< SegmentationClass/NAME.png and SegmentationObject/NAME.png in VOC's colours
    voc_xml,       ///< NAME.xml with the boxes of Pascal VOC; import only
    masks,         ///< NAME-OBJECT-CATEGORYID.png: one black and white image per object; id maps
    cvat,          ///< CVAT for images: annotations.xml
    label_studio,  ///< Label Studio: tasks.json
    geojson,       ///< NAME.geojson in pixels, as QuPath reads it; export only
    csv,           ///< one CSV file of measurements; export only
    lvis,          ///< one LVIS JSON file; import only
};

/// All formats.
inline constexpr LabelFormat kLabelFormats[] = {
    LabelFormat::labelme, LabelFormat::yolo, LabelFormat::voc,          LabelFormat::voc_xml,
    LabelFormat::masks,   LabelFormat::cvat, LabelFormat::label_studio, LabelFormat::geojson,
    LabelFormat::csv,     LabelFormat::lvis};

/// The name of a format: "labelme", "yolo", "voc", "voc-xml", "masks", "cvat", "label-studio",
/// "geojson", "csv", "lvis".
EMBEDMASK_EXPORT const char* name_of(LabelFormat format);

/// The format with that name, if any.
EMBEDMASK_EXPORT std::optional<LabelFormat> label_format(std::string_view name);

/// Whether `export_dataset` writes the format.
EMBEDMASK_EXPORT bool can_export(LabelFormat format);
/// Whether `import_dataset` reads the format.
EMBEDMASK_EXPORT bool can_import(LabelFormat format);

/// Options of `export_dataset`.
struct ExportOptions {
    /// Image folder. With it, labels are turned upright where a record refers to the stored rows of
    /// an image with an EXIF orientation, and labelme files lead to their images. Empty: labels
    /// keep the frame of their record.
    std::filesystem::path images{};
    bool force = false;  ///< replace files that this program did not write
    /// Label Studio: the address of an image is this and its file name. The default refers to local
    /// files below the document root of the server.
    std::string image_prefix = "/data/local-files/?d=";
    double pixel_size = 1;  ///< CSV: side of a pixel in the unit of the table, above 0
};

/// Result of `export_dataset`.
struct ExportReport {
    std::size_t images = 0;                   ///< images written
    std::size_t crowds_left_out = 0;          ///< not representable (VOC marks crowds as void)
    std::size_t objects_without_mask = 0;     ///< left out by formats without boxes
    std::vector<std::string> without_pixels;  ///< objects left out since their mask is empty
    std::vector<std::string> covered;  ///< objects left out since others cover all pixels (VOC)
    std::vector<std::string> skipped;  ///< images that cannot be read, left out with labels
};

/// Writes labels for every image of the dataset into `folder`, which is created if missing,
/// together with categories.json, which keeps the category ids, and classes.txt; for CSV, `folder`
/// is the file to write. Error for two images with one name, an image with the name of these lists,
/// two categories with one name (labelme, CVAT, Label Studio), two objects of an image with the
/// same category and annotation id (masks), unknown categories, images without a recorded size,
/// masks of which none has a pixel, more than 254 categories or objects per image (VOC), and for
/// formats that are only imported.
EMBEDMASK_EXPORT ExportReport export_dataset(const Dataset& dataset,
                                             const std::filesystem::path& folder, LabelFormat to,
                                             const ExportOptions& options = {});

/// Options of `import_dataset`.
struct DatasetImportOptions {
    LabelFormat from = LabelFormat::labelme;  ///< format of the labels
    /// Image folder, which gives names and sizes. CVAT, Label Studio and LVIS files have both, so
    /// that they need none; without one, their labels keep the frame that the file records.
    std::filesystem::path images{};
};

/// Result of `import_dataset`.
struct DatasetImport {
    DatasetCounts written;                    ///< records in the new file
    std::vector<std::string> without_pixels;  ///< objects left out: "b.json (cat)"
    /// What has no area or is not read, by kind: "point", "linestrip", "keypointlabels", ...
    std::map<std::string, std::size_t> shapes_left_out;
    std::vector<std::string> readings;    ///< what the pixels of label images were taken for
    std::vector<PassedOver> passed_over;  ///< of the folders of labels and images
    std::vector<std::string> skipped;  ///< unreadable images and labels, and labels of such images
};

/// Converts labels, a folder or for CVAT, Label Studio and LVIS a file, to the COCO file
/// `annotations`. Image ids are those of the labels, if they have some, or the file names if all
/// are numbers, else they count from 1; annotation ids are those of the labels if all have one;
/// category ids come from categories.json beside the labels if it exists. Labels refer to upright
/// images, and so do the records, unless only the stored size of an image fits. Files that cannot
/// be read are left out. Error (file, line) for malformed labels, unknown images or categories, and
/// if no object has a pixel.
EMBEDMASK_EXPORT DatasetImport import_dataset(const std::filesystem::path& labels,
                                              const std::filesystem::path& annotations,
                                              const DatasetImportOptions& options);

}  // namespace embedmask
