#include "predictor/postprocess.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>

#include "base/clock.h"
#include "base/parallel.h"
#include "config/detector.h"
#include "detection/nms.h"
#include "embedmask/error.h"

namespace embedmask::detail {
namespace {

// The planes of one image of a batch.
std::span<const float> image_of(const engine::TensorView& view, std::int64_t index) {
    const auto size = static_cast<std::size_t>(view.channels * view.height * view.width);
    return view.values.subspan(static_cast<std::size_t>(index) * size, size);
}

// Reads the D values of one cell.
std::vector<float> cell_of(const engine::TensorView& view, std::int64_t index, int location) {
    const std::span<const float> planes = image_of(view, index);
    const auto cells = static_cast<std::size_t>(view.height * view.width);
    std::vector<float> values(static_cast<std::size_t>(view.channels));
    for (std::size_t d = 0; d < values.size(); ++d) {
        values[d] = planes[d * cells + static_cast<std::size_t>(location)];
    }
    return values;
}

std::unordered_set<int> labels_of(const std::vector<Category>& categories,
                                  const std::vector<std::int64_t>& ids) {
    std::unordered_set<int> labels;
    for (const std::int64_t id : ids) {
        const auto found = std::find_if(categories.begin(), categories.end(),
                                        [&](const Category& c) { return c.id == id; });
        if (found == categories.end()) {
            throw Error(
                fmt::format("PredictorOptions::category_ids: the model has no category {}", id),
                "`embedmask info MODEL` lists its categories");
        }
        labels.insert(static_cast<int>(found - categories.begin()));
    }
    return labels;
}

}  // namespace

Postprocess::Postprocess(const Config& config, const std::vector<Category>& categories,
                         const PredictorOptions& options)
    : config_(config),
      categories_(categories),
      labels_(labels_of(categories, options.category_ids)),
      mask_thresholds_{config.mask_thresh},
      score_threshold_(static_cast<float>(options.score_threshold.value_or(0))),
      threads_(options.threads > 0 ? options.threads : available_processors()),
      keep_embeddings_(options.keep_embeddings || config.keep_embed) {
    mask_thresholds_.insert(mask_thresholds_.end(), options.sweep_thresholds.begin(),
                            options.sweep_thresholds.end());
}

bool Postprocess::wanted(const detection::Candidate& candidate) const {
    return candidate.score >= score_threshold_ &&
           (labels_.empty() || labels_.contains(candidate.label));
}

std::vector<detection::Candidate> Postprocess::select(const engine::Request& request,
                                                      std::int64_t index,
                                                      const mask::Geometry& geometry) const {
    const auto options = detection::CandidateOptions::of(config_);
    std::vector<detection::Candidate> candidates;
    for (int level = 0; level < static_cast<int>(config_.strides.size()); ++level) {
        const auto view = [&](const char* kind) {
            return request.output(network::output_name(kind, level));
        };
        const engine::TensorView logits = view("class_logits");
        detection::LevelMaps maps{
            image_of(logits, index), image_of(view("box"), index), {}, logits.height, logits.width};
        if (detector_of(config_.detector).has_centerness) {
            maps.centerness = image_of(view("centerness"), index);
        }
        detection::add_candidates(maps, level, config_.strides[static_cast<std::size_t>(level)],
                                  geometry.content, options, candidates);
    }
    const std::vector<std::size_t> kept = detection::limit_detections(
        candidates, detection::nms(candidates, config_.nms_thresh, config_.legacy_plus_one),
        config_.max_det);
    std::vector<detection::Candidate> selected;
    for (const std::size_t i : kept) {
        if (wanted(candidates[i])) {
            selected.push_back(candidates[i]);
        }
    }
    // Best first for the user; equal scores keep the order of the pyramid (§11 item 30).
    std::stable_sort(selected.begin(), selected.end(),
                     [](const auto& a, const auto& b) { return a.score > b.score; });
    return selected;
}

CocoBox Postprocess::result_box(const Box& box, const mask::Geometry& geometry) const {
    const auto scale_x =
        static_cast<float>(geometry.original.width) / static_cast<float>(geometry.content.width);
    const auto scale_y =
        static_cast<float>(geometry.original.height) / static_cast<float>(geometry.content.height);
    Box scaled = {box.x1 * scale_x, box.y1 * scale_y, box.x2 * scale_x, box.y2 * scale_y};
    if (config_.legacy_plus_one) {
        return {scaled.x1, scaled.y1, scaled.x2 - scaled.x1 + 1, scaled.y2 - scaled.y1 + 1};
    }
    const auto width = static_cast<float>(geometry.original.width);
    const auto height = static_cast<float>(geometry.original.height);
    scaled = {std::clamp(scaled.x1, 0.0F, width), std::clamp(scaled.y1, 0.0F, height),
              std::clamp(scaled.x2, 0.0F, width), std::clamp(scaled.y2, 0.0F, height)};
    return {scaled.x1, scaled.y1, scaled.x2 - scaled.x1, scaled.y2 - scaled.y1};
}

Embeddings::Proposal Postprocess::proposal(const engine::Request& request, std::int64_t index,
                                           const detection::Candidate& candidate) const {
    const auto values = [&](const char* kind) {
        return cell_of(request.output(network::output_name(kind, candidate.level)), index,
                       candidate.location);
    };
    Embeddings::Proposal proposal;
    proposal.box = candidate.box;
    proposal.embedding = values("embedding");
    // A fixed margin is not a network output but a constant of the model (§9.3).
    proposal.margin = config_.fix_margin
                          ? std::vector<float>(proposal.embedding.size(),
                                               static_cast<float>(initial_margin(config_)))
                          : values("margin");
    return proposal;
}

Prediction Postprocess::run(const engine::Request& request, std::int64_t index,
                            const mask::Geometry& geometry) const {
    auto start = Clock::now();
    std::vector<detection::Candidate> selected = select(request, index, geometry);
    Prediction prediction;
    prediction.size = geometry.original;
    std::erase_if(selected, [&](const detection::Candidate& candidate) {
        const CocoBox box = result_box(candidate.box, geometry);
        return !(box.width > 0 && box.height > 0);
    });
    for (const detection::Candidate& candidate : selected) {
        Detection detection;
        detection.box = result_box(candidate.box, geometry);
        detection.score = candidate.score;
        detection.label = candidate.label;
        detection.category_id = categories_[static_cast<std::size_t>(candidate.label)].id;
        prediction.detections.push_back(detection);
    }
    prediction.timings.select = milliseconds_since(start);
    start = Clock::now();
    if (!has_masks(config_)) {
        return prediction;
    }

    const engine::TensorView pixels = request.output("pixel_embedding");
    Embeddings embeddings;
    embeddings.dims = static_cast<int>(config_.embed_dim);
    embeddings.spatial_dims = static_cast<int>(config_.spatial_dims);
    embeddings.content = geometry.content;
    embeddings.padded = geometry.padded;
    embeddings.pixel_stride = static_cast<int>(config_.pixel_stride);
    for (const detection::Candidate& candidate : selected) {
        embeddings.proposals.push_back(proposal(request, index, candidate));
    }
    if (!selected.empty()) {
        const mask::Coupling coupling(image_of(pixels, index), embeddings.dims, geometry,
                                      mask::CouplingOptions::of(config_));
        parallel_for(selected.size(), threads_, [&](std::size_t i) {
            const Embeddings::Proposal& p = embeddings.proposals[i];
            std::vector<Rle> masks = coupling.masks(p.box, p.embedding, p.margin, mask_thresholds_);
            Detection& detection = prediction.detections[i];
            detection.mask = std::move(masks.front());
            detection.sweep.assign(std::make_move_iterator(masks.begin() + 1),
                                   std::make_move_iterator(masks.end()));
        });
    }
    prediction.timings.mask = milliseconds_since(start);
    if (keep_embeddings_) {
        const std::span<const float> planes = image_of(pixels, index);
        embeddings.pixels.assign(planes.begin(), planes.end());
        prediction.embeddings = std::move(embeddings);
    }
    return prediction;
}

}  // namespace embedmask::detail
