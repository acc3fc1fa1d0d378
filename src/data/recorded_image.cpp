#include "data/recorded_image.h"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_set>

#include "base/paged_path.h"
#include "base/paths.h"
#include "embedmask/error.h"

namespace embedmask::data {
namespace {

// Whether a path with slashes is relative and cannot leave the folder that it starts from. A drive
// letter makes it absolute.
bool stays_inside(const std::string& path) {
    const std::filesystem::path normal = std::filesystem::path(path).lexically_normal();
    const bool has_drive = path.size() > 1 && path[1] == ':';
    return !has_drive && normal.is_relative() && !normal.empty() && *normal.begin() != "..";
}

}  // namespace

std::filesystem::path recorded_path(const std::filesystem::path& folder,
                                    const std::string& file_name) {
    std::filesystem::path path = folder / file_name;
    if (file_name.find('\\') == std::string::npos || detail::path_exists(path)) {
        return path;
    }
    std::string name = file_name;
    std::ranges::replace(name, '\\', '/');
    if (stays_inside(name)) {
        return folder / name;
    }
    // A path on another machine: only the name can mean something here.
    const std::filesystem::path local = folder / detail::portable_name(file_name);
    return detail::is_regular(detail::paged_path(local).file) ? local : path;
}

ImageFile recorded_file(const std::filesystem::path& folder, const ImageRecord& image) {
    return {recorded_path(folder, image.file_name), image.id, recorded_size(image), image.upright,
            image.file_name};
}

std::optional<ImageSize> recorded_size(const ImageRecord& image) {
    if (image.width < 1 || image.height < 1) {
        return std::nullopt;
    }
    return ImageSize{image.width, image.height};
}

std::vector<ImageFile> recorded_files(const Dataset& dataset, const std::filesystem::path& folder) {
    std::vector<ImageFile> files;
    for (const ImageRecord& image : dataset.images) {
        files.push_back(recorded_file(folder, image));
    }
    return files;
}

void require_unique_images(const Dataset& dataset) {
    std::unordered_set<std::int64_t> ids;
    for (const ImageRecord& image : dataset.images) {
        if (ids.insert(image.id).second) {
            continue;
        }
        throw Error(fmt::format("{}: duplicate image id {}: expected one image per id",
                                dataset.source, image.id),
                    "`embedmask data check FILE` lists duplicate ids");
    }
}

void add_images(detail::InputFiles& inputs, const Dataset& dataset,
                const std::filesystem::path& folder) {
    for (const ImageRecord& image : dataset.images) {
        inputs.add(recorded_path(folder, image.file_name));
    }
}

Image read_recorded_image(const std::filesystem::path& folder, const ImageRecord& image,
                          const DecodeOptions& options) {
    return read_image_file(recorded_file(folder, image), options);
}

}  // namespace embedmask::data
