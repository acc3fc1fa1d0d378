// Formats that keep the labels of all images in one file.
#pragma once

#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/atomic_file.h"
#include "data/formats/labeled_image.h"
#include "embedmask/category.h"
#include "embedmask/data.h"

namespace embedmask::data {

/// Produces the text of such a file, image by image.
class LabelDocument {
public:
    LabelDocument() = default;
    LabelDocument(const LabelDocument&) = delete;
    LabelDocument& operator=(const LabelDocument&) = delete;
    virtual ~LabelDocument() = default;

    /// The text before the first image, of one image, and after the last one.
    [[nodiscard]] virtual std::string beginning() = 0;
    [[nodiscard]] virtual std::string text_of(const LabeledImage& image) = 0;
    [[nodiscard]] virtual std::string end() { return {}; }
};

/// The name of the file in the folder of an export: "annotations.xml", "tasks.json",
/// "measurements.csv".
std::string document_name(LabelFormat format);

/// The file beside it with which the tool's project is set up; no name for formats without one.
struct ProjectFile {
    std::string name;
    std::string text;
};
ProjectFile project_file(LabelFormat format, std::span<const Category> categories);

/// Whether the format keeps all images in one file.
bool is_document(LabelFormat format);

/// The document of such a format. `categories` are borrowed.
std::unique_ptr<LabelDocument> make_document(LabelFormat format,
                                             std::span<const Category> categories,
                                             const ExportOptions& options);

/// A document being written; the file appears at `finish`.
class DocumentFile {
public:
    DocumentFile(const std::filesystem::path& path, std::unique_ptr<LabelDocument> document);

    void add(const LabeledImage& image);
    void finish();

private:
    detail::AtomicFile file_;
    std::unique_ptr<LabelDocument> document_;
};

}  // namespace embedmask::data
