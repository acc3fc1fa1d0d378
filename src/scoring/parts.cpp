#include "scoring/parts.h"

#include <fmt/format.h>

#include <array>
#include <deque>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <set>

#include "base/file.h"
#include "base/look_alike.h"
#include "base/output_folder.h"
#include "data/recorded_image.h"
#include "embedmask/error.h"
#include "scoring/score.h"

namespace embedmask::scoring {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

constexpr std::size_t kListed = 20;  // maximum count of numbers in one message
constexpr const char* kFix = "`embedmask eval MODEL --shard i/n --out DIR` writes such parts";

/// The results files of one part, written as images finish.
class PartWriter {
public:
    PartWriter(fs::path folder, const Shard& shard, bool masks,
               const std::vector<double>& thresholds)
        : folder_(std::move(folder)),
          suffix_(shard.suffix() + ".json"),
          masks_(masks),
          thresholds_(thresholds) {
        names_.push_back("detections_bbox" + suffix_);
        if (masks) {
            names_.push_back("detections_segm" + suffix_);
        }
        for (const double threshold : thresholds) {
            names_.push_back(fmt::format("detections_segm.mask-{}{}", threshold, suffix_));
        }
    }

    /// Opens the files, unless one of them is an input or belongs to others.
    void open(const detail::InputFiles& inputs, bool force) {
        std::vector<std::string> all = names_;
        all.push_back(manifest_name());
        folder_.require_replaceable(all, inputs, force);
        folder_.create();
        for (const std::string& name : names_) {
            files_.emplace_back(folder_.file(name));
        }
    }

    void add(std::int64_t image_id, const Prediction& prediction) {
        for (const Detection& detection : prediction.detections) {
            const std::int64_t category = detection.category_id;
            files_[0].add_box(image_id, category, detection.box, detection.score);
            if (!masks_) {
                continue;
            }
            files_[1].add_mask(image_id, category, detection.mask, detection.score);
            for (std::size_t i = 0; i < thresholds_.size(); ++i) {
                files_[2 + i].add_mask(image_id, category, detection.sweep[i], detection.score);
            }
        }
    }

    /// Adds the file names to `manifest` and returns its path.
    fs::path finish(Json manifest) {
        for (ResultsWriter& file : files_) {
            file.commit();
        }
        manifest["bbox"] = names_[0];
        if (masks_) {
            manifest["segm"] = names_[1];
        }
        for (std::size_t i = 0; i < thresholds_.size(); ++i) {
            manifest["sweep"].push_back({{"threshold", thresholds_[i]}, {"segm", names_[2 + i]}});
        }
        for (const std::string& name : names_) {
            folder_.record(name);
        }
        folder_.write(manifest_name(), manifest.dump(1) + "\n");
        return folder_.file(manifest_name());
    }

private:
    [[nodiscard]] std::string manifest_name() const { return "evaluation" + suffix_; }

    detail::OutputFolder folder_;
    std::string suffix_;
    bool masks_;
    std::vector<double> thresholds_;
    std::vector<std::string> names_;
    std::deque<ResultsWriter> files_;
};

std::string listed(const std::set<std::int64_t>& numbers) {
    std::string text;
    std::size_t count = 0;
    for (const std::int64_t number : numbers) {
        if (count++ == kListed) {
            return text + fmt::format(" and {} more", numbers.size() - kListed);
        }
        text += fmt::format("{}{}", text.empty() ? "" : ", ", number);
    }
    return text;
}

struct Part {
    std::string path;
    Json json;
    Shard shard;
    std::vector<std::int64_t> images;

    [[nodiscard]] std::string file(const Json& name) const {
        return (fs::path(path).parent_path() / name.get<std::string>()).string();
    }
};

Part read_part(const std::string& path) {
    Part part;
    part.path = path;
    const auto bytes = detail::read_file(path);
    detail::reject_look_alikes({reinterpret_cast<const char*>(bytes.data()), bytes.size()}, path,
                               "a part of an evaluation");
    part.json = Json::parse(bytes.begin(), bytes.end(), nullptr, false);
    try {
        const auto shard = part.json.at("shard").get<std::array<std::int64_t, 2>>();
        part.shard = {shard[0], shard[1]};
        part.images = part.json.at("images").get<std::vector<std::int64_t>>();
        (void)part.json.at("settings").at("model");
        (void)part.json.at("bbox").get_ref<const std::string&>();
    } catch (const Json::exception&) {
        throw Error(path +
                        ": found no \"shard\", \"images\", \"settings\" and \"bbox\": expected "
                        "a part of an evaluation",
                    kFix);
    }
    return part;
}

void require_same_settings(const Part& first, const Part& other) {
    const auto differ = [&](const std::string& key, const Json& a, const Json& b) {
        throw Error(fmt::format("{} has {} {}, but {} has {}: expected parts of one evaluation",
                                first.path, key, a.dump(), other.path, b.dump()),
                    "run the parts with the same model, data and options");
    };
    if (first.shard.count != other.shard.count) {
        differ("number of parts", first.shard.count, other.shard.count);
    }
    const Json& a = first.json["settings"];
    const Json& b = other.json["settings"];
    for (const auto& [key, value] : a.items()) {
        if (!b.contains(key) || b[key] != value) {
            differ(key, value, b.value(key, Json()));
        }
    }
}

void require_all_parts(const std::vector<Part>& parts) {
    std::set<std::int64_t> missing;
    for (std::int64_t i = 0; i < parts.front().shard.count; ++i) {
        missing.insert(i);
    }
    for (const Part& part : parts) {
        if (missing.erase(part.shard.index) == 0) {
            throw Error(fmt::format("{}: duplicate part {} of {}", part.path, part.shard.index,
                                    part.shard.count),
                        "pass every part once");
        }
    }
    if (!missing.empty()) {
        throw Error(
            fmt::format("parts {} of {} are missing", listed(missing), parts.front().shard.count),
            "run them with --shard i/n; parts are numbered from 0");
    }
}

void require_all_images(const std::vector<Part>& parts, const Dataset& dataset) {
    std::set<std::int64_t> missing;
    for (const ImageRecord& image : dataset.images) {
        missing.insert(image.id);
    }
    for (const Part& part : parts) {
        for (const std::int64_t id : part.images) {
            if (missing.erase(id) == 0) {
                throw Error(fmt::format("{}: image {} is not in {}, or is in two parts", part.path,
                                        id, dataset.source),
                            "merge with the annotation file that the parts were made with");
            }
        }
    }
    if (!missing.empty()) {
        throw Error(
            fmt::format("no part contains the images {} of {}", listed(missing), dataset.source),
            "merge with the annotation file that the parts were made with");
    }
}

ModelSettings settings_of(const Json& json) {
    return {.precision = json.at("precision"),
            .score_threshold = json.at("score_threshold"),
            .mask_threshold = json.at("mask_threshold"),
            .short_side = json.at("short_side"),
            .max_side = json.at("max_side"),
            .categories = json.at("classes"),
            .range = json.at("range")};
}

/// Error if a results file of a part contains images of another part.
void require_own_images(const Part& part, const std::string& file,
                        std::span<const Result> results) {
    const std::set<std::int64_t> own(part.images.begin(), part.images.end());
    for (const Result& result : results) {
        if (!own.contains(result.image_id)) {
            throw Error(fmt::format("{}: image {} is not in {}", file, result.image_id, part.path),
                        "run this part again");
        }
    }
}

}  // namespace

WrittenPart write_part(const Predictor& predictor, const Dataset& dataset, const fs::path& images,
                       const Shard& shard, const PartSettings& settings, const fs::path& out,
                       const PredictImagesOptions& run, bool force) {
    const Config& config = predictor.config();
    PartWriter writer(out, shard, has_masks(config), settings.mask_thresholds);
    const auto files = part_of(data::recorded_files(dataset, images), shard);
    detail::InputFiles inputs;
    inputs.add(dataset.source);
    for (const data::ImageFile& file : files) {
        inputs.add(file.path);
    }
    writer.open(inputs, force);
    PredictImagesOptions strict = run;
    strict.skip_unreadable = false;
    WrittenPart part;
    part.totals =
        predict_images(predictor, files, strict, {}, [&](std::size_t i, ImageOutcome& outcome) {
            writer.add(files[i].image_id, *outcome.prediction);
        });
    Json ids = Json::array();
    for (const data::ImageFile& file : files) {
        ids.push_back(file.image_id);
    }
    part.manifest = writer.finish({{"shard", {shard.index, shard.count}},
                                   {"settings",
                                    {{"model", settings.model},
                                     {"data", settings.data},
                                     {"precision", name_of(predictor.precision())},
                                     {"score_threshold", settings.score_threshold},
                                     {"classes", settings.categories},
                                     {"range", settings.range},
                                     {"mask_threshold", config.mask_thresh},
                                     {"mask_thresholds", settings.mask_thresholds},
                                     {"short_side", config.input.short_test},
                                     {"max_side", config.input.max}}},
                                   {"images", ids}});
    return part;
}

MergedParts read_parts(const std::vector<std::string>& paths, const Dataset& dataset,
                       const ReadOptions& options) try {
    std::vector<Part> parts;
    for (const std::string& path : paths) {
        parts.push_back(read_part(path));
        require_same_settings(parts.front(), parts.back());
    }
    require_all_parts(parts);
    require_all_images(parts, dataset);
    MergedParts merged;
    const Json& settings = parts.front().json["settings"];
    merged.model = settings["model"];
    merged.settings = settings_of(settings);
    merged.read = options;
    for (const Part& part : parts) {
        const auto append = [&](const char* key, std::vector<Result>& results) {
            const std::size_t before = results.size();
            const std::string file = part.file(part.json[key]);
            merged.files.push_back(file);
            const std::size_t unknown = read_into(results, {file}, dataset, options);
            merged.unknown += &results == &merged.results.boxes ? unknown : 0;
            require_own_images(part, file, std::span(results).subspan(before));
        };
        append("bbox", merged.results.boxes);
        if (!part.json.contains("segm")) {
            continue;
        }
        if (!merged.results.masks) {
            merged.results.masks.emplace();
        }
        if (options.boxes_suffice) {
            continue;
        }
        append("segm", *merged.results.masks);
        std::size_t i = 0;
        for (const Json& point : part.json.value("sweep", Json::array())) {
            if (merged.sweep.size() == i) {
                merged.sweep.push_back({point.at("threshold"), {}});
            }
            merged.files.push_back(part.file(point.at("segm")));
            merged.sweep[i++].files.push_back(merged.files.back());
        }
    }
    return merged;
} catch (const Json::exception& error) {
    throw Error(fmt::format("malformed part manifest: {}", error.what()), kFix);
}

std::vector<TypeScores> score_parts(const Dataset& dataset, const MergedParts& parts,
                                    const ScoreOptions& options) {
    auto scores = score_results(dataset, parts.results, options, parts.model);
    if (!options.scores_masks()) {
        return scores;
    }
    for (const MergedParts::Sweep& point : parts.sweep) {
        std::vector<Result> masks;
        read_into(masks, point.files, dataset, parts.read);
        for (TypeScores& item : scores) {
            if (item.type != IouType::bbox) {
                const EvaluationOptions sweep = options.sweep_of(item.type);
                item.sweep.push_back(
                    sweep_point(point.threshold, evaluate(dataset, masks, sweep, parts.model)));
            }
        }
    }
    return scores;
}

}  // namespace embedmask::scoring
