#include "detection/candidates.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/simd.h"
#include "config/detector.h"

namespace embedmask::detection {
namespace {

float sigmoid(float x) {
    return 1.0F / (1.0F + std::exp(-x));
}

// A logit below this cannot pass; the exact comparison of probabilities follows later.
float logit_bound(double probability) {
    if (probability <= 0) {
        return -INFINITY;
    }
    if (probability >= 1) {
        return INFINITY;
    }
    return static_cast<float>(std::log(probability / (1 - probability)) - 1e-3);
}

// Whether anything in a block of `count` values exceeds `bound`; almost no block does.
EMBEDMASK_MULTIVERSION
bool any_above(const float* values, std::size_t count, float bound) {
    int found = 0;
    for (std::size_t i = 0; i < count; ++i) {
        found |= values[i] > bound ? 1 : 0;
    }
    return found != 0;
}

struct Hit {
    int location;
    int label;
};

// All (location, class) pairs above the bound, ordered by location, then class.
std::vector<Hit> find_hits(std::span<const float> logits, std::size_t cells, float bound) {
    constexpr std::size_t kBlock = 256;
    std::vector<Hit> hits;
    const std::size_t classes = cells == 0 ? 0 : logits.size() / cells;
    for (std::size_t c = 0; c < classes; ++c) {
        const float* plane = logits.data() + c * cells;
        for (std::size_t begin = 0; begin < cells; begin += kBlock) {
            const std::size_t count = std::min(kBlock, cells - begin);
            if (!any_above(plane + begin, count, bound)) {
                continue;
            }
            for (std::size_t i = begin; i < begin + count; ++i) {
                if (plane[i] > bound) {
                    hits.push_back({static_cast<int>(i), static_cast<int>(c)});
                }
            }
        }
    }
    std::stable_sort(hits.begin(), hits.end(),
                     [](const Hit& a, const Hit& b) { return a.location < b.location; });
    return hits;
}

Box decode_box(const LevelMaps& maps, int location, std::int64_t stride, ImageSize content,
               const CandidateOptions& options) {
    const auto cells = static_cast<std::size_t>(maps.height * maps.width);
    const float unit = options.distances_in_strides ? static_cast<float>(stride) : 1.0F;
    // Cell centres are whole pixels: stride / 2 is an integer division by definition (§4.3).
    const std::int64_t half = options.at_cell_centers ? stride / 2 : 0;
    const std::int64_t row = location / maps.width;
    const std::int64_t column = location % maps.width;
    const auto x = static_cast<float>(column * stride + half);
    const auto y = static_cast<float>(row * stride + half);
    const auto distance = [&](std::size_t side) {
        return maps.box[side * cells + location] * unit;
    };
    Box box = {x - distance(0), y - distance(1), x + distance(2), y + distance(3)};
    if (options.plus_one) {
        const auto right = static_cast<float>(content.width - 1);
        const auto bottom = static_cast<float>(content.height - 1);
        box.x1 = std::clamp(box.x1, 0.0F, right);
        box.y1 = std::clamp(box.y1, 0.0F, bottom);
        box.x2 = std::clamp(box.x2, 0.0F, right);
        box.y2 = std::clamp(box.y2, 0.0F, bottom);
    }
    return box;
}

// Keeps the best `count` candidates from `begin` on, preserving their order.
void keep_best(std::vector<Candidate>& all, std::size_t begin, std::size_t count) {
    if (all.size() - begin <= count) {
        return;
    }
    std::vector<std::size_t> order(all.size() - begin);
    std::iota(order.begin(), order.end(), begin);
    const auto better = [&](std::size_t a, std::size_t b) {
        return all[a].score != all[b].score ? all[a].score > all[b].score : a < b;
    };
    std::nth_element(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(count), order.end(),
                     better);
    order.resize(count);
    std::sort(order.begin(), order.end());
    for (std::size_t i = 0; i < count; ++i) {
        all[begin + i] = all[order[i]];
    }
    all.resize(begin + count);
}

}  // namespace

CandidateOptions CandidateOptions::of(const Config& config) {
    return {config.score_thresh,
            config.pre_nms_top_n,
            config.thresh_with_ctr,
            config.score_sqrt,
            config.legacy_plus_one,
            config.norm_reg_targets,
            detail::detector_of(config.detector).at_cell_centers};
}

void add_candidates(const LevelMaps& maps, int level, std::int64_t stride, ImageSize content,
                    const CandidateOptions& options, std::vector<Candidate>& out) {
    const auto cells = static_cast<std::size_t>(maps.height * maps.width);
    const auto threshold = static_cast<float>(options.score_threshold);
    const std::size_t begin = out.size();
    // The product is at most the class probability, so the bound holds for both rules.
    for (const Hit& hit :
         find_hits(maps.class_logits, cells, logit_bound(options.score_threshold))) {
        const float probability =
            sigmoid(maps.class_logits[static_cast<std::size_t>(hit.label) * cells + hit.location]);
        const float product = maps.centerness.empty()
                                  ? probability
                                  : probability * sigmoid(maps.centerness[hit.location]);
        if (!((options.threshold_product ? product : probability) > threshold)) {
            continue;
        }
        Candidate candidate;
        candidate.box = decode_box(maps, hit.location, stride, content, options);
        // ReLU distances cannot give inverted boxes (§7.1 step 5), and NaN from a network must not
        // introduce them either.
        if (!(candidate.box.x2 - candidate.box.x1 + 1 >= 0 &&
              candidate.box.y2 - candidate.box.y1 + 1 >= 0)) {
            continue;
        }
        candidate.score = options.square_root ? std::sqrt(product) : product;
        candidate.label = hit.label;
        candidate.level = level;
        candidate.location = hit.location;
        out.push_back(candidate);
    }
    keep_best(out, begin, static_cast<std::size_t>(options.top_n));
}

}  // namespace embedmask::detection
