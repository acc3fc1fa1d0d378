#include "train/start.h"

#include <fmt/format.h>

#include <algorithm>

#include "config/assignment.h"
#include "embedmask/error.h"
#include "embedmask/import.h"
#include "embedmask/model.h"
#include "foreign/weights_file.h"
#include "model/fold.h"
#include "train/classifier.h"
#include "train/tensors.h"

namespace embedmask::train {
namespace {

// Of a model file, also what it says about itself.
struct StartFile {
    ForeignWeights weights;
    Classifier classifier;
    std::map<std::string, std::string> provenance;
};

// Reads a model file's weights as floats, regardless of their storage type, with the part of its
// configuration that belongs to them; or else any file that `convert` reads.
StartFile read_weights(const std::string& path, TrainOptions& options, std::string& table) {
    if (!is_model_file(path)) {
        return {read_foreign_weights(path), {}, {}};
    }
    Model model = read_model(path);
    if (options.config.nanodet.norm == NanodetNorm::folded) {
        model = detail::with_folded_norms(std::move(model));
    }
    table += adopt_weight_settings(model.config, options);
    Classifier classifier = classifier_of(model);
    return {{std::filesystem::path(path).filename().string(), std::move(model.weights), {}},
            std::move(classifier),
            std::move(model.provenance)};
}

// What describes one run is not true of the next.
bool is_inherited(const std::string& key) {
    return key != "teacher" && key != "preset" && !key.starts_with("weights: ");
}

// Two files may both name their authors.
void add_provenance(const std::map<std::string, std::string>& more, Start& start) {
    for (const auto& [key, text] : more) {
        if (!is_inherited(key)) {
            continue;
        }
        std::string& mine = start.provenance[key];
        if (mine.find(text) == std::string::npos) {
            mine += (mine.empty() ? "" : "; ") + text;
        }
    }
}

void check(const ImportReport& report, const Config& config) {
    for (const std::string& mismatch : report.mismatched) {
        if (is_of_classifier(mismatch)) {
            continue;
        }
        throw Error(
            fmt::format("the weights do not match the shapes of this network: {}", mismatch),
            "choose the configuration they were trained with");
    }
    if (!report.mismatched.empty()) {
        throw Error(
            fmt::format(
                "the weights have a different number of classes than the {} in the data: {}",
                config.num_classes, report.mismatched.front()),
            config.freeze_detector
                ? "freeze_detector = true keeps these classes; choose finetune or finetune_nano, "
                  "and pass --new-classes"
                : "pass --new-classes to keep the classes that the weights know by name and to "
                  "initialise the others");
    }
    const bool has_folded_norms = std::ranges::any_of(report.unused, [](const std::string& name) {
        return name.ends_with("backbone.conv1.bias");
    });
    if (config.nanodet.norm == NanodetNorm::bn && has_folded_norms) {
        throw Error(
            "nanodet.norm = \"bn\", but the batch norm of these weights is folded into the "
            "convolutions",
            "pass --set nanodet.norm=folded");
    }
    if (report.matched.empty()) {
        throw Error(
            fmt::format("no tensor of the weights matches this network by name; it expects {}",
                        config.detector == DetectorKind::nanodet
                            ? "NanoDet-Plus or EmbedMask weights with detector = \"nanodet\""
                            : "a ResNet backbone or EmbedMask weights"),
            "choose a preset with the detector of the weights; `embedmask convert` lists which "
            "names match");
    }
}

// What is frozen keeps its random values if the weights lack it.
void require_whole_detector(const ImportReport& report, const network::Graph& graph) {
    std::vector<std::string> random;
    for (const std::string& name : report.missing) {
        const network::Parameter& parameter = graph.parameter(name);
        if (!parameter.trainable && !parameter.buffer) {
            random.push_back(name);
        }
    }
    if (!random.empty()) {
        throw Error(fmt::format("the weights lack {} parameters that are frozen: {}{}",
                                random.size(), random.front(), random.size() > 1 ? ", ..." : ""),
                    "pass weights of the whole detector, or unfreeze it: --set "
                    "freeze_detector=false --set backbone.freeze_at=0");
    }
}

}  // namespace

std::string adopt_weight_settings(const Config& trained, TrainOptions& options) {
    std::string changes;
    const auto adopt = [&](const char* key, auto& mine, const auto& theirs) {
        if (mine == theirs || detail::assigns(options.sets, key)) {
            return;
        }
        mine = theirs;
        changes += fmt::format("taken from the weights: {}\n", key);
    };
    Config::Backbone& backbone = options.config.backbone;
    adopt("backbone.stride_in_1x1", backbone.stride_in_1x1, trained.backbone.stride_in_1x1);
    adopt("backbone.frozen_bn_eps", backbone.frozen_bn_eps, trained.backbone.frozen_bn_eps);
    Config::Input& input = options.config.input;
    adopt("input.mean", input.mean, trained.input.mean);
    adopt("input.std", input.std, trained.input.std);
    adopt("input.order", input.order, trained.input.order);
    adopt("input.range", input.range, trained.input.range);
    return changes;
}

void use_start_model(TrainOptions& options) {
    std::string& name = options.config.start_model;
    if (!options.weights.empty() || name.empty()) {
        name.clear();
        return;
    }
    try {
        options.weights = {find_model(name).string()};
    } catch (const Error& error) {
        throw Error(fmt::format("start_model: {}", error.what()),
                    fmt::format("{}; or pass --weights FILE, or train from scratch: --set "
                                "start_model= --set backbone.freeze_at=0",
                                error.fix()));
    }
    options.new_classes = !options.config.freeze_detector;
}

void require_trained_detector(const TrainOptions& options) {
    constexpr std::int64_t kStem = 2;  // frozen by default, also without weights
    const bool frozen = options.config.freeze_detector;
    if (options.weights.empty() && frozen) {
        throw Error("freeze_detector = true, but there are no weights of a trained detector",
                    "pass --weights FILE, or --set freeze_detector=false to train the detector");
    }
    if (options.weights.empty() && options.config.backbone.freeze_at > kStem) {
        throw Error(fmt::format("backbone.freeze_at = {}, but there are no weights of a trained "
                                "backbone",
                                options.config.backbone.freeze_at),
                    "pass --weights FILE, or --set backbone.freeze_at=0 to train the backbone");
    }
    if (frozen && options.new_classes) {
        throw Error(
            "--new-classes initialises classes, but freeze_detector = true does not train them",
            "pass --set freeze_detector=false, or choose the preset finetune_nano");
    }
}

Start start_network(TrainOptions options, const std::vector<Category>& categories) {
    std::vector<StartFile> starts;
    std::string changes;
    for (const std::string& path : options.weights) {
        starts.push_back(read_weights(path, options, changes));
    }
    Start start;
    start.config = options.config;
    const network::Graph graph = network::embedmask(start.config);
    start.network = std::make_unique<Network>(graph);
    start.network->initialize(static_cast<std::uint64_t>(options.config.seed));
    // Frozen batch norm without weights in any file is the identity.
    for (const network::Parameter& parameter : graph.parameters) {
        if (parameter.name.ends_with("running_var")) {
            start.network->tensor(parameter.name).fill_(1);
        }
    }
    if (options.weights.empty()) {
        return start;
    }

    Classifier known;  // of the last file that has one
    std::vector<ForeignWeights> files;
    for (StartFile& file : starts) {
        add_provenance(file.provenance, start);
        if (!file.classifier.tensors.empty()) {
            known = std::move(file.classifier);
        }
        files.push_back(std::move(file.weights));
    }
    Import imported = import_weights(graph, files, start.config.backbone.frozen_bn_eps);
    if (options.new_classes) {
        drop_classifier(imported);
    }
    start.table = describe(imported.report, files) + changes;
    check(imported.report, start.config);
    require_whole_detector(imported.report, graph);
    if (imported.report.has_torchvision_statistics && start.config.backbone.frozen_bn_eps == 0 &&
        !detail::assigns(options.sets, "backbone.frozen_bn_eps")) {
        start.config.backbone.frozen_bn_eps = 1e-5;
        start.table += "torchvision batch norm statistics: backbone.frozen_bn_eps = 1e-5\n";
        start.network = std::make_unique<Network>(network::embedmask(start.config));
        start.network->initialize(static_cast<std::uint64_t>(options.config.seed));
    }
    const torch::NoGradGuard no_grad;
    for (const auto& [name, tensor] : imported.weights) {
        start.network->tensor(name).copy_(to_torch(tensor));
    }
    if (options.new_classes) {
        start.table += keep_known_classes(known, categories, *start.network);
    }
    return start;
}

}  // namespace embedmask::train
