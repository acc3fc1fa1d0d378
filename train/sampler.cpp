#include "train/sampler.h"

#include <ATen/CPUGeneratorImpl.h>
#include <torch/torch.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

namespace embedmask::train {

Sampler::Sampler(std::vector<ImageSize> sizes, std::vector<double> weights,
                 const SamplerOptions& options)
    : sizes_(std::move(sizes)), weights_(std::move(weights)), options_(options), unfinished_(2) {}

std::vector<std::int64_t> Sampler::next() {
    while (position_ == batches_.size()) {
        begin_pass();
    }
    ++used_;
    return batches_[position_++];
}

void Sampler::skip(std::int64_t batches) {
    for (std::int64_t i = 0; i < batches; ++i) {
        (void)next();
    }
}

// All images in random order; with weights, some more or less often.
std::vector<std::int64_t> Sampler::draw(std::int64_t seed) const {
    const at::Generator random = at::detail::createCPUGenerator(static_cast<std::uint64_t>(seed));
    std::vector<std::int64_t> pool;
    if (weights_.empty()) {
        pool.resize(sizes_.size());
        std::iota(pool.begin(), pool.end(), 0);
    } else {
        const torch::Tensor fractions =
            torch::rand({static_cast<std::int64_t>(sizes_.size())}, random, torch::kFloat64);
        for (std::size_t i = 0; i < sizes_.size(); ++i) {
            const double whole = std::floor(weights_[i]);
            const double chance = fractions[static_cast<std::int64_t>(i)].item<double>();
            const auto times =
                static_cast<std::size_t>(whole) + (chance < weights_[i] - whole ? 1U : 0U);
            pool.insert(pool.end(), times, static_cast<std::int64_t>(i));
        }
        if (pool.empty()) {
            pool.push_back(0);
        }
    }
    const torch::Tensor order =
        torch::randperm(static_cast<std::int64_t>(pool.size()), random, torch::kInt64);
    std::vector<std::int64_t> drawn;
    for (std::size_t i = 0; i < pool.size(); ++i) {
        drawn.push_back(pool[static_cast<std::size_t>(
            order[static_cast<std::int64_t>(i)].item<std::int64_t>())]);
    }
    return drawn;
}

std::size_t Sampler::group(std::int64_t index) const {
    if (!options_.group_by_aspect) {
        return 0;
    }
    const ImageSize size = sizes_[static_cast<std::size_t>(index)];
    // The two generations assign square images to different groups.
    if (options_.complete_only) {
        return size.width > size.height ? 1 : 0;
    }
    return size.height >= size.width ? 1 : 0;
}

void Sampler::begin_pass() {
    std::vector<std::int64_t> order = draw(options_.seed + options_.start + used_ / options_.parts);
    const auto world = static_cast<std::size_t>(options_.world);
    const std::size_t share = (order.size() + world - 1) / world;
    for (std::size_t i = 0; order.size() < share * world; ++i) {
        order.push_back(order[i]);
    }
    const auto first = order.begin() + static_cast<std::ptrdiff_t>(share) * options_.rank;
    batches_.clear();
    position_ = 0;
    append({first, first + static_cast<std::ptrdiff_t>(share)});
}

// Batches with images of one group each, in the order of their first images.
void Sampler::append(const std::vector<std::int64_t>& chunk) {
    const auto full = static_cast<std::size_t>(options_.batch);
    if (options_.complete_only) {
        for (const std::int64_t index : chunk) {
            std::vector<std::int64_t>& open = unfinished_[group(index)];
            open.push_back(index);
            if (open.size() == full) {
                batches_.push_back(std::exchange(open, {}));
            }
        }
        return;
    }
    std::vector<std::size_t> open(2, 0);  // batch of each group + 1; 0 = none
    for (const std::int64_t index : chunk) {
        std::size_t& current = open[group(index)];
        if (current == 0 || batches_[current - 1].size() == full) {
            batches_.emplace_back();
            current = batches_.size();
        }
        batches_[current - 1].push_back(index);
    }
}

}  // namespace embedmask::train
