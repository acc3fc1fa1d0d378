// Fuzzes the imports of label files: CVAT, Label Studio, Pascal VOC, labelme. Whatever is written
// can be read. The first byte chooses the format.
#include <unistd.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>

#include "embedmask/data.h"
#include "embedmask/dataset.h"
#include "embedmask/error.h"
#include "embedmask/image.h"

namespace {

namespace fs = std::filesystem;

struct Format {
    embedmask::LabelFormat format;
    const char* file;
};

constexpr std::array kFormats = {Format{embedmask::LabelFormat::cvat, "annotations.xml"},
                                 Format{embedmask::LabelFormat::label_studio, "tasks.json"},
                                 Format{embedmask::LabelFormat::voc_xml, "a.xml"},
                                 Format{embedmask::LabelFormat::labelme, "a.json"}};

// A folder for each format, and one with the image a.png of 10x5 pixels.
fs::path make_folders() {
    fs::path folder =
        fs::temp_directory_path() / ("embedmask-labels-fuzz-" + std::to_string(::getpid()));
    for (const Format& format : kFormats) {
        fs::create_directories(folder / name_of(format.format));
    }
    fs::create_directories(folder / "images");
    embedmask::write_png(folder / "images" / "a.png",
                         embedmask::Image{{10, 5}, std::vector<std::uint8_t>(150, 90)});
    return folder;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static const fs::path folder = make_folders();
    if (size == 0) {
        return 0;
    }
    // Seeds begin with "0" to "3".
    const Format& format = kFormats.at(data[0] % kFormats.size());
    const fs::path labels = folder / name_of(format.format);
    std::ofstream(labels / format.file, std::ios::binary)
        .write(reinterpret_cast<const char*>(data) + 1, static_cast<std::streamsize>(size) - 1);
    const bool lists_images = format.format == embedmask::LabelFormat::cvat ||
                              format.format == embedmask::LabelFormat::label_studio;
    const fs::path written = folder / "out.json";
    try {
        (void)embedmask::import_dataset(
            labels, written,
            {.from = format.format, .images = lists_images ? fs::path() : folder / "images"});
    } catch (const embedmask::Error&) {
        return 0;
    }
    (void)embedmask::read_dataset(written, {.threads = 1});  // throws if it is broken
    return 0;
}
