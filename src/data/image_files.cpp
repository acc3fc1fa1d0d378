#include "data/image_files.h"

#include <fmt/format.h>
#include <glob.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <fstream>
#include <iostream>
#include <iterator>
#include <set>
#include <utility>

#include "base/file.h"
#include "base/lines.h"
#include "base/paged_path.h"
#include "base/paths.h"
#include "data/recorded_image.h"
#include "image/image_format.h"
#include "image/stored_image.h"

namespace embedmask::data {
namespace {

namespace fs = std::filesystem;

bool begins_like_image(const fs::path& path) {
    std::array<char, 32> bytes{};
    std::ifstream file(path, std::ios::binary);
    file.read(bytes.data(), bytes.size());
    return image::has_image_signature({reinterpret_cast<const std::uint8_t*>(bytes.data()),
                                       static_cast<std::size_t>(file.gcount())});
}

bool is_image(const fs::path& path) {
    return image::is_image_name(path) || (detail::is_regular(path) && begins_like_image(path));
}

void add_folder(const fs::path& folder, std::vector<fs::path>& paths, FoundImages& found) {
    FolderFiles chosen = images_of_folder(folder);
    found.passed_over.push_back(std::move(chosen.passed_over));
    paths.insert(paths.end(), chosen.files.begin(), chosen.files.end());
}

void add_lines(const std::string& text, const std::string& name, std::vector<fs::path>& paths) {
    const std::vector<detail::Line> lines = detail::lines_of(text);
    if (lines.empty()) {
        throw Error(fmt::format("{}: lists no images", name));
    }
    for (const detail::Line& line : lines) {
        paths.push_back(detail::with_slashes(line.text));
    }
}

void add_list(const std::string& list, std::vector<fs::path>& paths) {
    std::string text;
    try {
        text = detail::read_text(list);
    } catch (const Error& error) {
        throw Error(fmt::format("list of images: {}", error.what()),
                    error.fix().empty() ? "@FILE names a file with one path per line" : error.fix(),
                    error.kind());
    }
    add_lines(text, list, paths);
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

void add_input(const std::string& input, std::vector<fs::path>& paths, FoundImages& found) {
    if (input == "-") {
        const std::string text{std::istreambuf_iterator<char>(std::cin), {}};
        add_lines(detail::without_mark(text, "standard input"), "standard input", paths);
    } else if (input.starts_with('@')) {
        add_list(input.substr(1), paths);
    } else if (detail::is_folder(input) && !image::is_image_name(input)) {
        add_folder(input, paths, found);
    } else if (input.find_first_of("*?[") != std::string::npos && !detail::path_exists(input) &&
               !detail::paged_path(input).page) {
        add_glob(input, paths);
    } else {
        paths.emplace_back(input);
    }
}

bool parse_number(std::string_view text, std::int64_t* value) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), *value);
    return error == std::errc{} && end == text.data() + text.size();
}

DecodeOptions decode_options(const ImageFile& file, const DecodeOptions& common) {
    DecodeOptions options = common;
    options.expected_size = file.expected_size;
    options.expected_upright = file.expected_upright;
    return options;
}

/// The deepest folder that both paths are in.
fs::path common_folder(const fs::path& a, const fs::path& b) {
    fs::path common;
    for (auto i = a.begin(), k = b.begin(); i != a.end() && k != b.end() && *i == *k; ++i, ++k) {
        common /= *i;
    }
    return common;
}

void add_names(std::vector<ImageFile>& images) {
    std::set<std::string> names;
    for (ImageFile& image : images) {
        image.name = image.path.filename().string();
        names.insert(image.name);
    }
    if (names.size() == images.size()) {
        return;
    }
    const auto whole = [](const fs::path& path) {
        std::error_code failed;
        return fs::absolute(path, failed).lexically_normal();
    };
    fs::path common = whole(images.front().path).parent_path();
    for (const ImageFile& image : images) {
        common = common_folder(common, whole(image.path).parent_path());
    }
    for (ImageFile& image : images) {
        image.name = whole(image.path).lexically_relative(common).string();
    }
}

}  // namespace

FolderFiles images_of_folder(const fs::path& folder,
                             const std::function<bool(const fs::path&)>& expected) {
    FolderChoice choice;
    choice.wanted = is_image;
    if (expected) {
        choice.expected = expected;
    }
    FolderFiles chosen = choose_files(folder, choice);
    if (chosen.files.empty()) {
        const std::string others =
            chosen.passed_over.empty() ? "" : fmt::format(" ({})", summary_of(chosen.passed_over));
        throw Error(
            fmt::format("{}: no image in this folder{}", folder.string(), others),
            chosen.passed_over.folders > 0 ? "sub-folders are not searched: pass them" : "");
    }
    return chosen;
}

std::vector<ImageFile> numbered(const std::vector<fs::path>& paths) {
    std::vector<ImageFile> images;
    std::set<std::int64_t> ids;
    for (const fs::path& path : paths) {
        ImageFile image;
        if (parse_number(path.stem().string(), &image.image_id)) {
            ids.insert(image.image_id);
        }
        image.path = path;
        images.push_back(std::move(image));
    }
    add_names(images);
    // Image ids must be unique, so names are used as ids only if all of them are numbers.
    if (ids.size() < images.size()) {
        for (std::size_t i = 0; i < images.size(); ++i) {
            images[i].image_id = static_cast<std::int64_t>(i) + 1;
        }
    }
    return images;
}

FoundImages find_images(const std::vector<std::string>& inputs) {
    FoundImages found;
    std::vector<fs::path> paths;
    for (const std::string& input : inputs) {
        try {
            add_input(input, paths, found);
        } catch (const Error& error) {
            found.unusable.push_back(error);
        }
    }
    if (paths.empty() && !found.unusable.empty()) {
        throw found.unusable.front();
    }
    if (paths.empty()) {
        throw Error("no input images", "pass files, folders, globs, @list or -");
    }
    found.images = numbered(paths);
    return found;
}

std::vector<ImageFile> annotated_images(const fs::path& annotations, const fs::path& folder) {
    const Dataset dataset = read_dataset(annotations);
    if (dataset.images.empty()) {
        throw Error(annotations.string() + ": lists no images");
    }
    return recorded_files(dataset, folder);
}

Image read_image_file(const ImageFile& file, const DecodeOptions& options) {
    return load_image_file(file, options).image;
}

LoadedImage load_image_file(const ImageFile& file, const DecodeOptions& options) {
    const DecodeOptions decode = decode_options(file, options);
    image::StoredImage stored = image::read_stored(file.path, decode);
    const bool more = stored.pages > 1 && !detail::paged_path(file.path).page;
    return {image::upright(std::move(stored), decode, file.path.string()), more};
}

int remaining_orientation(const ImageFile& file) {
    const detail::PagedPath paged = detail::paged_path(file.path);
    const image::StoredForm form =
        image::read_form(detail::read_file(paged.file), file.path.string(), paged.page);
    const int applied = image::orientation_for(decode_options(file, {}), form.size,
                                               form.orientation, file.path.string());
    return applied == form.orientation ? 1 : form.orientation;
}

}  // namespace embedmask::data
