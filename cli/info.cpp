// embedmask info: describes a model file or a preset.
#include <fmt/format.h>

#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>

#include "command.h"
#include "embedmask/error.h"
#include "embedmask/model.h"
#include "size_option.h"

namespace embedmask::cli {
namespace {

struct InfoOptions {
    std::string model;
    std::string preset;
    std::string size = "800x1088";
    bool json = false;
    bool presets = false;
};

void print_presets(bool as_json) {
    nlohmann::json list = nlohmann::json::array();
    for (const PresetInfo& info : presets()) {
        list.push_back({{"name", info.name}, {"summary", info.summary}});
        if (!as_json) {
            fmt::print("{:<24}{}\n", info.name, info.summary);
        }
    }
    if (as_json) {
        fmt::print("{}\n", list.dump(2));
    }
}

void print_preset(const InfoOptions& options, std::int64_t height, std::int64_t width) {
    const Config config = read_config(options.preset);
    const auto graph = network::embedmask(config);
    const std::int64_t parameters = network::count_parameters(graph).total;
    const std::int64_t macs = network::count_macs(graph, height, width);
    if (options.json) {
        const nlohmann::json summary = {
            {"config", to_toml(config)}, {"parameters", parameters}, {"macs", macs}};
        fmt::print("{}\n", summary.dump(2));
    } else {
        fmt::print("# {} parameters, {:.2f} GMAC at {}\n{}", parameters,
                   static_cast<double>(macs) / 1e9, options.size, to_toml(config));
    }
}

void print_json(const Model& model, std::int64_t macs) {
    const auto count = network::count_parameters(model.graph());
    nlohmann::json summary;
    summary["config"] = to_toml(model.config);
    summary["categories"] = nlohmann::json::array();
    for (const Category& category : model.categories) {
        summary["categories"].push_back({{"id", category.id}, {"name", category.name}});
    }
    summary["parameters"] = count.total;
    summary["macs"] = macs;
    summary["provenance"] = model.provenance;
    fmt::print("{}\n", summary.dump(2));
}

void print_text(const Model& model, const InfoOptions& options, std::int64_t macs) {
    const auto count = network::count_parameters(model.graph());
    fmt::print("file        {} ({:.1f} MB)\n", model.name,
               static_cast<double>(std::filesystem::file_size(model.name)) / 1e6);
    fmt::print("parameters  {} ({} trainable)\n", count.total, count.trainable);
    fmt::print("work        {:.2f} GMAC at {}\n", static_cast<double>(macs) / 1e9, options.size);
    for (const auto& [key, value] : model.provenance) {
        fmt::print("origin      {}: {}\n", key, value);
    }
    for (const Category& category : model.categories) {
        fmt::print("category    {:>4} {}\n", category.id, category.name);
    }
    fmt::print("\n{}", to_toml(model.config));
}

void info(const InfoOptions& options) {
    if (options.presets) {
        return print_presets(options.json);
    }
    const auto [height, width] = parse_size(options.size);
    if (!options.preset.empty()) {
        return print_preset(options, height, width);
    }
    if (options.model.empty()) {
        throw Error("pass a MODEL, --preset NAME or --presets", "see `embedmask info --help`");
    }
    const Model model = read_model(find_model(options.model));
    const std::int64_t macs = network::count_macs(model.graph(), height, width);
    if (options.json) {
        print_json(model, macs);
    } else {
        print_text(model, options, macs);
    }
}

}  // namespace

void add_info_command(CLI::App& app) {
    CLI::App* command = add_command(
        app, "info", "Print the contents of a model file or the configuration of a preset",
        {"embedmask info coco-nano", "embedmask info --preset lite --size 480x640"});
    const auto options = std::make_shared<InfoOptions>();
    command->add_option("MODEL", options->model, "Model file, or the name of an installed model")
        ->type_name("");
    command->add_option("--preset", options->preset,
                        "Print the resolved configuration of this preset");
    command->add_flag("--presets", options->presets, "List the presets");
    command->add_option("--size", options->size, "Input size HEIGHTxWIDTH for the operation count")
        ->capture_default_str();
    command->add_flag("--json", options->json, "Print JSON");
    command->callback([options] { info(*options); });
}

}  // namespace embedmask::cli
