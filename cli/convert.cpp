// embedmask convert: foreign weights → one model file.
#include <fmt/format.h>

#include <filesystem>
#include <map>
#include <memory>

#include "base/input_files.h"
#include "base/paths.h"
#include "command.h"
#include "config/assignment.h"
#include "embedmask/dataset.h"
#include "embedmask/error.h"
#include "embedmask/import.h"
#include "embedmask/model.h"
#include "model/fold.h"

namespace embedmask::cli {
namespace {

namespace fs = std::filesystem;

struct ConvertOptions {
    std::vector<std::string> weights;
    std::string preset;
    std::string categories;
    std::vector<std::string> sets;
    std::vector<std::string> origins;
    std::string store = "f16";
    std::string base;
    std::string out;
};

constexpr const char* kDefaultPreset = "g3";

// Ids for plain names count from 1; an annotation file has its own ids.
std::vector<Category> categories_of(const ConvertOptions& options) {
    if (detail::path_exists(options.categories)) {
        return read_dataset(options.categories).categories;
    }
    std::vector<Category> categories;
    for (const std::string& name : CLI::detail::split(options.categories, ',')) {
        categories.push_back({static_cast<std::int64_t>(categories.size()) + 1, name});
    }
    return categories;
}

const std::map<std::string, Storage> kStorages = {
    {"f16", Storage::f16}, {"f32", Storage::f32}, {"i8", Storage::i8}, {"keep", Storage::keep}};

// Foreign weights for a preset.
Model import_model(const ConvertOptions& options) {
    const std::string preset = options.preset.empty() ? kDefaultPreset : options.preset;
    std::vector<ForeignWeights> files;
    for (const std::string& path : options.weights) {
        files.push_back(read_foreign_weights(path));
        if (is_model_file(path)) {
            const Model model = read_model(path);
            if (model.config.nanodet.norm == NanodetNorm::bn) {
                files.back().tensors = detail::with_folded_norms(model).weights;
            }
        }
    }
    if (options.categories.empty() && !options.preset.empty() &&
        is_model_file(options.weights.front())) {
        throw Error(fmt::format("--preset {}: {} is a model file with a configuration of its own",
                                preset, options.weights.front()),
                    "leave out --preset, or also pass --categories");
    }
    if (options.categories.empty()) {
        throw Error("--categories is missing: these weights do not record what they detect",
                    "pass --categories NAME,NAME,... or --categories ANN.json");
    }
    ImportOptions import;
    import.config = read_config(preset);
    apply_overrides(import.config, options.sets);
    import.categories = categories_of(options);
    for (const std::string& set : options.sets) {
        import.fixed_keys.emplace_back(detail::assigned_key(set));
    }
    ImportedModel imported = import_model(files, import);
    for (const std::string& note : imported.notes) {
        fmt::print("{}\n", note);
    }
    const ImportReport& report = imported.report;
    fmt::print("{}", describe(report, files));
    if (!report.complete()) {
        throw Error(fmt::format("{} parameters of preset {} have no weights",
                                report.missing.size() + report.mismatched.size(), preset),
                    "add the file that contains them, or choose the preset they were trained with");
    }
    imported.model.provenance["preset"] = preset;
    return std::move(imported.model);
}

// A model file already has its configuration; only storage and settings may change.
Model reread_model(const ConvertOptions& options) {
    Model model = read_model(options.weights.front());
    fmt::print("{}: a model file; its configuration and categories are kept\n", model.name);
    Config wanted = model.config;
    apply_overrides(wanted, options.sets);
    const bool keeps_norms =
        wanted.nanodet.norm == NanodetNorm::bn && detail::assigns(options.sets, "nanodet.norm");
    if (model.config.nanodet.norm == NanodetNorm::bn && !keeps_norms) {
        model = detail::with_folded_norms(std::move(model));
        wanted.nanodet.norm = model.config.nanodet.norm;
        fmt::print("batch norm is folded into the convolutions: nanodet.norm = \"folded\"\n");
    }
    if (wanted.nanodet.norm != model.config.nanodet.norm) {
        throw Error(fmt::format("{}: batch norm is folded into the convolutions and cannot be "
                                "separated again",
                                model.name),
                    "leave out --set nanodet.norm=bn");
    }
    model.config = wanted;
    return model;
}

void add_origins(const std::vector<std::string>& origins, Model& model) {
    for (const std::string& origin : origins) {
        const std::size_t equals = origin.find('=');
        if (equals == 0 || equals == std::string::npos) {
            throw Error(fmt::format("--origin {}: expected KEY=TEXT", origin),
                        "for example --origin \"licence=CC BY 4.0\"");
        }
        model.provenance[origin.substr(0, equals)] = origin.substr(equals + 1);
    }
}

void convert(const ConvertOptions& options) {
    detail::InputFiles inputs;
    for (const std::string& input : options.weights) {
        inputs.add(input);
    }
    for (const std::string& input : {options.preset, options.categories, options.base}) {
        inputs.add(input);
    }
    inputs.require_other(options.out);
    const bool is_model = options.weights.size() == 1 && options.preset.empty() &&
                          options.categories.empty() && is_model_file(options.weights.front());
    Model model = is_model ? reread_model(options) : import_model(options);
    add_origins(options.origins, model);
    write_model(options.out, model, kStorages.at(options.store), options.base);
    fmt::print("\nwrote {} ({:.1f} MB, {} {})\n", options.out,
               static_cast<double>(fs::file_size(options.out)) / 1e6, model.categories.size(),
               model.categories.size() == 1 ? "category" : "categories");
}

}  // namespace

void add_convert_command(CLI::App& app) {
    CLI::App* command = add_command(
        app, "convert", "Build a model file from the weights of other programs",
        {"embedmask convert resnet50.safetensors head.safetensors --preset g3 \\",
         "    --categories person --out pedestrians.safetensors",
         "embedmask convert embed_mask_R50_1x.pth --categories instances_val2017.json \\",
         "    --preset r50_1x --store i8 --out r50.safetensors",
         "# a trained model, four times smaller",
         "embedmask convert run/last.safetensors --store i8 --out mine.safetensors",
         "# a torchvision backbone takes R,G,B in 0..1 and strides in its 3x3 convolutions",
         "embedmask convert resnet50-torchvision.pth head.pth --categories person \\",
         "    --set backbone.stride_in_1x1=false --set input.order=rgb --set input.range=1 \\",
         "    --set \"input.mean=[0.485, 0.456, 0.406]\" \\",
         "    --set \"input.std=[0.229, 0.224, 0.225]\" --out person.safetensors"});
    const auto options = std::make_shared<ConvertOptions>();
    command
        ->add_option("WEIGHTS", options->weights,
                     "Weight files: safetensors, .pth from torch.save (legacy and zip),\nCaffe2 "
                     ".pkl; later files take precedence")
        ->type_name("")
        ->required();
    command->add_option("--preset", options->preset,
                        "Preset name or TOML file (default: g3; a model file has its own)");
    command->add_option(
        "--categories", options->categories,
        "Names separated by commas, or a COCO annotation file;\na model file has its own");
    command
        ->add_option("--set", options->sets, "Override a configuration key: KEY=VALUE; repeatable")
        ->allow_extra_args(false);
    command
        ->add_option("--store", options->store,
                     "Storage of convolution weights: f16, f32, i8 or keep")
        ->capture_default_str()
        ->check(CLI::IsMember(kStorages));
    command
        ->add_option("--origin", options->origins,
                     "Record where the weights come from; `embedmask info` prints it, and\n"
                     "models trained from this one keep it; repeatable")
        ->type_name("KEY=TEXT")
        ->allow_extra_args(false);
    command
        ->add_option("--base", options->base,
                     "Model file in the folder of --out with the same frozen backbone;\n"
                     "identical tensors are read from it")
        ->type_name("FILE");
    command->add_option("--out", options->out, "Model file to write")
        ->type_name("FILE")
        ->required();
    command->callback([options] { convert(*options); });
}

}  // namespace embedmask::cli
