#include "data/formats/label_images.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <set>

#include "base/paged_path.h"
#include "base/paths.h"
#include "data/formats/label_folders.h"
#include "data/image_files.h"
#include "data/recorded_image.h"
#include "image/orientation.h"
#include "image/stored_image.h"

namespace embedmask::data {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

constexpr std::size_t kMostMissing = 5;  // named in one message

bool is_number(const std::string& text) {
    return !text.empty() && text.find_first_not_of("0123456789") == std::string::npos;
}

// Whether the ids of a list can be those of the records.
bool has_ids(std::span<const ListedImage> list) {
    std::set<std::int64_t> ids;
    return std::ranges::all_of(list, [&](const ListedImage& image) {
        return image.id && *image.id >= 1 && ids.insert(*image.id).second;
    });
}

std::vector<std::int64_t> ids_of(std::span<const ListedImage> list) {
    std::vector<std::int64_t> ids;
    if (has_ids(list)) {
        for (const ListedImage& image : list) {
            ids.push_back(*image.id);
        }
        return ids;
    }
    std::vector<fs::path> paths;
    for (const ListedImage& image : list) {
        paths.emplace_back(detail::portable_name(image.file_name));
    }
    for (const ImageFile& file : numbered(paths)) {
        ids.push_back(file.image_id);
    }
    return ids;
}

// The file of a listed image: at its path in the folder, or else by its name.
std::optional<fs::path> file_of(const fs::path& folder, const ListedImage& image) {
    for (const fs::path& path :
         {recorded_path(folder, image.file_name), folder / detail::portable_name(image.file_name),
          folder / image.other_name}) {
        if (detail::is_regular(detail::paged_path(path).file)) {
            return path;
        }
    }
    return std::nullopt;
}

void require_listed_once(std::span<const ListedImage> list, const std::string& source) {
    std::set<std::string> names;
    for (const ListedImage& image : list) {
        if (!names.insert(image.file_name).second) {
            throw Error(fmt::format("{}: lists the image {} twice", source, image.file_name),
                        "keep one of the two entries");
        }
    }
}

[[noreturn]] void fail_missing(const std::vector<std::string>& missing, const fs::path& folder,
                               const std::string& source) {
    const std::span shown(missing.data(), std::min(missing.size(), kMostMissing));
    throw Error(fmt::format("{}: the image folder {} has none of these images: {}{}", source,
                            folder.string(), fmt::join(shown, ", "),
                            shown.size() < missing.size()
                                ? fmt::format(", and {} more", missing.size() - shown.size())
                                : ""),
                "add the images, or import without an image folder");
}

}  // namespace

LabeledFrame LabelImages::frame_of(const fs::path& path, std::int64_t id) {
    const image::StoredImage stored = image::read_stored(path, {});
    LabeledFrame frame;
    frame.image_id = id;
    frame.orientation = stored.orientation;
    frame.size = image::oriented_size(stored.whole, stored.orientation);
    return frame;
}

void LabelImages::add_record(const std::string& file_name, const LabeledFrame& frame) {
    Json record = {{"id", frame.image_id}, {"file_name", file_name}};
    if (frame.size != ImageSize{}) {
        record["width"] = frame.size.width;
        record["height"] = frame.size.height;
    }
    if (frame.orientation != 1) {
        record["exif"] = "applied";
    }
    records_.push_back(std::move(record));
}

LabelImages LabelImages::of_folder(const fs::path& images, const fs::path& labels) {
    std::function<bool(const fs::path&)> is_label;
    std::error_code failed;
    if (fs::equivalent(labels, images, failed)) {
        is_label = [](const fs::path& path) {
            return ending_of(path) == ".json" || ending_of(path) == ".txt" ||
                   ending_of(path) == ".xml";
        };
    }
    LabelImages found;
    FolderFiles chosen = images_of_folder(images, is_label);
    found.passed_over_ = std::move(chosen.passed_over);
    const std::vector<ImageFile> files = numbered(chosen.files);
    const bool numbers = std::ranges::all_of(
        files, [](const ImageFile& file) { return is_number(file.path.stem().string()); });
    for (std::size_t i = 0; i < files.size(); ++i) {
        const fs::path& path = files[i].path;
        const std::string stem = label_stem(path.string());
        if (found.by_stem_.contains(stem) || found.unreadable_.contains(stem)) {
            throw Error(fmt::format("{}: another image has the same name", path.string()),
                        "labels are matched to images by name: rename one of the two");
        }
        try {
            const LabeledFrame frame =
                frame_of(path, numbers ? files[i].image_id : static_cast<std::int64_t>(i) + 1);
            found.by_stem_[stem] = frame;
            found.file_names_[stem] = path.filename().string();
            found.add_record(path.filename().string(), frame);
        } catch (const Error& error) {
            found.unreadable_[stem] = path.string();
            found.skipped_.emplace_back(error.what());
            if (found.unreadable_.size() == files.size()) {
                throw;
            }
        }
    }
    return found;
}

LabelImages LabelImages::listed(std::span<const ListedImage> list, const fs::path& images,
                                const std::string& source) {
    require_listed_once(list, source);
    const std::vector<std::int64_t> ids = ids_of(list);
    LabelImages found;
    std::vector<std::string> missing;
    std::map<fs::path, std::string> used;  // files, by the listed name
    for (std::size_t i = 0; i < list.size(); ++i) {
        if (images.empty()) {
            LabeledFrame frame;
            frame.image_id = ids[i];
            frame.size = list[i].size.value_or(ImageSize{});
            found.list_.emplace_back(frame);
            found.add_record(list[i].file_name, frame);
            continue;
        }
        const std::optional<fs::path> path = file_of(images, list[i]);
        if (!path) {
            missing.push_back(list[i].file_name);
            found.list_.emplace_back();
            continue;
        }
        if (const auto [first, fresh] = used.emplace(*path, list[i].file_name); !fresh) {
            throw Error(fmt::format("{}: the images {} and {} are one file: {}", source,
                                    first->second, list[i].file_name, path->string()),
                        "give the image folder the sub-folders that the labels name");
        }
        LabeledFrame frame;
        try {
            frame = frame_of(*path, ids[i]);
        } catch (const Error& error) {
            found.list_.emplace_back();
            found.unreadable_[fmt::to_string(i)] = path->string();
            found.skipped_.emplace_back(error.what());
            continue;
        }
        const std::string owner = fmt::format("{}: {}", source, list[i].file_name);
        found.list_.emplace_back(list[i].size ? frame.for_size(*list[i].size, owner) : frame);
        found.add_record(path->lexically_relative(images).string(), frame);
    }
    if (!missing.empty()) {
        fail_missing(missing, images, source);
    }
    return found;
}

bool LabelImages::has(const std::string& stem) const {
    return by_stem_.contains(cut_stem(stem)) || unreadable_.contains(cut_stem(stem));
}

const LabeledFrame& LabelImages::named(const std::string& stem, const std::string& owner) const {
    const auto found = by_stem_.find(cut_stem(stem));
    if (found != by_stem_.end()) {
        return found->second;
    }
    if (const auto broken = unreadable_.find(cut_stem(stem)); broken != unreadable_.end()) {
        throw LabelWithoutImage(
            fmt::format("{}: labels of {}, which cannot be read", owner, broken->second));
    }
    const std::string others =
        passed_over_.empty() ? ""
                             : fmt::format(" (passed over there: {})", summary_of(passed_over_));
    throw Error(fmt::format("{}: no image in the image folder is named {}{}", owner, stem, others),
                "add the image, remove the label, or correct DatasetImportOptions::images");
}

const LabeledFrame& LabelImages::of_label(const fs::path& label_file,
                                          const std::string& named_inside) const {
    const std::string stem = detail::portable_stem(label_file.string());
    const std::string name = detail::portable_name(named_inside);
    if (!has(stem) && !name.empty()) {
        const auto other = file_names_.find(cut_stem(fs::path(name).stem().string()));
        if (other != file_names_.end() && other->second == name) {
            return by_stem_.at(other->first);
        }
    }
    return named(stem, label_file.string());
}

const LabeledFrame& LabelImages::at(std::size_t i, const std::string& owner) const {
    if (!list_[i]) {
        throw LabelWithoutImage(fmt::format("{}: labels of {}, which cannot be read", owner,
                                            unreadable_.at(fmt::to_string(i))));
    }
    return *list_[i];
}

}  // namespace embedmask::data
