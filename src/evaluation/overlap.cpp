#include "evaluation/overlap.h"

#include <algorithm>
#include <cmath>

namespace embedmask::detail {

double iou(const CocoBox& detection, const CocoBox& ground_truth, bool crowd) {
    const auto& [dx, dy, dw, dh] = detection;
    const auto& [gx, gy, gw, gh] = ground_truth;
    const double width = std::fmin(dw + dx, gw + gx) - std::fmax(dx, gx);
    if (width <= 0) {
        return 0;
    }
    const double height = std::fmin(dh + dy, gh + gy) - std::fmax(dy, gy);
    if (height <= 0) {
        return 0;
    }
    const double common = width * height;
    return common / (crowd ? dw * dh : dw * dh + gw * gh - common);
}

MaskRuns::MaskRuns(const Rle& rle) {
    // One pass for the runs, the area and the bounding box: evaluation spends most of its time
    // here.
    const std::size_t pairs = rle.counts.size() / 2;
    const auto height = static_cast<std::uint32_t>(rle.height);
    runs_.resize(pairs);
    std::size_t used = 0;
    std::uint32_t end = 0;
    std::uint64_t column_end = height;  // of the column that contains `end`
    std::uint32_t top = height;
    std::uint32_t bottom = 0;  // one beyond the last row
    for (std::size_t i = 0; i < pairs; ++i) {
        const std::uint32_t begin = end + rle.counts[2 * i];
        end = begin + rle.counts[2 * i + 1];
        if (begin == end) {
            continue;
        }
        runs_[used++] = {begin, end};
        area_ += end - begin;
        if (begin >= column_end + height) {
            column_end = (begin / height + 1ULL) * height;
        }
        if (begin >= column_end) {
            column_end += height;
        }
        top = std::min(top, static_cast<std::uint32_t>(begin + height - column_end));
        if (end > column_end) {
            top = 0;
            bottom = height;
        } else {
            bottom = std::max(bottom, static_cast<std::uint32_t>(end + height - column_end));
        }
    }
    runs_.resize(used);
    if (used == 0) {
        return;
    }
    const std::uint32_t left = runs_.front()[0] / height;
    const std::uint32_t right = (runs_.back()[1] - 1) / height;
    box_ = {static_cast<double>(left), static_cast<double>(top),
            static_cast<double>(right - left + 1), static_cast<double>(bottom - top)};
}

double MaskRuns::iou(const MaskRuns& ground_truth, bool crowd) const {
    if (!(detail::iou(box_, ground_truth.box_, crowd) > 0)) {
        return 0;
    }
    // Both lists are sorted: skip to their first overlap, stop at the end of either.
    const auto ends_after = [](std::uint32_t position, const auto& run) {
        return position < run[1];
    };
    auto a = runs_.begin();
    auto b = ground_truth.runs_.begin();
    if (a == runs_.end() || b == ground_truth.runs_.end()) {
        return 0;
    }
    if ((*a)[0] < (*b)[0]) {
        a = std::upper_bound(a, runs_.end(), (*b)[0], ends_after);
    } else {
        b = std::upper_bound(b, ground_truth.runs_.end(), (*a)[0], ends_after);
    }
    std::uint64_t common = 0;
    while (a != runs_.end() && b != ground_truth.runs_.end()) {
        const std::uint32_t begin = std::max((*a)[0], (*b)[0]);
        const std::uint32_t end = std::min((*a)[1], (*b)[1]);
        if (begin < end) {
            common += end - begin;
        }
        // Advance the run that ends first, or both if they end together.
        const bool next_a = (*a)[1] <= (*b)[1];
        const bool next_b = (*b)[1] <= (*a)[1];
        a += next_a ? 1 : 0;
        b += next_b ? 1 : 0;
    }
    if (common == 0) {
        return 0;
    }
    const std::uint64_t all = crowd ? area_ : area_ + ground_truth.area_ - common;
    return static_cast<double>(common) / static_cast<double>(all);
}

}  // namespace embedmask::detail
