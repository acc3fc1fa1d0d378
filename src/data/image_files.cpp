#include "data/image_files.h"

#include <fmt/format.h>
#include <glob.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <fstream>
#include <iostream>
#include <set>

#include "data/recorded_image.h"
#include "embedmask/error.h"

namespace embedmask::data {
namespace {

namespace fs = std::filesystem;

bool is_image_name(const fs::path& path) {
    std::string extension = path.extension().string();
    std::transform(extension.begin(), extension.end(), extension.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return extension == ".jpg" || extension == ".jpeg" || extension == ".png";
}

void add_folder(const fs::path& folder, std::vector<fs::path>& paths) {
    std::vector<fs::path> found;
    for (const fs::directory_entry& entry : fs::directory_iterator(folder)) {
        if (entry.is_regular_file() && is_image_name(entry.path())) {
            found.push_back(entry.path());
        }
    }
    if (found.empty()) {
        throw Error(folder.string() + ": no .jpg, .jpeg or .png file in this folder");
    }
    std::sort(found.begin(), found.end());
    paths.insert(paths.end(), found.begin(), found.end());
}

void add_lines(std::istream& lines, std::vector<fs::path>& paths) {
    for (std::string line; std::getline(lines, line);) {
        if (!line.empty()) {
            paths.emplace_back(line);
        }
    }
}

void add_glob(const std::string& pattern, std::vector<fs::path>& paths) {
    glob_t matches{};
    const int status = ::glob(pattern.c_str(), 0, nullptr, &matches);
    for (std::size_t i = 0; status == 0 && i < matches.gl_pathc; ++i) {
        paths.emplace_back(matches.gl_pathv[i]);
    }
    ::globfree(&matches);
    if (status != 0) {
        throw Error(pattern + ": no file matches the pattern");
    }
}

void add_input(const std::string& input, std::vector<fs::path>& paths) {
    if (input == "-") {
        return add_lines(std::cin, paths);
    }
    if (input.starts_with('@')) {
        std::ifstream list(input.substr(1));
        if (!list) {
            throw Error(fmt::format("{}: cannot open the list of images: {}", input.substr(1),
                                    std::strerror(errno)),
                        "@FILE names a file with one path per line", ErrorKind::system);
        }
        return add_lines(list, paths);
    }
    if (fs::is_directory(input) && !is_image_name(input)) {
        return add_folder(input, paths);
    }
    if (!fs::exists(input) && input.find_first_of("*?[") != std::string::npos) {
        return add_glob(input, paths);
    }
    // An unreadable path is reported with its image, and the others continue.
    paths.emplace_back(input);
}

bool parse_number(std::string_view text, std::int64_t* value) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), *value);
    return error == std::errc{} && end == text.data() + text.size();
}

}  // namespace

std::vector<ImageFile> find_images(const std::vector<std::string>& inputs) {
    std::vector<fs::path> paths;
    for (const std::string& input : inputs) {
        add_input(input, paths);
    }
    if (paths.empty()) {
        throw Error("no input images", "pass files, folders, globs, @list or -");
    }
    std::vector<ImageFile> images;
    std::set<std::int64_t> ids;
    for (fs::path& path : paths) {
        ImageFile image;
        if (parse_number(path.stem().string(), &image.image_id)) {
            ids.insert(image.image_id);
        }
        image.path = std::move(path);
        images.push_back(std::move(image));
    }
    // Image ids must be unique, so names are used as ids only if all of them are numbers.
    if (ids.size() < images.size()) {
        for (std::size_t i = 0; i < images.size(); ++i) {
            images[i].image_id = static_cast<std::int64_t>(i) + 1;
        }
    }
    return images;
}

std::vector<ImageFile> annotated_images(const fs::path& annotations, const fs::path& folder) {
    const Dataset dataset = read_dataset(annotations);
    if (dataset.images.empty()) {
        throw Error(annotations.string() + ": lists no images");
    }
    return recorded_files(dataset, folder);
}

Image read_image_file(const ImageFile& file, std::uint64_t max_pixels) {
    return read_image(file.path, {.max_pixels = max_pixels, .expected_size = file.expected_size});
}

}  // namespace embedmask::data
