#include "data/stratify.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <queue>
#include <unordered_map>
#include <utility>

namespace embedmask::data {
namespace {

std::uint64_t next_random(std::uint64_t& state) {
    std::uint64_t z = (state += 0x9e3779b97f4a7c15ULL);  // splitmix64
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
    return z ^ (z >> 31);
}

std::vector<std::size_t> shuffled(std::size_t count, std::uint64_t seed) {
    std::vector<std::size_t> order(count);
    std::iota(order.begin(), order.end(), std::size_t{0});
    for (std::size_t i = order.size(); i > 1; --i) {
        std::swap(order[i - 1], order[next_random(seed) % i]);
    }
    return order;
}

std::size_t share_of(std::size_t count, double fraction) {
    return static_cast<std::size_t>(std::llround(fraction * static_cast<double>(count)));
}

/// How much of a category is on each side.
struct Category {
    std::int64_t objects = 0;
    std::size_t train_images = 0;
    std::size_t val_images = 0;
    double train_wants = 0;  // objects that are still missing
    double val_wants = 0;

    [[nodiscard]] std::size_t images() const { return train_images + val_images; }
};

/// Distributes the images with objects. All begin in the training set.
class Stratification {
public:
    Stratification(const std::vector<ObjectCounts>& images, std::vector<std::size_t> order,
                   double fraction)
        : images_(images), order_(std::move(order)), val_(images.size(), false) {
        for (const std::size_t i : order_) {
            for (const auto& [id, count] : images_[i]) {
                Category& category = categories_[id];
                category.objects += count;
                ++category.train_images;
            }
        }
        for (auto& [id, category] : categories_) {
            category.train_wants = (1 - fraction) * static_cast<double>(category.objects);
            category.val_wants = fraction * static_cast<double>(category.objects);
        }
        sort_by_rarest_category();
    }

    /// Exactly `most` images, at most all but one.
    std::vector<bool> choose(std::size_t most) {
        left_ = most;
        cover_categories();
        balance_shares();
        fill(true);
        fill(false);
        return std::move(val_);
    }

private:
    [[nodiscard]] Category& category(std::int64_t id) { return categories_.at(id); }

    [[nodiscard]] std::int64_t rarest(std::size_t i) const {
        return std::ranges::min_element(
                   images_[i], {},
                   [&](const auto& item) { return categories_.at(item.first).objects; })
            ->first;
    }

    void sort_by_rarest_category() {
        std::vector<std::pair<std::int64_t, std::size_t>> keyed;
        keyed.reserve(order_.size());
        for (const std::size_t i : order_) {
            keyed.emplace_back(categories_.at(rarest(i)).objects, i);
        }
        std::ranges::stable_sort(keyed, {}, &std::pair<std::int64_t, std::size_t>::first);
        std::ranges::transform(keyed, order_.begin(),
                               &std::pair<std::int64_t, std::size_t>::second);
    }

    /// Whether every category of the image would still be in the training set without it.
    [[nodiscard]] bool can_leave_train(std::size_t i) {
        return std::ranges::all_of(
            images_[i], [&](const auto& item) { return category(item.first).train_images > 1; });
    }

    void move_to_val(std::size_t i) {
        val_[i] = true;
        --left_;
        for (const auto& [id, count] : images_[i]) {
            --category(id).train_images;
            ++category(id).val_images;
            category(id).val_wants -= count;
        }
    }

    /// Number of categories that only the training set has so far.
    [[nodiscard]] std::size_t gain(std::size_t i) {
        return static_cast<std::size_t>(std::ranges::count_if(images_[i], [&](const auto& item) {
            return category(item.first).val_images == 0 && category(item.first).images() > 1;
        }));
    }

    /// Greedy set cover. Gains only shrink, so an outdated entry goes back into the queue.
    void cover_categories() {
        // By gain; among equals the first in the order.
        std::priority_queue<std::pair<std::size_t, std::int64_t>> queue;
        for (std::size_t at = 0; at < order_.size(); ++at) {
            queue.emplace(gain(order_[at]), -static_cast<std::int64_t>(at));
        }
        while (left_ > 0 && !queue.empty() && queue.top().first > 0) {
            const auto [promised, at] = queue.top();
            queue.pop();
            const std::size_t image = order_[static_cast<std::size_t>(-at)];
            const std::size_t now = gain(image);
            if (now < promised) {
                queue.emplace(now, at);
            } else if (can_leave_train(image)) {
                move_to_val(image);
            }
        }
    }

    /// Rare categories first; an image goes to the side that misses more of its rarest one.
    void balance_shares() {
        for (const std::size_t i : order_) {
            if (val_[i]) {
                continue;
            }
            const Category& decisive = category(rarest(i));
            if (left_ > 0 && decisive.val_wants > decisive.train_wants && can_leave_train(i)) {
                move_to_val(i);
                continue;
            }
            for (const auto& [id, count] : images_[i]) {
                category(id).train_wants -= count;
            }
        }
    }

    /// Keeps the number: the images of common categories change their shares least. If `careful`,
    /// no category leaves the training set.
    void fill(bool careful) {
        for (auto i = order_.rbegin(); left_ > 0 && i != order_.rend(); ++i) {
            if (!val_[*i] && (!careful || can_leave_train(*i))) {
                move_to_val(*i);
            }
        }
    }

    const std::vector<ObjectCounts>& images_;
    std::vector<std::size_t> order_;  // images with objects
    std::unordered_map<std::int64_t, Category> categories_;
    std::vector<bool> val_;
    std::size_t left_ = 0;  // images that the validation set still takes
};

}  // namespace

std::vector<bool> stratified_choice(const std::vector<ObjectCounts>& images, double fraction,
                                    std::uint64_t seed) {
    std::vector<std::size_t> with_objects;
    std::vector<std::size_t> without;
    for (const std::size_t i : shuffled(images.size(), seed)) {
        (images[i].empty() ? without : with_objects).push_back(i);
    }
    std::size_t wanted = share_of(images.size(), fraction);
    if (images.size() > 1) {
        wanted = std::clamp<std::size_t>(wanted, 1, images.size() - 1);
    } else {
        wanted = 0;
    }
    // The images without objects take their share, unless the others need the room or leave some.
    std::size_t plain = std::min(share_of(without.size(), fraction), wanted);
    const std::size_t objects_share = share_of(with_objects.size(), fraction);
    const std::size_t least = with_objects.size() > 1 ? std::max<std::size_t>(objects_share, 1) : 0;
    if (wanted - plain < least && wanted >= least) {
        plain = std::min(plain, wanted - least);
    }
    const std::size_t most = with_objects.empty() ? 0 : with_objects.size() - 1;
    plain = std::clamp(plain, wanted - std::min(wanted, most), without.size());

    std::vector<bool> val =
        Stratification(images, std::move(with_objects), fraction).choose(wanted - plain);
    for (std::size_t k = 0; k < plain; ++k) {
        val[without[k]] = true;
    }
    return val;
}

}  // namespace embedmask::data
