#include "train/recorder.h"

#include <fmt/format.h>
#include <sys/resource.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <nlohmann/json.hpp>

#include "base/atomic_file.h"
#include "base/standard_output.h"
#include "embedmask/error.h"
#include "train/curves.h"

namespace embedmask::train {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

// Keeps the lines of finished iterations; drops a line truncated by a kill.
void drop_later_lines(const fs::path& path, std::int64_t done) {
    std::ifstream file(path);
    if (!file) {
        return;
    }
    std::string kept;
    for (std::string line; std::getline(file, line);) {
        const json record = json::parse(line, nullptr, false);
        if (record.is_discarded() || record.value("iteration", std::int64_t{0}) > done) {
            continue;
        }
        kept += line + "\n";
    }
    detail::write_file_atomically(path, kept);
}

std::ofstream open_metrics(const fs::path& run, std::int64_t done) {
    const fs::path path = run / "metrics.jsonl";
    drop_later_lines(path, done);
    std::ofstream file(path, std::ios::app);
    if (!file) {
        throw Error(fmt::format("{}: cannot write: {}", path.string(), std::strerror(errno)),
                    "check the folder's permissions and the disk's free space");
    }
    return file;
}

double median(std::vector<double> values) {
    std::sort(values.begin(), values.end());
    const std::size_t middle = values.size() / 2;
    return values.size() % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
}

template <typename Get>
double sum(const std::deque<Measurement>& period, Get get) {
    double total = 0;
    for (const Measurement& measurement : period) {
        total += static_cast<double>(get(measurement));
    }
    return total;
}

// "loss_cls" and "mask_loss" → "cls", "mask".
std::string short_name(std::string name) {
    for (const char* part : {"loss_", "_loss"}) {
        const std::size_t at = name.find(part);
        if (at != std::string::npos) {
            name.erase(at, std::string(part).size());
        }
    }
    return name;
}

}  // namespace

std::string duration(double seconds) {
    const auto whole = static_cast<std::int64_t>(seconds);
    return fmt::format("{}:{:02d}:{:02d}", whole / 3600, whole / 60 % 60, whole % 60);
}

double peak_memory_mb() {
    constexpr double kKilobytesPerMegabyte = 1024;
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    return static_cast<double>(usage.ru_maxrss) / kKilobytesPerMegabyte;
}

Recorder::Recorder(fs::path run, const Config& config, std::int64_t done)
    : run_(std::move(run)),
      log_period_(config.log_period),
      last_iteration_(config.solver.max_iter),
      metrics_(open_metrics(run_, done)),
      events_(run_, done) {}

void Recorder::add(std::int64_t iteration, const Measurement& measurement) {
    period_.push_back(measurement);
    seconds_ += measurement.total_seconds;
    ++iterations_;
    if (iteration % log_period_ == 0 || iteration == last_iteration_) {
        write_period(iteration);
    }
}

void Recorder::write_period(std::int64_t iteration) {
    const double seconds = sum(period_, [](const auto& m) { return m.total_seconds; });
    const double images = sum(period_, [](const auto& m) { return m.images; });
    const double waiting = sum(period_, [](const auto& m) { return m.data_seconds; });
    const Measurement& last = period_.back();
    json record = {{"iteration", iteration}};
    std::string parts;
    double total = 0;
    for (std::size_t i = 0; i < last.losses.size(); ++i) {
        std::vector<double> values;
        for (const Measurement& measurement : period_) {
            values.push_back(measurement.losses[i].second);
        }
        const double value = median(values);
        total += value;
        record[last.losses[i].first] = value;
        events_.add_scalar("loss/" + last.losses[i].first, iteration, value);
        parts += fmt::format(" {} {:.3f}", short_name(last.losses[i].first), value);
    }
    const double speed = images / std::max(seconds, 1e-9);
    const double share = waiting / std::max(seconds, 1e-9);
    record["loss"] = total;
    record["lr"] = last.lr;
    record["gradient_norm"] = last.gradient_norm;
    record["images_per_second"] = speed;
    record["data_share"] = share;
    record["memory_mb"] = peak_memory_mb();
    metrics_ << record.dump() << std::endl;
    events_.add_scalar("loss/total", iteration, total);
    events_.add_scalar("solver/lr", iteration, last.lr);
    events_.add_scalar("solver/gradient_norm", iteration, last.gradient_norm);
    events_.add_scalar("speed/images_per_second", iteration, speed);
    events_.add_scalar("speed/data_share", iteration, share);
    const double eta = seconds_ / static_cast<double>(iterations_) *
                       static_cast<double>(last_iteration_ - iteration);
    detail::say(
        "iter {}/{}  loss {:.3f} ({})  lr {:.3g}  {:.2f} images/s  data {:.0f} %  {:.1f} GB  "
        "ETA {}\n",
        iteration, last_iteration_, total, parts.empty() ? parts : parts.substr(1), last.lr, speed,
        100 * share, peak_memory_mb() / 1000, duration(eta));
    period_.clear();
}

void Recorder::add_validation(std::int64_t iteration, const Scores& scores, double seconds,
                              bool best) {
    json record = {{"iteration", iteration}, {"validation_seconds", seconds}};
    const auto add = [&](const char* type, const CocoStats& stats) {
        const std::string name(type);
        record[name + "_AP"] = stats[0];
        record[name + "_AP50"] = stats[1];
        record[name + "_stats"] = stats;
        events_.add_scalar("validation/" + name + "_AP", iteration, stats[0]);
        events_.add_scalar("validation/" + name + "_AP50", iteration, stats[1]);
    };
    add("bbox", scores.bbox);
    if (scores.has_masks) {
        add("segm", scores.segm);
    }
    metrics_ << record.dump() << std::endl;
    for (std::size_t i = 0; i < scores.overlays.size(); ++i) {
        events_.add_image(fmt::format("validation/image_{}", i), iteration, scores.overlays[i]);
    }
    std::string text = fmt::format("bbox AP {:.3f} AP50 {:.3f}", scores.bbox[0], scores.bbox[1]);
    if (scores.has_masks) {
        text += fmt::format("  segm AP {:.3f} AP50 {:.3f}", scores.segm[0], scores.segm[1]);
    }
    detail::say("validation at {}: {}  ({:.0f} s){}\n", iteration, text, seconds,
                best ? "  best so far" : "");
}

void Recorder::finish() const {
    draw_curves(run_);
}

}  // namespace embedmask::train
