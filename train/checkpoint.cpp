#include "train/checkpoint.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <functional>
#include <nlohmann/json.hpp>

#include "base/output_folder.h"
#include "base/standard_output.h"
#include "embedmask/error.h"
#include "model/checkpoint_file.h"
#include "tensor/safetensors.h"
#include "train/tensors.h"

namespace embedmask::train {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr int kVersion = 1;
constexpr const char* kPrefix = "checkpoint-";
constexpr const char* kSuffix = ".safetensors";
constexpr const char* kModel = "model/";
constexpr const char* kUnfinished = ".tmp";  // left behind by AtomicFile if the process is killed
constexpr std::size_t kKept = 2;

json header_of(const Checkpoint& checkpoint) {
    json categories = json::array();
    for (const Category& category : checkpoint.categories) {
        categories.push_back({{"id", category.id}, {"name", category.name}});
    }
    const Progress& progress = checkpoint.progress;
    return {{"version", kVersion},
            {"iteration", progress.iteration},
            {"sampler_start", progress.sampler_start},
            {"best_ap", progress.best_ap},
            {"best_iteration", progress.best_iteration},
            {"validations_since_best", progress.validations_since_best},
            {"last_validation", progress.last_validation},
            {"categories", categories},
            {"provenance", checkpoint.provenance},
            {"config", to_toml(checkpoint.config)}};
}

void read_header(const json& header, const std::string& name, Checkpoint& checkpoint) {
    if (header.at("version").get<int>() != kVersion) {
        throw Error(fmt::format("{}: checkpoint version {}, but this program reads version {}",
                                name, header.at("version").get<int>(), kVersion),
                    "resume with the program version that wrote it");
    }
    Progress& progress = checkpoint.progress;
    progress.iteration = header.at("iteration");
    progress.sampler_start = header.at("sampler_start");
    progress.best_ap = header.at("best_ap");
    progress.best_iteration = header.at("best_iteration");
    progress.validations_since_best = header.at("validations_since_best");
    progress.last_validation = header.value("last_validation", progress.iteration);
    for (const json& category : header.at("categories")) {
        checkpoint.categories.push_back({category.at("id"), category.at("name")});
    }
    if (header.contains("provenance")) {
        checkpoint.provenance = header.at("provenance");
    }
    checkpoint.config = parse_config(header.at("config").get<std::string>(), name);
}

// The number in the name; −1 if there is none.
std::int64_t iteration_of(const fs::path& checkpoint) {
    const std::string name = checkpoint.filename().string();
    std::int64_t iteration = -1;
    std::from_chars(name.data() + std::string_view(kPrefix).size(), name.data() + name.size(),
                    iteration);
    return iteration;
}

// Newest first.
std::vector<fs::path> checkpoints_of(const fs::path& run, const char* suffix = kSuffix) {
    std::vector<fs::path> found;
    if (!fs::is_directory(run)) {
        return found;
    }
    for (const fs::directory_entry& entry : fs::directory_iterator(run)) {
        const std::string name = entry.path().filename().string();
        if (name.starts_with(kPrefix) && name.ends_with(suffix)) {
            found.push_back(entry.path());
        }
    }
    std::ranges::sort(found, std::ranges::greater(), iteration_of);
    return found;
}

void discard(const fs::path& file) {
    std::error_code ignored;  // a remaining old file is harmless
    fs::remove(file, ignored);
}

}  // namespace

fs::path checkpoint_path(const fs::path& run, std::int64_t iteration) {
    return run / fmt::format("{}{:07d}{}", kPrefix, iteration, kSuffix);
}

void require_new_run(const fs::path& run, const detail::InputFiles& inputs) {
    const std::vector<fs::path> found = checkpoints_of(run);
    if (!found.empty()) {
        throw Error(fmt::format("{}: contains an earlier run; its newest checkpoint is {}",
                                run.string(), found.front().filename().string()),
                    "pass --resume to continue it, or choose a new --out");
    }
    for (const char* model : {kBestModel, kLastModel}) {
        if (!fs::exists(run / model)) {
            continue;
        }
        throw Error(fmt::format("{}: contains {} from an earlier run, but no checkpoints",
                                run.string(), model),
                    "choose a new --out");
    }
    // A run that ended before its first checkpoint leaves files of its own.
    const detail::OutputFolder folder(run);
    std::vector<std::string> names{kConfigFile};
    if (!fs::exists(folder.file(kConfigFile))) {
        names.insert(names.end(), {"metrics.jsonl", "curves.svg"});
    }
    try {
        folder.require_replaceable(names, inputs, false);
    } catch (const Error& error) {
        throw Error(error.what(), "choose a new --out");
    }
}

void write_checkpoint(const fs::path& run, const Checkpoint& checkpoint) {
    detail::Safetensors file;
    // Paths in the configuration may not be UTF-8; resuming does not need them.
    file.metadata[detail::kCheckpointKey] =
        header_of(checkpoint).dump(-1, ' ', false, json::error_handler_t::replace);
    for (const auto& [name, tensor] : checkpoint.tensors) {
        file.tensors[name] = from_torch(tensor);
    }
    const fs::path written = checkpoint_path(run, checkpoint.progress.iteration);
    detail::write_safetensors(written, file);
    std::vector<fs::path> others = checkpoints_of(run);
    std::erase(others, written);
    for (std::size_t i = kKept - 1; i < others.size(); ++i) {
        discard(others[i]);
    }
    for (const fs::path& unfinished : checkpoints_of(run, kUnfinished)) {
        discard(unfinished);
    }
}

Checkpoint read_checkpoint(const fs::path& path) {
    const detail::Safetensors file = detail::read_safetensors(path);
    const auto header = file.metadata.find(detail::kCheckpointKey);
    if (header == file.metadata.end()) {
        throw Error(fmt::format("{}: not a training checkpoint", path.string()),
                    "to start from a model file, use --weights");
    }
    Checkpoint checkpoint;
    try {
        read_header(json::parse(header->second), path.string(), checkpoint);
    } catch (const json::exception& error) {
        throw Error(fmt::format("{}: damaged checkpoint header: {}", path.string(), error.what()));
    }
    for (const auto& [name, tensor] : file.tensors) {
        checkpoint.tensors[name] = to_torch(tensor);
    }
    return checkpoint;
}

std::optional<Checkpoint> latest_checkpoint(const fs::path& run) {
    const std::vector<fs::path> all = checkpoints_of(run);
    for (const fs::path& path : all) {
        try {
            return read_checkpoint(path);
        } catch (const Error& error) {
            detail::say("skipped: {}\n", error.what());
        }
    }
    if (all.empty()) {
        return std::nullopt;
    }
    throw Error(fmt::format("{}: none of its {} checkpoints can be read", run.string(), all.size()),
                "see the lines above; resume with the program version that wrote them, or move "
                "them away to start over");
}

State model_state(const Network& network) {
    State state;
    for (const network::Parameter& parameter : network.graph().parameters) {
        state[kModel + parameter.name] = network.tensor(parameter.name);
    }
    return state;
}

void restore_model(Network& network, const State& state) {
    const torch::NoGradGuard no_grad;
    for (const network::Parameter& parameter : network.graph().parameters) {
        const auto found = state.find(kModel + parameter.name);
        const torch::Tensor& tensor = network.tensor(parameter.name);
        if (found == state.end() || found->second.sizes() != tensor.sizes()) {
            throw Error(
                fmt::format("the checkpoint does not match the network: {}", parameter.name),
                "resume with the configuration that the run started with");
        }
        tensor.copy_(found->second);
    }
}

}  // namespace embedmask::train
