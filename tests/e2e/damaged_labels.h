// Label errors made on purpose, as an annotator might make them.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numeric>
#include <random>
#include <span>
#include <vector>

#include "embedmask/dataset.h"
#include "embedmask/rle.h"
#include "embedmask/suspects.h"

namespace embedmask::testing {

/// An error made on purpose.
struct MadeError {
    SuspectKind kind = SuspectKind::missing;
    std::int64_t image_id = 0;
    std::int64_t annotation_id = 0;  ///< of the wrong label; of the removed one
    CocoBox box;                     ///< of the removed label
};

/// Makes `each` errors of every kind among the labels of at least `least_area` pixels, all drawn at
/// random: a label removed; another category of the file; a mask grown by 15 to 25 % of the
/// object's side on each side, or replaced by its box; a second label, moved by 1 or 2 pixels each
/// way; the label of some object copied to where no label is.
class DamagedLabels {
public:
    DamagedLabels(const Dataset& dataset, std::uint64_t seed, int each = 4,
                  double least_area = 64 * 64)
        : dataset_(dataset), random_(seed) {
        for (const Annotation& annotation : dataset.annotations) {
            next_id_ = std::max(next_id_, annotation.id + 1);
        }
        for (std::size_t i = 0; i < dataset.annotations.size(); ++i) {
            const Annotation& annotation = dataset.annotations[i];
            const bool known = annotation.segmentation.format != Segmentation::Format::none;
            if (!annotation.crowd && known && annotation.area.value_or(0) >= least_area) {
                drawn_.push_back(i);
            }
        }
        for (std::size_t i = drawn_.size(); i > 1; --i) {
            std::swap(drawn_[i - 1], drawn_[below(i)]);
        }
        std::vector<std::size_t> removed;
        for (int i = 0; i < each; ++i) {
            removed.push_back(draw());
            const Annotation& label = dataset_.annotations[removed.back()];
            errors_.push_back({SuspectKind::missing, label.image_id, label.id, *label.box});
            change_category();
            loosen(i % 2 == 0);
            add_second();
            add_elsewhere();
        }
        std::ranges::sort(removed, std::ranges::greater{});
        for (const std::size_t i : removed) {
            dataset_.annotations.erase(dataset_.annotations.begin() +
                                       static_cast<std::ptrdiff_t>(i));
        }
    }

    [[nodiscard]] const Dataset& dataset() const { return dataset_; }
    [[nodiscard]] const std::vector<MadeError>& errors() const { return errors_; }

    /// Whether a suspect leads to the error: it names the wrong label, or is a detection in the
    /// place of the removed one. The kind need not agree.
    [[nodiscard]] bool is_found(const MadeError& error, const Suspect& suspect,
                                std::span<const Result> results) const {
        if (suspect.image_id != error.image_id) {
            return false;
        }
        if (error.kind == SuspectKind::missing) {
            return suspect.kind == SuspectKind::missing &&
                   box_iou(*results[*suspect.result].box, error.box) >= 0.5;
        }
        return std::ranges::any_of(suspect.annotations, [&](std::size_t i) {
            return dataset_.annotations[i].id == error.annotation_id;
        });
    }

private:
    struct Bitmap {
        int height = 0;
        int width = 0;
        std::vector<std::uint8_t> bits;  // rows

        [[nodiscard]] bool at(int x, int y) const {
            return x >= 0 && y >= 0 && x < width && y < height &&
                   bits[static_cast<std::size_t>(y) * width + x] != 0;
        }
    };

    static double box_iou(const CocoBox& a, const CocoBox& b) {
        const double width = std::min(a.x + a.width, b.x + b.width) - std::max(a.x, b.x);
        const double height = std::min(a.y + a.height, b.y + b.height) - std::max(a.y, b.y);
        const double both = std::max(width, 0.0) * std::max(height, 0.0);
        return both / (a.width * a.height + b.width * b.height - both);
    }

    // The distributions of the standard library differ between its implementations.
    std::size_t below(std::size_t count) { return random_() % count; }
    double between(double low, double high) {
        return low + (high - low) * static_cast<double>(random_() >> 11U) * 0x1.0p-53;
    }
    int one_or_two() { return (1 + static_cast<int>(below(2))) * (below(2) == 0 ? -1 : 1); }

    std::size_t draw() {
        const std::size_t i = drawn_.back();
        drawn_.pop_back();
        return i;
    }

    [[nodiscard]] const ImageRecord& image_of(std::int64_t id) const {
        return *std::ranges::find(dataset_.images, id, &ImageRecord::id);
    }

    [[nodiscard]] Bitmap bitmap_of(const Annotation& label) const {
        const ImageRecord& image = image_of(label.image_id);
        return {image.height, image.width,
                decode_rows(to_mask(label.segmentation, image.height, image.width))};
    }

    /// Gives a label the mask in which `inside(x, y)` holds, and its box and area.
    static void set_mask(Annotation& label, const ImageRecord& image, const auto& inside) {
        std::vector<std::uint8_t> bits;
        for (int y = 0; y < image.height; ++y) {
            for (int x = 0; x < image.width; ++x) {
                bits.push_back(inside(x, y) ? 1 : 0);
            }
        }
        label.segmentation = {
            Segmentation::Format::rle, {}, encode_rows(bits, image.height, image.width)};
        label.box = bounding_box(label.segmentation.rle);
        label.area = static_cast<double>(area(label.segmentation.rle));
    }

    void change_category() {
        Annotation& label = dataset_.annotations[draw()];
        const auto& categories = dataset_.categories;
        std::size_t i = below(categories.size() - 1);
        i += categories[i].id == label.category_id ? 1 : 0;
        label.category_id = categories[i].id;
        errors_.push_back({SuspectKind::category, label.image_id, label.id, {}});
    }

    void loosen(bool to_box) {
        Annotation& label = dataset_.annotations[draw()];
        const Bitmap mask = bitmap_of(label);
        const CocoBox box = *label.box;
        const int margin =
            static_cast<int>(std::lround(between(0.15, 0.25) * std::sqrt(*label.area)));
        // Growth by a square: first along rows, then along columns.
        Bitmap rows = mask;
        for (int y = 0; y < mask.height; ++y) {
            for (int x = 0; x < mask.width; ++x) {
                for (int i = -margin; i <= margin && !rows.at(x, y); ++i) {
                    rows.bits[static_cast<std::size_t>(y) * mask.width + x] =
                        mask.at(x + i, y) ? 1 : 0;
                }
            }
        }
        set_mask(label, image_of(label.image_id), [&](int x, int y) {
            if (to_box) {
                return x >= box.x && y >= box.y && x < box.x + box.width && y < box.y + box.height;
            }
            for (int i = -margin; i <= margin; ++i) {
                if (rows.at(x, y + i)) {
                    return true;
                }
            }
            return false;
        });
        errors_.push_back({SuspectKind::mask, label.image_id, label.id, {}});
    }

    void add_second() {
        Annotation label = dataset_.annotations[draw()];
        const Bitmap mask = bitmap_of(label);
        const int dx = one_or_two();
        const int dy = one_or_two();
        set_mask(label, image_of(label.image_id),
                 [&](int x, int y) { return mask.at(x - dx, y - dy); });
        add(label, SuspectKind::duplicate);
    }

    void add_elsewhere() {
        for (;;) {
            Annotation label = dataset_.annotations[drawn_[below(drawn_.size())]];
            const Bitmap mask = bitmap_of(label);
            const CocoBox tight =
                bounding_box(to_mask(label.segmentation, mask.height, mask.width));
            const ImageRecord& image = dataset_.images[below(dataset_.images.size())];
            const int free_x = image.width - static_cast<int>(tight.width);
            const int free_y = image.height - static_cast<int>(tight.height);
            if (free_x <= 0 || free_y <= 0) {
                continue;
            }
            const int dx = static_cast<int>(below(free_x)) - static_cast<int>(tight.x);
            const int dy = static_cast<int>(below(free_y)) - static_cast<int>(tight.y);
            const CocoBox there{tight.x + dx, tight.y + dy, tight.width, tight.height};
            const bool taken = std::ranges::any_of(dataset_.annotations, [&](const auto& other) {
                return other.image_id == image.id &&
                       (other.crowd || box_iou(*other.box, there) > 0.1);
            });
            if (taken) {
                continue;
            }
            label.image_id = image.id;
            set_mask(label, image, [&](int x, int y) { return mask.at(x - dx, y - dy); });
            add(label, SuspectKind::object);
            return;
        }
    }

    void add(Annotation& label, SuspectKind kind) {
        label.id = next_id_++;
        errors_.push_back({kind, label.image_id, label.id, {}});
        dataset_.annotations.push_back(label);
    }

    Dataset dataset_;
    std::mt19937_64 random_;
    std::vector<std::size_t> drawn_;  // positions of the labels to damage, in random order
    std::int64_t next_id_ = 1;
    std::vector<MadeError> errors_;
};

}  // namespace embedmask::testing
