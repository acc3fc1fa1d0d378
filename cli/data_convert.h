// embedmask data convert: between COCO files and the forms of other tools.
#pragma once

#include <string>
#include <vector>

namespace embedmask::cli {

inline const std::vector<std::string> kExportForms = {"labelme", "yolo", "voc", "masks"};
inline const std::vector<std::string> kImportForms = {"labelme", "yolo", "voc", "masks", "lvis"};

struct ConvertOptions {
    std::string input;   // COCO file, or the folder (LVIS: the file) to import
    std::string images;  // folder of the photos, for imports
    std::string to;      // one of kExportForms
    std::string from;    // one of kImportForms
    std::string out;     // folder, or the COCO file
};

/// COCO file to a folder: labelme NAME.json, YOLO-seg NAME.txt and classes.txt, VOC
/// SegmentationClass and SegmentationObject pictures in VOC's colours, or one black and white
/// picture NAME-OBJECT-CATEGORY.png an object. Beside them categories.json keeps the category ids.
/// What a form cannot say is left out and counted on stderr: objects without a mask, crowds (in VOC
/// pictures they are void). Error for two photos of one name, two categories of one name (labelme),
/// unknown categories.
void export_dataset(const ConvertOptions& options);

/// A folder of one of these forms, or an LVIS file, to a COCO file. Image ids are the numbers that
/// file names are, else counted; category ids are those of categories.json where it is there. Error
/// (file, line) for what is broken or leads nowhere.
void import_dataset(const ConvertOptions& options);

}  // namespace embedmask::cli
