#include <fmt/format.h>

#include <algorithm>

#include "embedmask/import.h"
#include "foreign/generation.h"

namespace embedmask {
namespace {

constexpr double kTorchvisionEpsilon = 1e-5;

// Information in the files about their network (§10.6).
void follow_generation(const std::vector<ForeignWeights>& files, const ImportOptions& options,
                       ImportedModel& imported) {
    Config& config = imported.model.config;
    const auto fixed = [&](const char* key) {
        return std::ranges::find(options.fixed_keys, key) != options.fixed_keys.end();
    };
    for (const ForeignWeights& file : files) {
        const foreign::Recognized recognized = foreign::recognize_generation(file);
        if (recognized.generation == foreign::Generation::unknown) {
            continue;
        }
        imported.notes.push_back(fmt::format("{}: {}", file.file, foreign::describe(recognized)));
        foreign::check_generation(recognized, config, file.file);
        if (!has_masks(config)) {
            continue;
        }
        if (recognized.embed_dim != config.embed_dim && !fixed("embed_dim")) {
            config.embed_dim = recognized.embed_dim;
            imported.notes.push_back(
                fmt::format("  taken from the file: embed_dim={}", recognized.embed_dim));
        }
        if (recognized.conv3 && config.proposal_head != ProposalHeadKind::conv3 &&
            !fixed("proposal_head")) {
            config.proposal_head = ProposalHeadKind::conv3;
            imported.notes.emplace_back("  taken from the file: proposal_head=conv3");
        }
        validate(config, file.file);
    }
}

}  // namespace

ImportedModel import_model(const std::vector<ForeignWeights>& files, const ImportOptions& options) {
    ImportedModel imported;
    Model& model = imported.model;
    model.config = options.config;
    follow_generation(files, options, imported);
    model.categories = options.categories;
    model.config.num_classes = static_cast<std::int64_t>(model.categories.size());
    double& epsilon = model.config.backbone.frozen_bn_eps;
    Import matched = import_weights(model.graph(), files, epsilon);
    const bool fixed =
        std::ranges::find(options.fixed_keys, "backbone.frozen_bn_eps") != options.fixed_keys.end();
    if (matched.report.has_torchvision_statistics && epsilon == 0 && !fixed) {
        epsilon = kTorchvisionEpsilon;
        imported.notes.emplace_back(
            "torchvision batch norm statistics: backbone.frozen_bn_eps = 1e-5");
    }
    model.weights = std::move(matched.weights);
    imported.report = std::move(matched.report);
    for (const ForeignWeights& file : files) {
        model.provenance["weights: " + file.file] =
            file.metadata.contains("what") ? file.metadata.at("what") : file.file;
    }
    return imported;
}

}  // namespace embedmask
