// Rewrites an annotation file record by record. Kept records are copied byte for byte, including
// keys unknown to this program.
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/atomic_file.h"
#include "base/file.h"
#include "coco/json_layout.h"
#include "embedmask/dataset.h"

namespace embedmask::detail {

class DatasetText {
public:
    /// Reads `path`; broken masks are collected in Dataset::problems.
    explicit DatasetText(const std::filesystem::path& path);

    /// The same for a text in memory; `source` names it in messages.
    DatasetText(std::string json, const std::string& source);
    DatasetText(const DatasetText&) = delete;
    DatasetText& operator=(const DatasetText&) = delete;

    [[nodiscard]] const Dataset& dataset() const { return dataset_; }

    /// The JSON of a record, by its position in the lists of the dataset.
    [[nodiscard]] std::string_view image(std::size_t i) const { return record("images", i); }
    [[nodiscard]] std::string_view annotation(std::size_t i) const {
        return record("annotations", i);
    }
    [[nodiscard]] std::string_view category(std::size_t i) const { return record("categories", i); }

    /// The JSON of all other top-level members, as `"key": value` pairs joined by commas.
    [[nodiscard]] std::string other_members() const;

private:
    [[nodiscard]] std::string_view record(std::string_view list, std::size_t i) const;

    void read(const std::string& source);

    std::optional<MappedFile> file_;  // either this
    std::string text_;                // or this holds the text
    std::string_view json_;
    JsonLayout layout_;
    Dataset dataset_;
};

/// Writes an annotation file record by record, atomically.
class DatasetTextWriter {
public:
    DatasetTextWriter(const std::filesystem::path& path, const std::string& other_members);

    /// Begins the list `name`. Lists are written one after the other, each once.
    void begin(std::string_view name);
    void add(std::string_view record);
    void commit();

private:
    void end_list();

    AtomicFile file_;
    bool open_ = false;  // inside a list
    bool first_ = true;  // no record in the list yet
    bool empty_ = true;  // no top-level member yet
};

/// Selects records.
struct DatasetChoice {
    std::function<bool(std::size_t)> image = [](std::size_t) { return true; };
    std::function<bool(std::size_t)> annotation = [](std::size_t) { return true; };
    std::function<bool(std::size_t)> category = [](std::size_t) { return true; };
};
/// Writes the selected records; the caller commits.
void write_chosen(const DatasetText& text, const DatasetChoice& choice, DatasetTextWriter& writer);

}  // namespace embedmask::detail
