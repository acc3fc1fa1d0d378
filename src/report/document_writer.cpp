#include "report/document_writer.h"

#include <optional>
#include <utility>

#include "base/output_folder.h"
#include "data/formats/id_map_labels.h"
#include "data/formats/label_document.h"
#include "data/formats/label_folders.h"
#include "report/labeled_prediction.h"

namespace embedmask::report {
namespace {

std::string with_suffix(const std::string& name, const std::string& suffix) {
    const std::filesystem::path path = name;
    return path.stem().string() + suffix + path.extension().string();
}

}  // namespace

struct DocumentWriter::Document {
    Document(LabelFormat its_format, const std::filesystem::path& out, const std::string& suffix)
        : format(its_format),
          folder(out / name_of(its_format)),
          name(with_suffix(data::document_name(its_format), suffix)) {}

    LabelFormat format;
    detail::OutputFolder folder;
    std::string name;
    std::optional<data::DocumentFile> file;
};

DocumentWriter::DocumentWriter(const std::filesystem::path& out,
                               std::span<const OutputFormat> formats, const std::string& suffix,
                               float score_threshold, const std::vector<Category>& categories,
                               ExportOptions options)
    : score_threshold_(score_threshold), categories_(categories), options_(std::move(options)) {
    for (const OutputFormat format : formats) {
        const auto label = label_format(name_of(format));
        if (label && data::is_document(*label)) {
            documents_.push_back(std::make_unique<Document>(*label, out, suffix));
        }
    }
}

DocumentWriter::~DocumentWriter() = default;

void DocumentWriter::require_replaceable(const detail::InputFiles& inputs, bool force) const {
    for (const auto& document : documents_) {
        std::vector<std::string> names{document->name};
        if (const auto project = data::project_file(document->format, categories_);
            !project.name.empty()) {
            names.insert(names.end(), {project.name, data::kCategoriesFile, data::kClassesFile});
        }
        document->folder.require_replaceable(names, inputs, force);
    }
}

void DocumentWriter::create() {
    for (const auto& document : documents_) {
        document->folder.create();
        if (const auto project = data::project_file(document->format, categories_);
            !project.name.empty()) {
            document->folder.write(project.name, project.text);
            document->folder.write(data::kCategoriesFile, data::categories_text(categories_));
            document->folder.write(data::kClassesFile, data::classes_text(categories_));
        }
        document->file.emplace(document->folder.file(document->name),
                               data::make_document(document->format, categories_, options_));
    }
}

void DocumentWriter::write(const data::ImageFile& input, const Prediction& prediction) {
    if (documents_.empty()) {
        return;
    }
    const ImageRecord record = record_of(input);
    const int turn = input.expected_size ? data::remaining_orientation(input) : 1;
    const Prediction shown = turn == 1 ? prediction : upright(prediction, turn);
    const data::LabeledImage image = labeled_image(record, shown, score_threshold_, categories_);
    for (const auto& document : documents_) {
        document->file->add(image);
    }
}

std::vector<std::filesystem::path> DocumentWriter::finish() {
    std::vector<std::filesystem::path> paths;
    for (const auto& document : documents_) {
        document->file->finish();
        document->folder.record(document->name);
        paths.push_back(document->folder.file(document->name));
    }
    return paths;
}

}  // namespace embedmask::report
