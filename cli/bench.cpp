// embedmask bench: where the time per image goes, compared with the peak rates of this machine.
#include <fmt/format.h>
#include <malloc.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>

#include "base/clock.h"
#include "base/file.h"
#include "base/output_folder.h"
#include "base/parallel.h"
#include "base/standard_output.h"
#include "bench_inputs.h"
#include "command.h"
#include "config/detector.h"
#include "detection/candidates.h"
#include "detection/nms.h"
#include "embedmask/error.h"
#include "embedmask/model.h"
#include "engine/engine.h"
#include "image/preprocess.h"
#include "machine_peak.h"
#include "mask/coupling.h"
#include "network/random_weights.h"
#include "render/overlay.h"
#include "report/prediction_files.h"
#include "size_option.h"

namespace embedmask::cli {
namespace {

namespace fs = std::filesystem;
using detail::Clock;
using detail::milliseconds_since;
using nlohmann::json;

constexpr int kDetections = 100;

const std::map<std::string, std::vector<Precision>> kPrecisions = {
    {"auto", {Precision::automatic}},
    {"fp32", {Precision::fp32}},
    {"bf16", {Precision::bf16}},
    {"both", {Precision::fp32, Precision::bf16}}};

struct BenchOptions {
    std::string model;
    std::string preset = "g3";
    std::string size = "800x1088";
    std::string precision = "auto";
    std::string image;
    std::string cache;
    int threads = 0;
    int streams = 1;
    int batch = 1;
    int repeat = 10;
    bool json = false;
};

struct Times {
    double median = 0;
    double least = 0;
};

Times times_of(std::vector<double> samples) {
    std::sort(samples.begin(), samples.end());
    return {samples[samples.size() / 2], samples.front()};
}

template <typename Work>
Times measure(int repeat, Work work) {
    work();
    std::vector<double> samples;
    for (int i = 0; i < repeat; ++i) {
        const auto start = Clock::now();
        work();
        samples.push_back(milliseconds_since(start));
    }
    return times_of(std::move(samples));
}

// Peak resident memory of the process since `reset_peak_memory`, in megabytes.
double peak_memory() {
    std::ifstream status("/proc/self/status");
    for (std::string line; std::getline(status, line);) {
        if (line.starts_with("VmHWM:")) {
            return std::stod(line.substr(6)) * 1024 / 1e6;
        }
    }
    return 0;
}

void reset_peak_memory() {
    ::malloc_trim(0);
    std::ofstream("/proc/self/clear_refs") << "5";
}

struct Stage {
    std::string name;
    Times times;
};

struct NetworkResult {
    Precision precision = Precision::fp32;
    double compile = 0;
    double first = 0;
    Times warm;
    double gflops = 0;
    double peak = 0;  // of the unit that computes in this precision, GFLOP/s
    double memory = 0;
};

class BenchRun {
public:
    explicit BenchRun(const BenchOptions& options)
        : options_(options),
          threads_(options.threads > 0 ? options.threads : detail::available_processors()) {
        std::tie(height_, width_) = parse_size(options.size);
        const auto start = Clock::now();
        if (options.model.empty()) {
            model_.config = read_config(options.preset);
            model_.name = options.preset + " with random weights";
            model_.weights = network::random_weights(model_.graph(), 1);
        } else {
            model_ = read_model(find_model(options.model));
            load_ = milliseconds_since(start);
        }
        macs_ = network::count_macs(model_.graph(), height_, width_);
    }

    void run() {
        for (const Precision precision : precisions()) {
            networks_.push_back(run_network(precision));
        }
        measure_other_stages();
        // Runs last: its arrays would otherwise count as the network's memory.
        peak_ = measure_machine_peak(threads_);
        for (NetworkResult& network : networks_) {
            network.peak =
                (network.precision == Precision::bf16 ? peak_.bf16 : peak_.fp32).giga_per_second;
        }
        options_.json ? print_json() : print_table();
    }

private:
    [[nodiscard]] std::vector<Precision> precisions() const {
        const std::vector<Precision>& wanted = kPrecisions.at(options_.precision);
        if (wanted.size() > 1 && !engine::cpu_has_bf16()) {
            detail::say("this CPU does not support bf16, so only fp32 is measured\n");
            return {Precision::fp32};
        }
        return wanted;
    }

    [[nodiscard]] NetworkResult run_network(Precision precision) const {
        reset_peak_memory();
        NetworkResult result;
        auto start = Clock::now();
        const auto engine =
            engine::make_inference_engine({model_.graph(), model_.weights},
                                          {precision, threads_, options_.streams, options_.cache});
        result.compile = milliseconds_since(start);
        result.precision = engine->precision();
        std::vector<std::unique_ptr<engine::Request>> requests;
        for (int i = 0; i < options_.streams; ++i) {
            requests.push_back(engine->create_request());
            const std::span<float> input = requests.back()->input(options_.batch, height_, width_);
            const std::vector<float> pixels = normal_values(1U << 16U, 0, 50);
            for (std::size_t k = 0; k < input.size(); ++k) {
                input[k] = pixels[k % pixels.size()];
            }
        }
        const auto run_all = [&] {
            for (const auto& request : requests) {
                request->start();
            }
            for (const auto& request : requests) {
                request->wait();
            }
        };
        start = Clock::now();
        run_all();
        result.first = milliseconds_since(start);
        result.warm = measure(options_.repeat, run_all);
        const double images = static_cast<double>(options_.streams) * options_.batch;
        result.warm.least /= images;
        result.warm.median /= images;
        result.gflops = 2 * static_cast<double>(macs_) / (result.warm.least * 1e6);
        result.memory = peak_memory();
        return result;
    }

    void measure_other_stages() {
        const std::vector<std::uint8_t> file =
            options_.image.empty() ? synthetic_image() : detail::read_file(options_.image);
        const std::string name = options_.image.empty() ? "image" : options_.image;
        add("decode", [&] { image_ = decode_image(file, name); });
        const ImageSize padded{static_cast<int>(width_), static_cast<int>(height_)};
        const double scale = std::min(static_cast<double>(padded.width) / image_.size.width,
                                      static_cast<double>(padded.height) / image_.size.height);
        const mask::Geometry geometry{image_.size,
                                      {std::max(1, static_cast<int>(image_.size.width * scale)),
                                       std::max(1, static_cast<int>(image_.size.height * scale))},
                                      padded};
        std::vector<float> input(3UL * padded.width * padded.height);
        add("resize + normalise",
            [&] { image::preprocess(image_, geometry.content, {}, input.data(), padded); });
        measure_selection(geometry);
        if (!has_masks(model_.config)) {
            return;
        }
        measure_masks(geometry);
        measure_writing();
    }

    template <typename Work>
    void add(const char* name, Work work) {
        stages_.push_back({name, measure(options_.repeat, work)});
    }

    // Resembles the logits of a trained detector: all but a few thousand are far below the
    // threshold.
    void measure_selection(const mask::Geometry& geometry) {
        struct Level {
            std::int64_t stride;
            std::int64_t height;
            std::int64_t width;
            std::vector<float> logits;
            std::vector<float> box;
            std::vector<float> centerness;
        };
        std::vector<Level> levels;
        for (const std::int64_t stride : model_.config.strides) {
            Level level{
                stride, (height_ + stride - 1) / stride, (width_ + stride - 1) / stride, {}, {},
                {}};
            const auto cells = static_cast<std::size_t>(level.height * level.width);
            const auto classes = static_cast<std::size_t>(model_.config.num_classes);
            level.logits = normal_values(cells * classes, -6, 1.2F);
            level.box = normal_values(cells * 4, 4, 0.5F);
            if (detail::detector_of(model_.config.detector).has_centerness) {
                level.centerness = normal_values(cells, 0, 1);
            }
            levels.push_back(std::move(level));
        }
        const auto options = detection::CandidateOptions::of(model_.config);
        add("candidates + NMS", [&] {
            std::vector<detection::Candidate> candidates;
            int index = 0;
            for (const Level& level : levels) {
                detection::add_candidates(
                    {level.logits, level.box, level.centerness, level.height, level.width}, index++,
                    level.stride, geometry.content, options, candidates);
            }
            detection::limit_detections(
                candidates,
                detection::nms(candidates, model_.config.nms_thresh, model_.config.legacy_plus_one),
                model_.config.max_det);
        });
    }

    void measure_masks(const mask::Geometry& geometry) {
        const int dims = static_cast<int>(model_.config.embed_dim);
        const std::int64_t stride = model_.config.pixel_stride;
        const auto cells = static_cast<std::size_t>((height_ / stride) * (width_ / stride));
        const std::vector<float> pixels =
            normal_values(cells * static_cast<std::size_t>(dims), 0, 0.5F);
        const std::vector<float> embedding(static_cast<std::size_t>(dims), 0.0F);
        const std::vector<float> margin(static_cast<std::size_t>(dims), 0.1F);
        const std::vector<SyntheticObject> objects = synthetic_objects(geometry, kDetections);
        for (const SyntheticObject& object : objects) {
            prediction_.detections.push_back(object.detection);
        }
        prediction_.size = geometry.original;
        add("masks + RLE, 100", [&] {
            const mask::Coupling coupling(pixels, dims, geometry,
                                          mask::CouplingOptions::of(model_.config));
            detail::parallel_for(prediction_.detections.size(), threads_, [&](std::size_t i) {
                Detection& detection = prediction_.detections[i];
                detection.mask = coupling.mask(objects[i].box, embedding, margin);
            });
        });
    }

    void measure_writing() {
        const fs::path folder =
            fs::temp_directory_path() / fmt::format("embedmask-bench-{}", ::getpid());
        detail::OutputFolder out(folder);
        out.create();
        add("write JSON, 100", [&] {
            report::CocoWriter writer(out, "", true);
            writer.write(1, prediction_);
            writer.finish();
        });
        fs::remove_all(folder);
        std::vector<render::DrawnInstance> instances;
        for (const Detection& detection : prediction_.detections) {
            render::DrawnInstance instance;
            instance.mask = &detection.mask;
            instance.box = to_box(detection.box);
            instance.label = "object";
            instance.score = detection.score;
            instances.push_back(instance);
        }
        add("overlay JPEG, 100", [&] { (void)encode_jpeg(render::overlay(image_, instances)); });
    }

    void print_table() const {
        fmt::print("{}, {}, {}, {}, batch {}\n", model_.name, options_.size,
                   counted(static_cast<std::size_t>(threads_), "thread"),
                   counted(static_cast<std::size_t>(options_.streams), "stream"), options_.batch);
        fmt::print("{:<20} {:>10} {:>10} {:>10} {:>8}\n", "stage", "median ms", "min ms", "GFLOP/s",
                   "of peak");
        for (const Stage& stage : stages_) {
            fmt::print("{:<20} {:>10.2f} {:>10.2f}\n", stage.name, stage.times.median,
                       stage.times.least);
        }
        for (const NetworkResult& network : networks_) {
            fmt::print("{:<20} {:>10.2f} {:>10.2f} {:>10.0f} {:>7.0f}%\n",
                       fmt::format("network {}", name_of(network.precision)), network.warm.median,
                       network.warm.least, network.gflops,
                       network.peak > 0 ? 100 * network.gflops / network.peak : 0);
        }
        fmt::print("\ncold: ");
        if (load_ > 0) {
            fmt::print("load {:.0f} ms, ", load_);
        }
        for (const NetworkResult& network : networks_) {
            fmt::print("{}: compile {:.0f} ms, first run {:.0f} ms, peak memory {:.0f} MB  ",
                       name_of(network.precision), network.compile, network.first, network.memory);
        }
        fmt::print("\npeak of this machine:");
        const auto print_rate = [](const char* kind, const PeakRate& rate) {
            if (rate.giga_per_second <= 0) {
                return;
            }
            fmt::print(" {} {:.0f} G/s ({}),", kind, rate.giga_per_second, rate.unit);
        };
        print_rate("fp32", peak_.fp32);
        print_rate("bf16", peak_.bf16);
        print_rate("int8", peak_.int8);
        fmt::print(" memory {:.1f} GB/s\n", peak_.bandwidth);
    }

    void print_json() const {
        json result = {{"model", model_.name},     {"size", options_.size},
                       {"threads", threads_},      {"streams", options_.streams},
                       {"batch", options_.batch},  {"macs", macs_},
                       {"load_ms", load_},         {"stages", json::array()},
                       {"networks", json::array()}};
        for (const Stage& stage : stages_) {
            result["stages"].push_back({{"name", stage.name},
                                        {"median_ms", stage.times.median},
                                        {"min_ms", stage.times.least}});
        }
        for (const NetworkResult& network : networks_) {
            result["networks"].push_back({{"precision", name_of(network.precision)},
                                          {"compile_ms", network.compile},
                                          {"first_ms", network.first},
                                          {"median_ms", network.warm.median},
                                          {"min_ms", network.warm.least},
                                          {"gflops", network.gflops},
                                          {"peak_gflops", network.peak},
                                          {"peak_memory_mb", network.memory}});
        }
        const auto rate = [](const PeakRate& peak) {
            return json{{"giga_per_second", peak.giga_per_second}, {"unit", peak.unit}};
        };
        result["machine"] = {{"fp32", rate(peak_.fp32)},
                             {"bf16", rate(peak_.bf16)},
                             {"int8", rate(peak_.int8)},
                             {"bandwidth_gb_per_second", peak_.bandwidth}};
        fmt::print("{}\n", result.dump(2));
    }

    const BenchOptions& options_;
    int threads_;
    std::int64_t height_ = 0;
    std::int64_t width_ = 0;
    Model model_;
    std::int64_t macs_ = 0;
    double load_ = 0;
    Image image_;
    Prediction prediction_;
    std::vector<Stage> stages_;
    std::vector<NetworkResult> networks_;
    MachinePeak peak_;
};

}  // namespace

void add_bench_command(CLI::App& app) {
    CLI::App* command = add_command(
        app, "bench", "Measure every stage against the peak of this machine",
        {"embedmask bench --precision both", "embedmask bench coco-nano --size 416x416 --json"});
    const auto options = std::make_shared<BenchOptions>();
    command->add_option("MODEL", options->model, "Model file or name (default: random weights)")
        ->type_name("");
    command->add_option("--preset", options->preset, "Network to measure without a MODEL")
        ->capture_default_str();
    command->add_option("--size", options->size, "Network input size, HEIGHTxWIDTH")
        ->capture_default_str();
    command
        ->add_option("--precision", options->precision,
                     "Arithmetic of the network: auto, fp32, bf16 or both")
        ->check(CLI::IsMember(kPrecisions))
        ->capture_default_str();
    command->add_option("--threads", options->threads, "Number of threads; 0 uses all processors")
        ->check(CLI::Range(0, 1024))
        ->capture_default_str();
    command
        ->add_option("--streams", options->streams,
                     "Images processed by the network at the same time")
        ->check(CLI::Range(1, 1024))
        ->capture_default_str();
    command->add_option("--batch", options->batch, "Images per batch")
        ->check(CLI::Range(1, 64))
        ->capture_default_str();
    command->add_option("--repeat", options->repeat, "Number of runs of each stage")
        ->check(CLI::Range(1, 100000))
        ->capture_default_str();
    auto* image = command
                      ->add_option("--image", options->image,
                                   "Image file to decode (default: a synthetic image)")
                      ->type_name("FILE");
    add_alias(*command, image, "--photo", options->image);
    command->add_option("--cache", options->cache, "Folder that keeps compiled networks")
        ->type_name("DIR");
    command->add_flag("--json", options->json, "Print JSON");
    command->callback([options] { BenchRun(*options).run(); });
}

}  // namespace embedmask::cli
