// Imports of label files that a test writes.
#pragma once

#include <fstream>
#include <map>
#include <string>
#include <string_view>

#include "embedmask/data.h"
#include "embedmask/image.h"
#include "test_data.h"

namespace embedmask::testing {

class LabelImport {
public:
    [[nodiscard]] std::filesystem::path path(const std::string& name) const {
        return folder_.path() / name;
    }

    void write(const std::string& name, std::string_view text) const {
        std::filesystem::create_directories(path(name).parent_path());
        std::ofstream(path(name), std::ios::binary) << text;
    }

    void add_image(const std::string& name, ImageSize size) const {
        std::filesystem::create_directories(path(name).parent_path());
        const auto pixels = static_cast<std::size_t>(size.width * size.height);
        write_png(path(name), Image{size, std::vector<std::uint8_t>(3 * pixels, 90)});
    }

    /// Imports labels, and remembers the report.
    Dataset import(const std::string& labels, LabelFormat format, const std::string& images = "") {
        report = import_dataset(path(labels), path("out.json"),
                                {.from = format, .images = images.empty() ? "" : path(images)});
        return read_dataset(path("out.json"));
    }

    /// The message of an import that fails, without the folder; no file is written.
    std::string failure(const std::string& labels, LabelFormat format,
                        const std::string& images = "") {
        std::filesystem::remove(path("out.json"));
        std::string text = message_of([&] { (void)import(labels, format, images); });
        if (std::filesystem::exists(path("out.json"))) {
            return "a file was written";
        }
        const std::string folder = folder_.path().string() + "/";
        for (std::size_t at = 0; (at = text.find(folder)) != std::string::npos;) {
            text.erase(at, folder.size());
        }
        return text;
    }

    DatasetImport report;

private:
    TemporaryFolder folder_;
};

/// The mask of an object, as rows of '#' and '.'.
inline std::vector<std::string> rows_of(const Annotation& object, ImageSize size) {
    const auto bits = decode_rows(to_mask(object.segmentation, size.height, size.width));
    std::vector<std::string> rows;
    for (int y = 0; y < size.height; ++y) {
        std::string row;
        for (int x = 0; x < size.width; ++x) {
            row += bits[static_cast<std::size_t>(y * size.width + x)] != 0 ? '#' : '.';
        }
        rows.push_back(row);
    }
    return rows;
}

using Rows = std::vector<std::string>;
using Counts = std::map<std::string, std::size_t>;

}  // namespace embedmask::testing
