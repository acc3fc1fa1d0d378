#include "data/stratify.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <queue>
#include <unordered_map>
#include <utility>

#include "base/splitmix.h"

namespace embedmask::data {
namespace {

constexpr int kAttempts = 8;             // orders of the images
constexpr std::size_t kSwapTrials = 30;  // per image
constexpr double kLeastGain = 1e-9;      // so that rounding never swaps images for ever

std::vector<std::size_t> shuffled(std::size_t count, std::uint64_t seed) {
    std::vector<std::size_t> order(count);
    std::iota(order.begin(), order.end(), std::size_t{0});
    for (std::size_t i = order.size(); i > 1; --i) {
        std::swap(order[i - 1], order[detail::splitmix64(seed) % i]);
    }
    return order;
}

std::size_t share_of(std::size_t count, double fraction) {
    return static_cast<std::size_t>(std::llround(fraction * static_cast<double>(count)));
}

/// Of two images and more, at least one is on each side.
std::size_t share_of_all(std::size_t count, double fraction) {
    if (count < 2) {
        return 0;
    }
    return std::clamp<std::size_t>(share_of(count, fraction), 1, count - 1);
}

/// Images without objects take their share, unless the others need the room or leave some.
std::size_t share_without_objects(std::size_t with_objects, std::size_t without, double fraction) {
    const std::size_t wanted = share_of_all(with_objects + without, fraction);
    std::size_t plain = std::min(share_of(without, fraction), wanted);
    const std::size_t least =
        with_objects > 1 ? std::max<std::size_t>(share_of(with_objects, fraction), 1) : 0;
    if (wanted >= least) {
        plain = std::min(plain, wanted - least);
    }
    const std::size_t most = with_objects == 0 ? 0 : with_objects - 1;
    return std::clamp(plain, wanted - std::min(wanted, most), without);
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
        for (const Care care : {Care::all, Care::pairs}) {
            cover_categories(care);
        }
        had_room_ = left_ > 0;
        balance_shares();
        for (const Care care : {Care::all, Care::pairs, Care::none}) {
            fill(care);
        }
        swap_images();
        return std::move(val_);
    }

    /// Number of categories of two images and more that are only in the training set although there
    /// was room for them: one image held back the other. Another order may do better.
    [[nodiscard]] std::size_t held_back() const {
        return had_room_ ? static_cast<std::size_t>(std::ranges::count_if(
                               categories_,
                               [](const auto& item) {
                                   return item.second.val_images == 0 && item.second.images() > 1;
                               }))
                         : 0;
    }

private:
    /// Which categories must not leave the training set.
    enum class Care {
        all,
        pairs,  ///< those with two images and more
        none,
    };

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

    [[nodiscard]] bool can_leave_train(std::size_t i, Care care) {
        return care == Care::none || std::ranges::all_of(images_[i], [&](const auto& item) {
                   const Category& known = category(item.first);
                   return known.train_images > 1 || (care == Care::pairs && known.images() == 1);
               });
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

    void move_to_train(std::size_t i) {
        val_[i] = false;
        ++left_;
        for (const auto& [id, count] : images_[i]) {
            ++category(id).train_images;
            --category(id).val_images;
            category(id).val_wants += count;
        }
    }

    /// Number of categories that only the training set has so far.
    [[nodiscard]] std::size_t gain(std::size_t i) {
        return static_cast<std::size_t>(std::ranges::count_if(images_[i], [&](const auto& item) {
            return category(item.first).val_images == 0 && category(item.first).images() > 1;
        }));
    }

    /// Greedy set cover. Gains only shrink, so an outdated entry goes back into the queue.
    void cover_categories(Care care) {
        // By gain; among equals the first in the order.
        std::priority_queue<std::pair<std::size_t, std::int64_t>> queue;
        for (std::size_t at = 0; at < order_.size(); ++at) {
            queue.emplace(gain(order_[at]), -static_cast<std::int64_t>(at));
        }
        while (left_ > 0 && !queue.empty() && queue.top().first > 0) {
            const auto [promised, at] = queue.top();
            queue.pop();
            const std::size_t image = order_[static_cast<std::size_t>(-at)];
            if (val_[image]) {
                continue;
            }
            const std::size_t now = gain(image);
            if (now < promised) {
                queue.emplace(now, at);
            } else if (can_leave_train(image, care)) {
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
            if (left_ > 0 && decisive.val_wants > decisive.train_wants &&
                can_leave_train(i, Care::all)) {
                move_to_val(i);
                continue;
            }
            for (const auto& [id, count] : images_[i]) {
                category(id).train_wants -= count;
            }
        }
    }

    /// Keeps the number: the images of common categories change their shares least.
    void fill(Care care) {
        for (auto i = order_.rbegin(); left_ > 0 && i != order_.rend(); ++i) {
            if (!val_[*i] && can_leave_train(*i, care)) {
                move_to_val(*i);
            }
        }
    }

    /// Squared distance of a category from its share, per object, if its validation objects change
    /// by `change`.
    static double distance(const Category& category, double change) {
        const double missing = category.val_wants - change;
        return missing * missing / static_cast<double>(category.objects);
    }

    /// Whether images a of the validation set and b of the training set may change places: the
    /// shares become more equal, and no category leaves a side.
    [[nodiscard]] bool improves(std::size_t a, std::size_t b) const {
        double gain = 0;
        const auto visit = [&](std::size_t image, std::size_t other, bool leaves_val) {
            for (const auto& [id, count] : images_[image]) {
                const Category& known = categories_.at(id);
                const auto back = images_[other].find(id);
                const bool returns = back != images_[other].end();
                if (!returns && (leaves_val ? known.val_images : known.train_images) == 1) {
                    return false;
                }
                if (returns && !leaves_val) {
                    continue;  // counted with the other image
                }
                const int change = (returns ? back->second : 0) - count;
                gain += distance(known, 0) - distance(known, leaves_val ? change : count);
            }
            return true;
        };
        return visit(a, b, true) && visit(b, a, false) && gain > kLeastGain;
    }

    void swap_images() {
        std::vector<std::size_t> in_val;
        std::vector<std::size_t> in_train;
        for (const std::size_t i : order_) {
            (val_[i] ? in_val : in_train).push_back(i);
        }
        if (in_val.empty() || in_train.empty()) {
            return;
        }
        std::uint64_t state = 1;
        for (std::size_t trial = 0; trial < kSwapTrials * order_.size(); ++trial) {
            std::size_t& a = in_val[detail::splitmix64(state) % in_val.size()];
            std::size_t& b = in_train[detail::splitmix64(state) % in_train.size()];
            if (improves(a, b)) {
                move_to_train(a);
                move_to_val(b);
                std::swap(a, b);
            }
        }
    }

    const std::vector<ObjectCounts>& images_;
    std::vector<std::size_t> order_;  // images with objects
    std::unordered_map<std::int64_t, Category> categories_;
    std::vector<bool> val_;
    std::size_t left_ = 0;   // images that the validation set still takes
    bool had_room_ = false;  // after every category had its turn
};

}  // namespace

std::vector<bool> stratified_choice(const std::vector<ObjectCounts>& images, double fraction,
                                    std::uint64_t seed) {
    std::vector<std::size_t> with_objects;
    std::vector<std::size_t> without;
    for (const std::size_t i : shuffled(images.size(), seed)) {
        (images[i].empty() ? without : with_objects).push_back(i);
    }
    const std::size_t plain = share_without_objects(with_objects.size(), without.size(), fraction);
    const std::size_t wanted = share_of_all(images.size(), fraction) - plain;
    std::vector<bool> best;
    std::size_t least = std::numeric_limits<std::size_t>::max();
    for (int attempt = 0; attempt < kAttempts && least > 0; ++attempt) {
        Stratification stratification(images, with_objects, fraction);
        std::vector<bool> val = stratification.choose(wanted);
        if (stratification.held_back() < least) {
            least = stratification.held_back();
            best = std::move(val);
        }
        std::vector<std::size_t> order;
        for (const std::size_t k : shuffled(with_objects.size(), ++seed)) {
            order.push_back(with_objects[k]);
        }
        with_objects = std::move(order);
    }
    for (std::size_t k = 0; k < plain; ++k) {
        best[without[k]] = true;
    }
    return best;
}

}  // namespace embedmask::data
