#include "inputs.h"

#include <fmt/format.h>
#include <glob.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <set>

#include "embedmask/dataset.h"
#include "embedmask/error.h"

namespace embedmask::cli {
namespace {

namespace fs = std::filesystem;

bool is_photo_name(const fs::path& path) {
    std::string extension = path.extension().string();
    std::transform(extension.begin(), extension.end(), extension.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return extension == ".jpg" || extension == ".jpeg" || extension == ".png";
}

void add_folder(const fs::path& folder, std::vector<fs::path>& paths) {
    std::vector<fs::path> found;
    for (const fs::directory_entry& entry : fs::directory_iterator(folder)) {
        if (entry.is_regular_file() && is_photo_name(entry.path())) found.push_back(entry.path());
    }
    if (found.empty())
        throw Error(folder.string() + ": no .jpg, .jpeg or .png file in this folder");
    std::sort(found.begin(), found.end());
    paths.insert(paths.end(), found.begin(), found.end());
}

void add_lines(std::istream& lines, std::vector<fs::path>& paths) {
    for (std::string line; std::getline(lines, line);) {
        if (!line.empty()) paths.emplace_back(line);
    }
}

void add_glob(const std::string& pattern, std::vector<fs::path>& paths) {
    glob_t matches{};
    const int status = ::glob(pattern.c_str(), 0, nullptr, &matches);
    for (std::size_t i = 0; status == 0 && i < matches.gl_pathc; ++i) {
        paths.emplace_back(matches.gl_pathv[i]);
    }
    ::globfree(&matches);
    if (status != 0) throw Error(pattern + ": no file matches");
}

void add_input(const std::string& input, std::vector<fs::path>& paths) {
    if (input == "-") return add_lines(std::cin, paths);
    if (input.starts_with('@')) {
        std::ifstream list(input.substr(1));
        if (!list) throw Error(fmt::format("{}: cannot open the list", input.substr(1)));
        return add_lines(list, paths);
    }
    if (fs::is_directory(input) && !is_photo_name(input)) return add_folder(input, paths);
    if (!fs::exists(input) && input.find_first_of("*?[") != std::string::npos) {
        return add_glob(input, paths);
    }
    // A path that cannot be read is reported with the photo, and the others go on.
    paths.emplace_back(input);
}

bool parse_number(std::string_view text, std::int64_t* value) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), *value);
    return error == std::errc{} && end == text.data() + text.size();
}

std::optional<std::int64_t> environment_number(const char* name) {
    const char* text = std::getenv(name);
    std::int64_t value = 0;
    if (text == nullptr || !parse_number(text, &value)) return std::nullopt;
    return value;
}

// Index and count of the schedulers, in the order of how specific their variables are.
std::optional<Shard> shard_of_environment() {
    const auto make = [](const char* index, const char* count,
                         std::int64_t first) -> std::optional<Shard> {
        const auto i = environment_number(index);
        const auto n = environment_number(count);
        if (!i || !n) return std::nullopt;
        return Shard{*i - first, *n};
    };
    const std::int64_t slurm_first = environment_number("SLURM_ARRAY_TASK_MIN").value_or(0);
    if (auto shard = make("SLURM_ARRAY_TASK_ID", "SLURM_ARRAY_TASK_COUNT", slurm_first))
        return shard;
    if (auto shard = make("JOB_COMPLETION_INDEX", "JOB_COMPLETIONS", 0)) return shard;
    return make("RANK", "WORLD_SIZE", 0);
}

}  // namespace

std::vector<InputPhoto> find_photos(const std::vector<std::string>& inputs) {
    std::vector<fs::path> paths;
    for (const std::string& input : inputs) {
        add_input(input, paths);
    }
    if (paths.empty()) throw Error("no photos", "name files, folders, globs, @list or -");
    std::vector<InputPhoto> photos;
    std::set<std::int64_t> ids;
    for (fs::path& path : paths) {
        InputPhoto photo;
        if (parse_number(path.stem().string(), &photo.image_id)) ids.insert(photo.image_id);
        photo.path = std::move(path);
        photos.push_back(std::move(photo));
    }
    // Two photos must not share an id, so names count only when they all do.
    if (ids.size() < photos.size()) {
        for (std::size_t i = 0; i < photos.size(); ++i) {
            photos[i].image_id = static_cast<std::int64_t>(i) + 1;
        }
    }
    return photos;
}

std::vector<InputPhoto> annotated_photos(const fs::path& annotations, const fs::path& images) {
    const Dataset dataset = read_dataset(annotations);
    if (dataset.images.empty()) throw Error(annotations.string() + ": lists no images");
    std::vector<InputPhoto> photos;
    for (const ImageRecord& image : dataset.images) {
        InputPhoto photo{images / image.file_name, image.id, std::nullopt};
        if (image.width > 0 && image.height > 0) photo.expected_size = {image.width, image.height};
        photos.push_back(std::move(photo));
    }
    return photos;
}

Shard parse_shard(const std::string& text) {
    Shard shard;
    if (text == "auto") {
        const auto found = shard_of_environment();
        if (!found) {
            throw Error("--shard auto: no scheduler has set an index and a count",
                        "it reads SLURM_ARRAY_TASK_ID/_COUNT, JOB_COMPLETION_INDEX with "
                        "JOB_COMPLETIONS, or RANK with WORLD_SIZE; or say --shard i/n");
        }
        shard = *found;
    } else {
        const std::size_t slash = text.find('/');
        if (slash == std::string::npos ||
            !parse_number(std::string_view(text).substr(0, slash), &shard.index) ||
            !parse_number(std::string_view(text).substr(slash + 1), &shard.count)) {
            throw Error(fmt::format("--shard {}: expected i/n or auto", text),
                        "for example --shard 0/4 for the first of four parts");
        }
    }
    if (shard.count < 1 || shard.index < 0 || shard.index >= shard.count) {
        throw Error(
            fmt::format("--shard {}: part {} of {} does not exist", text, shard.index, shard.count),
            "parts count from 0: --shard 0/4 ... --shard 3/4");
    }
    return shard;
}

std::vector<InputPhoto> select_shard(const std::vector<InputPhoto>& photos, const Shard& shard) {
    std::vector<InputPhoto> selected;
    for (auto i = static_cast<std::size_t>(shard.index); i < photos.size();
         i += static_cast<std::size_t>(shard.count)) {
        selected.push_back(photos[i]);
    }
    return selected;
}

}  // namespace embedmask::cli
