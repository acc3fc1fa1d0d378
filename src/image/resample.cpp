#include "image/resample.h"

#include <algorithm>
#include <cmath>

#include "image/view.h"

namespace embedmask::image {
namespace {

// trunc(v + 0.5), as specified, which is not rounding for negative v.
int truncate_up(double v) {
    const double shifted = v + 0.5;
    return static_cast<int>(shifted);
}

}  // namespace

AxisWeights axis_weights(int source, int size) {
    const double scale = static_cast<double>(source) / size;
    const double support = std::max(scale, 1.0);
    const double per_sample = 1.0 / support;

    // Same double operations in the same order as in Pillow; otherwise the last bit of a weight
    // differs.
    std::vector<double> weight;
    const auto compute = [&](int i) {
        const double center = (i + 0.5) * scale;
        const int low = std::max(truncate_up(center - support), 0);
        const int high = std::min(truncate_up(center + support), source);
        weight.clear();
        double sum = 0;
        for (int x = low; x < high; ++x) {
            const double distance = std::abs((x - center + 0.5) * per_sample);
            weight.push_back(distance < 1.0 ? 1.0 - distance : 0.0);
            sum += weight.back();
        }
        for (double& w : weight) {
            if (sum != 0.0) {
                w /= sum;
            }
        }
        return low;
    };

    AxisWeights axis;
    axis.source = source;
    axis.size = size;
    axis.taps = 1;
    for (int i = 0; i < size; ++i) {
        compute(i);
        axis.taps = std::max(axis.taps, static_cast<int>(weight.size()));
    }
    axis.first.resize(whole_blocks(size));
    axis.weight.resize(static_cast<std::size_t>(whole_blocks(size)) * axis.taps);
    for (int i = 0; i < size; ++i) {
        axis.first[i] = compute(i);
        std::int32_t* out =
            axis.weight.data() + static_cast<std::size_t>(i / kLanes) * axis.taps * kLanes;
        for (std::size_t t = 0; t < weight.size(); ++t) {
            out[t * kLanes + i % kLanes] = truncate_up(weight[t] * (1 << kWeightBits));
        }
    }
    return axis;
}

RowWindow::RowWindow(const ImageView& source, ImageSize target, const RowKernels& kernels)
    : source_(source),
      kernels_(kernels),
      horizontal_(axis_weights(source.size.width, target.width)),
      vertical_(axis_weights(source.size.height, target.height)),
      plane_stride_(static_cast<std::size_t>(whole_blocks(target.width))),
      ring_(3 * plane_stride_ * vertical_.taps),
      source_row_(3 * static_cast<std::size_t>(source.size.width) + row_slack(horizontal_)),
      rows_(3 * static_cast<std::size_t>(vertical_.taps)),
      weights_(vertical_.taps) {}

void RowWindow::load(int source_row) {
    // The copy provides readable bytes after the last pixel for the kernel.
    copy_row(source_, source_row, source_row_.data());
    std::uint8_t* slot = ring_.data() + 3 * plane_stride_ * (source_row % vertical_.taps);
    kernels_.horizontal(horizontal_, source_row_.data(), slot, plane_stride_);
}

void RowWindow::advance(int y) {
    const int first = vertical_.first[y];
    // A row beyond the last has weight 0, so any loaded row can replace it.
    const int end = std::min(first + vertical_.taps, vertical_.source);
    for (loaded_ = std::max(loaded_, first); loaded_ < end; ++loaded_) {
        load(loaded_);
    }
    for (int t = 0; t < vertical_.taps; ++t) {
        const int slot = std::min(first + t, end - 1) % vertical_.taps;
        weights_[t] = vertical_.at(y, t);
        for (int c = 0; c < 3; ++c) {
            rows_[static_cast<std::size_t>(c) * vertical_.taps + t] =
                ring_.data() + (3 * static_cast<std::size_t>(slot) + c) * plane_stride_;
        }
    }
}

}  // namespace embedmask::image
