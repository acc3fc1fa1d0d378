#include "embedmask/rle.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <utility>

#include "embedmask/error.h"
#include "mask/rle_size.h"

namespace embedmask {

namespace {

constexpr int kTile = 64;  // columns gathered together from a row-major bitmap: one cache line per
                           // row

/// Converts a scan to runs; `push` takes sections of the scan in order.
class Scanner {
public:
    explicit Scanner(std::vector<std::uint32_t>& counts) : counts_(counts) {}

    void push(const std::uint8_t* pixels, std::size_t count) {
        for (std::size_t i = 0; i < count; ++i) {
            const bool value = pixels[i] != 0;
            if (value != value_) {
                counts_.push_back(run_);
                run_ = 0;
                value_ = value;
            }
            ++run_;
        }
    }
    void finish() { counts_.push_back(run_); }

private:
    std::vector<std::uint32_t>& counts_;
    std::uint32_t run_ = 0;
    bool value_ = false;
};

void require_bitmap(std::size_t found, int height, int width) {
    const std::uint64_t expected = mask::pixel_count(height, width);
    if (found == expected) {
        return;
    }
    throw Error(fmt::format("bitmap of {} bytes for a mask of {}x{} (height x width): expected {}",
                            found, height, width, expected));
}

void require_one_size(std::span<const Rle> masks) {
    if (masks.empty()) {
        throw Error("no mask to merge: expected at least one");
    }
    for (const Rle& mask : masks) {
        mask::require_same_size(mask, masks.front());
    }
}

/// COCO's pairwise traversal of runs; `both` selects intersection.
std::vector<std::uint32_t> merge_pair(std::span<const std::uint32_t> a,
                                      std::span<const std::uint32_t> b, bool both) {
    std::vector<std::uint32_t> merged;
    merged.reserve(a.size() + b.size());
    std::size_t next_a = 1;
    std::size_t next_b = 1;
    std::uint32_t left_a = a.empty() ? 0 : a[0];
    std::uint32_t left_b = b.empty() ? 0 : b[0];
    bool value_a = false;
    bool value_b = false;
    bool value = false;
    std::uint32_t run = 0;
    for (bool more = true; more;) {
        const std::uint32_t step = std::min(left_a, left_b);
        run += step;
        left_a -= step;
        left_b -= step;
        if (left_a == 0 && next_a < a.size()) {
            left_a = a[next_a++];
            value_a = !value_a;
        }
        if (left_b == 0 && next_b < b.size()) {
            left_b = b[next_b++];
            value_b = !value_b;
        }
        more = left_a != 0 || left_b != 0 || next_a < a.size() || next_b < b.size();
        const bool before = std::exchange(value, both ? value_a && value_b : value_a || value_b);
        if (value != before || !more) {
            merged.push_back(std::exchange(run, 0));
        }
    }
    return merged;
}

Rle merge(std::span<const Rle> masks, bool both) {
    require_one_size(masks);
    Rle result = masks.front();
    for (const Rle& mask : masks.subspan(1)) {
        result.counts = merge_pair(result.counts, mask.counts, both);
    }
    return result;
}

/// Iterates over the foreground intervals [begin, end) of a run list.
class Intervals {
public:
    explicit Intervals(const Rle& rle) : counts_(rle.counts) { next(); }

    void next() {
        if (index_ + 1 >= counts_.size()) {
            done_ = true;
            return;
        }
        begin_ = end_ + counts_[index_];
        end_ = begin_ + counts_[index_ + 1];
        index_ += 2;
    }
    [[nodiscard]] bool done() const { return done_; }
    [[nodiscard]] std::uint64_t begin() const { return begin_; }
    [[nodiscard]] std::uint64_t end() const { return end_; }

private:
    std::span<const std::uint32_t> counts_;
    std::size_t index_ = 0;
    std::uint64_t begin_ = 0;
    std::uint64_t end_ = 0;
    bool done_ = false;
};

std::uint64_t intersection_area(const Rle& a, const Rle& b) {
    std::uint64_t sum = 0;
    Intervals left(a);
    Intervals right(b);
    while (!left.done() && !right.done()) {
        const std::uint64_t begin = std::max(left.begin(), right.begin());
        const std::uint64_t end = std::min(left.end(), right.end());
        if (begin < end) {
            sum += end - begin;
        }
        if (left.end() <= right.end()) {
            left.next();
        } else {
            right.next();
        }
    }
    return sum;
}

}  // namespace

std::uint64_t mask::pixel_count(int height, int width) {
    if (height >= 0 && width >= 0) {
        const auto pixels = static_cast<std::uint64_t>(height) * static_cast<std::uint64_t>(width);
        if (pixels <= std::numeric_limits<std::uint32_t>::max()) {
            return pixels;
        }
    }
    throw Error(fmt::format(
        "mask size {}x{} (height x width): expected sizes >= 0 with a product below 2^32", height,
        width));
}

void mask::require_same_size(const Rle& found, const Rle& expected) {
    if (found.height == expected.height && found.width == expected.width) {
        return;
    }
    throw Error(fmt::format("masks of {}x{} and {}x{} (height x width): sizes must match",
                            found.height, found.width, expected.height, expected.width));
}

void validate(const Rle& rle) {
    const std::uint64_t pixels = mask::pixel_count(rle.height, rle.width);
    std::uint64_t sum = 0;
    for (const std::uint32_t count : rle.counts) {
        sum += count;
        if (sum > pixels) {
            break;
        }
    }
    if (sum == pixels) {
        return;
    }
    throw Error(fmt::format("run lengths {} {} pixels: a mask of {}x{} (height x width) has {}",
                            sum > pixels ? "exceed" : "cover only", sum > pixels ? pixels : sum,
                            rle.height, rle.width, pixels));
}

Rle encode_columns(std::span<const std::uint8_t> bitmap, int height, int width) {
    require_bitmap(bitmap.size(), height, width);
    Rle rle{height, width, {}};
    Scanner scanner(rle.counts);
    scanner.push(bitmap.data(), bitmap.size());
    scanner.finish();
    return rle;
}

Rle encode_rows(std::span<const std::uint8_t> bitmap, int height, int width) {
    require_bitmap(bitmap.size(), height, width);
    Rle rle{height, width, {}};
    Scanner scanner(rle.counts);
    std::vector<std::uint8_t> tile(static_cast<std::size_t>(height) * kTile);
    for (int left = 0; left < width; left += kTile) {
        const int columns = std::min(kTile, width - left);
        for (int row = 0; row < height; ++row) {
            const std::uint8_t* source =
                bitmap.data() + static_cast<std::size_t>(row) * width + left;
            for (int column = 0; column < columns; ++column) {
                tile[static_cast<std::size_t>(column) * height + row] = source[column];
            }
        }
        scanner.push(tile.data(), static_cast<std::size_t>(columns) * height);
    }
    scanner.finish();
    return rle;
}

std::vector<std::uint8_t> decode_columns(const Rle& rle) {
    validate(rle);
    std::vector<std::uint8_t> bitmap;
    bitmap.reserve(mask::pixel_count(rle.height, rle.width));
    std::uint8_t value = 0;
    for (const std::uint32_t count : rle.counts) {
        bitmap.insert(bitmap.end(), count, value);
        value ^= 1;
    }
    return bitmap;
}

std::vector<std::uint8_t> decode_rows(const Rle& rle) {
    validate(rle);
    std::vector<std::uint8_t> bitmap(mask::pixel_count(rle.height, rle.width), 0);
    for (Intervals run(rle); !run.done(); run.next()) {
        std::uint64_t column = run.begin() / std::max(rle.height, 1);
        std::uint64_t row = run.begin() % std::max(rle.height, 1);
        for (std::uint64_t left = run.end() - run.begin(); left > 0; --left) {
            bitmap[row * rle.width + column] = 1;
            if (++row == static_cast<std::uint64_t>(rle.height)) {
                row = 0;
                ++column;
            }
        }
    }
    return bitmap;
}

std::uint64_t area(const Rle& rle) {
    std::uint64_t sum = 0;
    for (std::size_t i = 1; i < rle.counts.size(); i += 2) {
        sum += rle.counts[i];
    }
    return sum;
}

CocoBox bounding_box(const Rle& rle) {
    const std::size_t runs = rle.counts.size() / 2 * 2;
    if (runs == 0 || rle.height == 0) {
        return {0, 0, 0, 0};
    }
    const auto height = static_cast<std::uint64_t>(rle.height);
    std::uint64_t left = static_cast<std::uint64_t>(rle.width);
    std::uint64_t top = height;
    std::uint64_t right = 0;
    std::uint64_t bottom = 0;
    std::uint64_t end = 0;
    std::uint64_t column = 0;
    std::uint64_t column_end = height;  // position in the scan; runs mostly advance to the next
                                        // column
    const auto go_to = [&](std::uint64_t pixel) {
        if (pixel < column_end) {
            return;
        }
        if (pixel < column_end + height) {
            ++column;
            column_end += height;
        } else {
            column = pixel / height;
            column_end = (column + 1) * height;
        }
    };
    for (std::size_t i = 0; i < runs; i += 2) {
        const std::uint64_t begin = end + rle.counts[i];
        end = begin + rle.counts[i + 1];
        if (begin == end) {
            continue;
        }
        go_to(begin);
        left = std::min(left, column);
        top = std::min(top, begin + height - column_end);
        if (end > column_end) {
            top = 0;
            bottom = height - 1;
            go_to(end - 1);
        } else {
            bottom = std::max(bottom, end - 1 + height - column_end);
        }
        right = std::max(right, column);
    }
    if (top == height) {
        return {0, 0, 0, 0};
    }
    return {static_cast<double>(left), static_cast<double>(top),
            static_cast<double>(right - left + 1), static_cast<double>(bottom - top + 1)};
}

double mask_iou(const Rle& detection, const Rle& ground_truth, bool crowd) {
    mask::require_same_size(detection, ground_truth);
    const auto a = bounding_box(detection);
    const auto b = bounding_box(ground_truth);
    if (std::min(a.x + a.width, b.x + b.width) <= std::max(a.x, b.x) ||
        std::min(a.y + a.height, b.y + b.height) <= std::max(a.y, b.y)) {
        return 0;
    }
    const std::uint64_t common = intersection_area(detection, ground_truth);
    if (common == 0) {
        return 0;
    }
    const std::uint64_t all =
        crowd ? area(detection) : area(detection) + area(ground_truth) - common;
    return static_cast<double>(common) / static_cast<double>(all);
}

Rle unite(std::span<const Rle> masks) {
    return merge(masks, false);
}

Rle intersect(std::span<const Rle> masks) {
    return merge(masks, true);
}

RleBuilder::RleBuilder(int height, int width) : rle_{height, width, {}} {
    (void)mask::pixel_count(height, width);
}

void RleBuilder::add(std::uint64_t begin, std::uint64_t end) {
    const std::uint64_t pixels = mask::pixel_count(rle_.height, rle_.width);
    if (begin < end_ || end > pixels || begin > end) {
        throw Error(fmt::format("interval [{}, {}) of a mask: expected one within [{}, {})", begin,
                                end, end_, pixels));
    }
    if (begin == end) {
        return;
    }
    if (begin == end_ && !rle_.counts.empty()) {
        rle_.counts.back() += static_cast<std::uint32_t>(end - begin);
    } else {
        rle_.counts.push_back(static_cast<std::uint32_t>(begin - end_));
        rle_.counts.push_back(static_cast<std::uint32_t>(end - begin));
    }
    end_ = end;
}

void RleBuilder::add_column(int column, int top, int bottom) {
    const std::uint64_t start = static_cast<std::uint64_t>(column) * rle_.height;
    add(start + top, start + bottom);
}

Rle RleBuilder::finish() {
    const std::uint64_t pixels = mask::pixel_count(rle_.height, rle_.width);
    Rle result = rle_;
    if (end_ < pixels || result.counts.empty()) {
        result.counts.push_back(static_cast<std::uint32_t>(pixels - end_));
    }
    rle_.counts.clear();
    end_ = 0;
    return result;
}

}  // namespace embedmask
