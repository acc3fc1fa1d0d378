#include "train/trainer.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <ATen/CPUGeneratorImpl.h>
#include <cmath>

#include "base/clock.h"
#include "base/file.h"
#include "base/output_folder.h"
#include "base/signals.h"
#include "base/standard_output.h"
#include "embedmask/error.h"
#include "tensor/safetensors.h"
#include "train/random.h"
#include "train/schedule.h"
#include "train/start.h"
#include "train/tensors.h"

namespace embedmask::train {
namespace {

namespace fs = std::filesystem;
using detail::Clock;
using detail::seconds_since;

// The configuration with the number of classes in the data.
Config with_classes(Config config, const TrainingData& data) {
    config.num_classes = static_cast<std::int64_t>(data.categories().size());
    return config;
}

Batch to_device(Batch batch, torch::Device device) {
    batch.images = batch.images.to(device, /*non_blocking=*/true);
    for (Instances& instances : batch.instances) {
        instances = instances.to(device);
    }
    return batch;
}

void check_batch(const Config& config, const TrainingData& data, int world) {
    const std::int64_t parts = world * config.solver.accumulate;
    if (config.solver.batch % parts != 0) {
        throw Error(
            fmt::format(
                "solver.batch = {} cannot be divided among {} processes x solver.accumulate = {}",
                config.solver.batch, world, config.solver.accumulate),
            fmt::format("choose a multiple of {}", parts));
    }
    const auto images = static_cast<std::int64_t>(data.images().size());
    if (config.solver.batch > images) {
        throw Error(fmt::format("solver.batch = {} exceeds the {} usable images",
                                config.solver.batch, images),
                    fmt::format("--set solver.batch={}", images));
    }
}

}  // namespace

Trainer::Trainer(const TrainOptions& options, Communicator& ranks)
    : options_(options),
      ranks_(ranks),
      data_(options.config, !options.teacher.empty()),
      config_(with_classes(options.config, data_)),
      cache_(options.cache) {
    check_batch(config_, data_, ranks.world());
    if (config_.data.val.empty() != config_.data.val_images.empty()) {
        throw config_.data.val.empty()
            ? Error("data.val_images is set, but data.val is not", "pass --val-data FILE")
            : Error("data.val is set, but data.val_images is not", "pass --val-images FOLDER");
    }
    if (!config_.data.val.empty()) {
        validation_.emplace(config_.data.val, config_.data.val_images, data_.categories(),
                            has_masks(config_));
    }
    if (!options_.teacher.empty()) {
        teacher_.emplace(options_.teacher, config_, data_.categories());
        teacher_->move_to(options_.device);
    }
    options_.config = config_;
    if (!options_.resume) {
        use_start_model(options_);
        require_trained_detector(options_);
    }
    if (!options_.dry_run) {
        detail::make_folder(options_.out);
        if (is_first()) {
            lock_.emplace(options_.out);
        }
    }
    std::optional<Checkpoint> checkpoint;
    if (options_.resume) {
        checkpoint = latest_checkpoint(options_.out);
    }
    if (!checkpoint && !options_.dry_run && is_first()) {
        require_new_run(options_.out, options_.inputs);
    }
    if (options_.resume && !checkpoint) {
        use_start_model(options_);
        require_trained_detector(options_);
    }
    if (checkpoint) {
        options_.weights.clear();  // included in the checkpoint
        adopt_weight_settings(checkpoint->config, options_);
        options_.config.start_model = checkpoint->config.start_model;
    }
    Start start = start_network(options_, data_.categories());
    if (is_first() && !start.table.empty()) {
        detail::say("{}", start.table);
    }
    config_ = start.config;
    provenance_ = std::move(start.provenance);
    network_ = std::move(start.network);
    network_->train();
    network_->move_to(options_.device);
    optimizer_.emplace(*network_, config_.solver);
    if (config_.solver.ema > 0 && is_first()) {
        average_.emplace(*network_, config_.solver.ema);
    }
    if (checkpoint) {
        resume(*checkpoint);
    } else if (options_.resume && is_first()) {
        detail::say("{}: no checkpoint yet, starting a new run\n", options_.out.string());
    }
}

void Trainer::resume(const Checkpoint& checkpoint) {
    if (!same_categories(checkpoint.categories, data_.categories())) {
        throw Error(fmt::format("{}: the run was started with different categories: {}",
                                options_.out.string(),
                                category_difference(data_.categories(), checkpoint.categories)),
                    "resume with the same data, or choose a new --out");
    }
    if (network::embedmask(checkpoint.config).parameters.size() !=
        network_->graph().parameters.size()) {
        throw Error(
            fmt::format("{}: the run was started with a different preset", options_.out.string()),
            "resume with the same configuration, or choose a new --out");
    }
    restore_model(*network_, checkpoint.tensors);
    optimizer_->restore(checkpoint.tensors, checkpoint.progress.iteration);
    if (average_) {
        average_->restore(checkpoint.tensors);
    }
    progress_ = checkpoint.progress;
    provenance_ = checkpoint.provenance;
    if (config_.data.resume_order == ResumeOrder::authors) {
        progress_.sampler_start = progress_.iteration;
    }
    if (!is_first()) {
        return;
    }
    detail::say("resuming after iteration {}\n", progress_.iteration);
    for (const std::string& change : differences(checkpoint.config, config_)) {
        detail::say("changed since the checkpoint: {}\n", change);
    }
}

Loader Trainer::make_loader() const {
    std::vector<ImageSize> sizes;
    std::vector<double> weights;
    for (const TrainingImage& image : data_.images()) {
        sizes.push_back(image.size);
        if (!config_.data.weights.empty()) {
            weights.push_back(image.weight);
        }
    }
    SamplerOptions sampling;
    sampling.parts = config_.solver.accumulate;
    sampling.batch = config_.solver.batch / (ranks_.world() * sampling.parts);
    sampling.seed = config_.seed;
    sampling.start = progress_.sampler_start;
    sampling.rank = ranks_.rank();
    sampling.world = ranks_.world();
    sampling.group_by_aspect = config_.input.aspect_grouping;
    sampling.complete_only = config_.data.sampler == SamplerKind::detectron2;
    LoaderOptions loading;
    loading.workers = config_.workers;
    loading.seed = config_.seed;
    loading.first = (progress_.iteration - progress_.sampler_start) * sampling.parts;
    loading.rank = ranks_.rank();
    loading.pinned = options_.device.is_cuda();
    return {SampleMaker(data_, config_, cache_), Sampler(sizes, weights, sampling), config_,
            loading};
}

Losses Trainer::forward(const Batch& batch, std::int64_t iteration) {
    const Outputs outputs = network_->forward(batch.images, options_.compute);
    std::mt19937_64 random = random_for({config_.seed, iteration, ranks_.rank()});
    const at::Generator generator = at::detail::createCPUGenerator(random());
    if (!teacher_) {
        return compute_losses(outputs, batch, config_, ranks_, generator);
    }
    const Outputs taught = teacher_->predict(batch.images, options_.compute);
    return compute_losses(outputs, batch, config_, ranks_, generator, &taught);
}

// Training does not recover from a NaN: stop before it reaches the weights, and save the batch that
// caused it.
void Trainer::require_finite(const std::string& name, double value, const Batch& batch,
                             std::int64_t iteration) const {
    if (std::isfinite(value)) {
        return;
    }
    constexpr const char* kCure =
        "try a smaller solver.lr, a longer solver.warmup_iters, or solver.clip_norm=10";
    const std::string problem =
        fmt::format("iteration {}: {} is {}: expected a finite number; image ids of the batch: {}",
                    iteration, name, value, fmt::join(batch.image_ids, ", "));
    if (options_.dry_run) {
        throw Error(problem, kCure);
    }
    const fs::path dump = options_.out / fmt::format("not-finite-{:07d}-rank-{}.safetensors",
                                                     iteration, ranks_.rank());
    detail::Safetensors file;
    file.tensors["images"] = from_torch(batch.images);
    for (std::size_t i = 0; i < batch.instances.size(); ++i) {
        file.tensors[fmt::format("boxes.{}", i)] = from_torch(batch.instances[i].boxes);
        file.tensors[fmt::format("labels.{}", i)] = from_torch(batch.instances[i].labels);
        file.tensors[fmt::format("masks.{}", i)] = from_torch(batch.instances[i].masks);
    }
    file.metadata["image_ids"] = fmt::format("{}", fmt::join(batch.image_ids, ","));
    detail::write_safetensors(dump, file);
    throw Error(fmt::format("{}; the batch is in {}", problem, dump.string()),
                fmt::format("{}; --resume continues from the last checkpoint", kCure));
}

// Ranks that read different checkpoints (a folder that is not shared, a stale listing) would
// diverge silently.
void Trainer::require_equal_progress() {
    const torch::Tensor mine = torch::tensor({progress_.iteration, progress_.sampler_start});
    torch::Tensor first = mine.clone();
    ranks_.broadcast(first);
    if (torch::equal(first, mine)) {
        return;
    }
    throw Error(fmt::format("process {} resumed after iteration {}, process 0 after {}",
                            ranks_.rank(), progress_.iteration, first[0].item<std::int64_t>()),
                "--out must be a folder that all processes share");
}

// An unreadable image ends the run, and the progress so far is saved.
Batch Trainer::next_batch(Loader& loader, std::int64_t iteration) {
    try {
        return loader.next();
    } catch (const Error& error) {
        if (options_.dry_run) {
            throw;
        }
        if (iteration - 1 > progress_.iteration) {
            save(iteration - 1);
        }
        throw Error(fmt::format("iteration {}: {}", iteration, error.what()),
                    fmt::format("{}, then run again with `--resume`",
                                error.fix().empty() ? "fix the file" : error.fix()));
    }
}

Measurement Trainer::iterate(Loader& loader, std::int64_t iteration) {
    const auto start = Clock::now();
    Measurement measurement;
    Batch batch;
    optimizer_->zero_grad();
    // Several processes exchange the gradients of all parameters, needed or not.
    if (config_.solver.detector_start > 0 && ranks_.world() == 1) {
        optimizer_->enable_detector(!optimizer_->detector_waits(iteration));
    }
    const auto parts = static_cast<double>(config_.solver.accumulate);
    for (std::int64_t part = 0; part < config_.solver.accumulate; ++part) {
        const auto waiting = Clock::now();
        batch = to_device(next_batch(loader, iteration), options_.device);
        measurement.data_seconds += seconds_since(waiting);
        measurement.images += batch.images.size(0);
        const Losses losses = forward(batch, iteration);
        for (const auto& [name, value] : losses) {
            require_finite(name, value.item<double>(), batch, iteration);
        }
        ranks_.backward(total(losses) / parts, optimizer_->parameters());
        for (std::size_t i = 0; i < losses.size(); ++i) {
            if (part == 0) {
                measurement.losses.emplace_back(losses[i].first, 0);
            }
            measurement.losses[i].second += losses[i].second.item<double>() / parts;
        }
    }
    measurement.gradient_norm = optimizer_->clip(iteration);
    require_finite("the gradient norm", measurement.gradient_norm, batch, iteration);
    measurement.lr = learning_rate(config_.solver, iteration);
    optimizer_->step(iteration);
    if (average_) {
        average_->update(*network_, iteration);
    }
    measurement.total_seconds = seconds_since(start);
    return measurement;
}

void Trainer::average_over_ranks(Measurement& measurement) {
    if (ranks_.world() == 1) {
        return;
    }
    std::vector<double> values{static_cast<double>(measurement.images)};
    for (const auto& [name, value] : measurement.losses) {
        values.push_back(value);
    }
    torch::Tensor sums = torch::tensor(values, torch::kFloat64);
    ranks_.sum(sums);
    measurement.images = static_cast<std::int64_t>(sums[0].item<double>());
    for (std::size_t i = 0; i < measurement.losses.size(); ++i) {
        measurement.losses[i].second =
            sums[static_cast<std::int64_t>(i) + 1].item<double>() / ranks_.world();
    }
}

// All ranks stop after the same iteration, regardless of which one received the signal.
bool Trainer::any_rank_stops() {
    torch::Tensor flag = torch::tensor({detail::StopSignal::received() != 0 ? 1.0 : 0.0});
    ranks_.sum(flag);
    return flag.item<double>() > 0;
}

Model Trainer::model(std::int64_t iteration) const {
    Model model;
    model.config = config_;
    model.categories = data_.categories();
    model.weights = average_ ? average_->weights() : network_->weights();
    constexpr const char* kTraining = "trained with";
    constexpr const char* kStart = "started from";
    model.provenance = provenance_;
    if (const auto before = provenance_.find(kTraining); before != provenance_.end()) {
        const auto earlier = provenance_.find(kStart);
        model.provenance[kStart] =
            before->second + (earlier == provenance_.end() ? "" : "; before: " + earlier->second);
    }
    model.provenance[kTraining] =
        fmt::format("embedmask-train, {} iterations, batch {}, {} images, {} objects{}", iteration,
                    config_.solver.batch, data_.summary().images, data_.summary().objects,
                    average_ ? ", averaged weights" : "");
    if (teacher_) {
        model.provenance["teacher"] = options_.teacher.filename().string();
    }
    model.name = "the trained weights";
    return model;
}

void Trainer::save(std::int64_t iteration) {
    if (!is_first()) {
        return;
    }
    Checkpoint checkpoint;
    progress_.iteration = iteration;
    checkpoint.progress = progress_;
    checkpoint.config = config_;
    checkpoint.categories = data_.categories();
    checkpoint.provenance = provenance_;
    checkpoint.tensors = model_state(*network_);
    checkpoint.tensors.merge(optimizer_->state());
    if (average_) {
        checkpoint.tensors.merge(average_->state());
    }
    write_checkpoint(options_.out, checkpoint);
}

bool Trainer::validates_after(std::int64_t iteration) const {
    if (!validation_ || iteration == 0) {
        return false;
    }
    const std::int64_t period =
        config_.eval_period > 0 ? config_.eval_period : config_.checkpoint_period;
    return iteration % period == 0 || iteration == config_.solver.max_iter;
}

// No improvement for `patience` validations.
bool Trainer::should_stop_early() const {
    return config_.patience > 0 && progress_.validations_since_best >= config_.patience;
}

// The first rank scores; the others wait and receive the number of validations without improvement.
void Trainer::validate(std::int64_t iteration) {
    constexpr int kOverlays = 4;
    torch::Tensor since_best = torch::zeros({1}, torch::kInt64);
    if (is_first()) {
        const auto start = Clock::now();
        const Model trained = model(iteration);
        const Scores scores = validation_->run(trained, kOverlays);
        const bool best = scores.ap() > progress_.best_ap;
        recorder_->add_validation(iteration, scores, seconds_since(start), best);
        if (best) {
            progress_.best_ap = scores.ap();
            progress_.best_iteration = iteration;
            write_model(options_.out / kBestModel, trained, Storage::f32);
        }
        since_best.fill_(best ? 0 : progress_.validations_since_best + 1);
    }
    ranks_.broadcast(since_best);
    progress_.validations_since_best = since_best.item<std::int64_t>();
    progress_.last_validation = iteration;
}

RunOutcome Trainer::run() {
    const detail::StopSignal signals;
    require_equal_progress();
    if (is_first()) {
        detail::OutputFolder(options_.out).write(kConfigFile, to_toml(config_));
        recorder_.emplace(options_.out, config_, progress_.iteration);
    }
    for (const auto& [name, tensor] : model_state(*network_)) {
        torch::Tensor values = tensor.detach();
        ranks_.broadcast(values);
    }
    // The run may have been stopped between a checkpoint and its validation.
    if (validates_after(progress_.iteration) && progress_.last_validation < progress_.iteration) {
        validate(progress_.iteration);
        save(progress_.iteration);
    }
    Loader loader = make_loader();
    std::int64_t iteration = progress_.iteration;
    while (iteration < config_.solver.max_iter && !should_stop_early()) {
        Measurement measurement = iterate(loader, ++iteration);
        average_over_ranks(measurement);
        if (is_first()) {
            recorder_->add(iteration, measurement);
        }
        const bool stops = any_rank_stops();
        const bool validates = validates_after(iteration);
        // Saves before the validation, which may take long or fail, and again with its result.
        if (stops || validates || iteration % config_.checkpoint_period == 0 ||
            iteration == config_.solver.max_iter) {
            save(iteration);
        }
        if (stops) {
            return RunOutcome::stopped;
        }
        if (!validates) {
            continue;
        }
        validate(iteration);
        save(iteration);
        if (any_rank_stops()) {
            return RunOutcome::stopped;
        }
    }
    if (is_first()) {
        write_model(options_.out / kLastModel, model(iteration), Storage::f32);
        recorder_->finish();
    }
    return RunOutcome::finished;
}

Trainer::Trial Trainer::trial() {
    constexpr int kIterations = 3;  // the first iteration includes the setup
    Loader loader = make_loader();
    Trial trial;
    for (int i = 1; i <= kIterations; ++i) {
        trial.seconds = iterate(loader, progress_.iteration + i).total_seconds;
    }
    trial.memory_mb = peak_memory_mb();
    return trial;
}

}  // namespace embedmask::train
