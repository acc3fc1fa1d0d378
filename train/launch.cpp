#include "train/launch.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>

#include "base/standard_output.h"
#include "config/assignment.h"
#include "embedmask/error.h"

namespace embedmask::train {
namespace {

// lr ∝ batch, iterations and milestones ∝ 1/batch (§8.2); values set by the user are kept.
void scale_to_batch(Config& config, std::int64_t preset_batch, const CommandLine& line) {
    Config::Solver& solver = config.solver;
    if (solver.batch == preset_batch) {
        return;
    }
    const double ratio = static_cast<double>(solver.batch) / static_cast<double>(preset_batch);
    std::string said;
    if (!detail::assigns(line.sets, "solver.lr")) {
        said += fmt::format(", lr {:.4g} -> {:.4g}", solver.lr, solver.lr * ratio);
        solver.lr *= ratio;
    }
    const auto stretch = [&](std::int64_t iterations) {
        return std::max<std::int64_t>(1, std::llround(static_cast<double>(iterations) / ratio));
    };
    if (!detail::assigns(line.sets, "solver.max_iter")) {
        const std::int64_t before = solver.max_iter;
        solver.max_iter = stretch(before);
        said += fmt::format(", iterations {} -> {}", before, solver.max_iter);
    }
    if (!detail::assigns(line.sets, "solver.steps")) {
        for (std::int64_t& step : solver.steps) {
            step = stretch(step);
        }
        said += fmt::format(", milestones {}", fmt::join(solver.steps, " "));
    }
    if (!said.empty()) {
        detail::say("batch {} instead of {}{} (linear scaling)\n", solver.batch, preset_batch,
                    said);
    }
}

bool has_native_bf16(const torch::Device& device) {
    if (device.is_cuda()) {
        return true;
    }
#if defined(__x86_64__)
    return __builtin_cpu_supports("avx512bf16") != 0;  // also true for every CPU with AMX
#else
    return false;
#endif
}

enum class DeviceChoice { automatic, cpu, cuda };

const std::map<std::string, DeviceChoice> kDevices = {
    {"auto", DeviceChoice::automatic}, {"cpu", DeviceChoice::cpu}, {"cuda", DeviceChoice::cuda}};

// std::nullopt: bf16 if the device has units for it.
const std::map<std::string, std::optional<Compute>> kPrecisions = {
    {"auto", std::nullopt}, {"fp32", Compute::fp32}, {"bf16", Compute::bf16}};

torch::Device device_of(DeviceChoice choice) {
    const bool has_cuda = torch::cuda::is_available();
    if (choice == DeviceChoice::cuda && !has_cuda) {
        throw Error("--device cuda: libtorch finds no CUDA device",
                    "use --device cpu, or install a CUDA build of libtorch and an NVIDIA driver");
    }
    if (choice == DeviceChoice::cpu || !has_cuda) {
        return torch::kCPU;
    }
    const char* local = std::getenv("LOCAL_RANK");
    return {torch::kCUDA, static_cast<c10::DeviceIndex>(local == nullptr ? 0 : std::atoi(local))};
}

Compute automatic_compute(const torch::Device& device) {
    return has_native_bf16(device) ? Compute::bf16 : Compute::fp32;
}

}  // namespace

void add_options(CLI::App& app, CommandLine& line) {
    app.add_option("CONFIG", line.config, "Preset name or TOML file")
        ->type_name("")
        ->capture_default_str();
    app.add_option("--data", line.data, "COCO annotation file; repeatable")->type_name("FILE");
    app.add_option("--images", line.images, "Image folder of each --data file; repeatable")
        ->type_name("DIR");
    app.add_option("--val-data", line.val_data,
                   "Annotation file for best.safetensors and early stopping")
        ->type_name("FILE");
    app.add_option("--val-images", line.val_images, "Image folder of --val-data")->type_name("DIR");
    app.add_option("--weights", line.weights,
                   "Weights to start from; repeatable, later files take precedence")
        ->type_name("FILE");
    app.add_flag("--new-classes", line.new_classes,
                 "New classifier; classes that the weights know by name are kept");
    app.add_option("--teacher", line.teacher,
                   "Model to learn classes and boxes from, instead of the labels")
        ->type_name("FILE");
    app.add_option("--out", line.out, "Run folder")->type_name("DIR");
    app.add_flag("--resume", line.resume, "Resume from the newest checkpoint in --out");
    app.add_option("--set", line.sets, "Override a configuration key: KEY=VALUE; repeatable")
        ->allow_extra_args(false);
    app.add_option("--precision", line.precision, "Arithmetic of convolutions: auto, fp32 or bf16")
        ->check(CLI::IsMember(kPrecisions).description(""))
        ->capture_default_str();
    app.add_option("--device", line.device, "Device: auto, cpu or cuda")
        ->check(CLI::IsMember(kDevices).description(""))
        ->capture_default_str();
    app.add_option("--threads", line.threads, "Number of threads; 0 uses all processors")
        ->check(CLI::Range(0, 4096).description(""));
    app.add_option("--cache", line.cache, "Folder that keeps decoded images")->type_name("DIR");
    app.add_flag("--dry-run", line.dry_run,
                 "Print the plan and the time of one iteration, then exit");
    app.footer(
        "Examples:\n"
        "  embedmask train --data train.json --images images/ --out run\n"
        "  embedmask train finetune --data train.json --images images/ \\\n"
        "      --weights r50.safetensors --out run\n"
        "  embedmask train r50_1x --data instances.json --images train2017/ \\\n"
        "      --set solver.batch=4 --out run --resume");
}

TrainOptions resolve(const CommandLine& line) {
    TrainOptions options;
    options.config = read_config(line.config);
    const std::int64_t preset_batch = options.config.solver.batch;
    apply_overrides(options.config, line.sets);
    Config::Data& data = options.config.data;
    if (!line.data.empty()) {
        data.train = line.data;
    }
    if (!line.images.empty()) {
        data.train_images = line.images;
    }
    if (!line.val_data.empty()) {
        data.val = line.val_data;
    }
    if (!line.val_images.empty()) {
        data.val_images = line.val_images;
    }
    scale_to_batch(options.config, preset_batch, line);
    if (line.out.empty() && !line.dry_run) {
        throw Error("--out is missing",
                    "pass --out DIR for the checkpoints and metrics of the run");
    }
    options.out = line.out;
    options.weights = line.weights;
    options.teacher = line.teacher;
    options.resume = line.resume;
    options.new_classes = line.new_classes;
    options.dry_run = line.dry_run;
    options.device = device_of(kDevices.at(line.device));
    options.compute = kPrecisions.at(line.precision).value_or(automatic_compute(options.device));
    options.cache = line.cache;
    options.sets = line.sets;
    options.inputs.add(line.config);
    options.inputs.add(line.teacher);
    options.inputs.add(data.val);
    for (const std::string& file : data.train) {
        options.inputs.add(file);
    }
    for (const std::string& file : line.weights) {
        options.inputs.add(file);
    }
    return options;
}

}  // namespace embedmask::train
