#include "mask/coupling.h"

#include <algorithm>
#include <cassert>
#include <cmath>

#include "base/simd.h"

namespace embedmask::mask {
namespace {

constexpr int kMaskStride = 4;
constexpr int kWindowBorder = 2;       // cells added around a box (§7.4)
constexpr float kOutsideLog = -10.0F;  // log-probability outside the window (§7.4)

// sum[y] += m·(p[y] − q)² for `count` cells.
EMBEDMASK_MULTIVERSION
void add_distance(const float* p, float q, float m, std::size_t count, float* sum) {
    for (std::size_t y = 0; y < count; ++y) {
        const float difference = p[y] - q;
        sum[y] += m * (difference * difference);
    }
}

// out[y] = Σ weight·column[y], summed over the columns of a tap.
EMBEDMASK_MULTIVERSION
void blend(const float* a, float wa, const float* b, float wb, std::size_t count, float* out) {
    for (std::size_t y = 0; y < count; ++y) {
        out[y] = wa * a[y] + wb * b[y];
    }
}

EMBEDMASK_MULTIVERSION
void accumulate(const float* a, float wa, std::size_t count, float* out) {
    for (std::size_t y = 0; y < count; ++y) {
        out[y] += wa * a[y];
    }
}

// Appends runs of pixels in scan order to a mask.
class Scan {
public:
    explicit Scan(ImageSize size) : builder_(size.height, size.width) {}

    void push(bool foreground, std::int64_t length) {
        const std::uint64_t end = position_ + static_cast<std::uint64_t>(length);
        if (foreground) {
            builder_.add(position_, end);
        }
        position_ = end;
    }
    [[nodiscard]] Rle finish() { return builder_.finish(); }

private:
    RleBuilder builder_;
    std::uint64_t position_ = 0;
};

// Resamples a column-major plane with separable taps.
std::vector<float> resample(const float* plane, int height, const Taps& columns, const Taps& rows) {
    std::vector<float> blended(static_cast<std::size_t>(height));
    std::vector<float> out(columns.size() * rows.size());
    for (std::size_t x = 0; x < columns.size(); ++x) {
        std::fill(blended.begin(), blended.end(), 0.0F);
        for (int k = 0; k < columns[x].count; ++k) {
            accumulate(plane + static_cast<std::size_t>(columns[x].first + k) * height,
                       columns[x].weight[static_cast<std::size_t>(k)], blended.size(),
                       blended.data());
        }
        float* column = out.data() + x * rows.size();
        for (std::size_t y = 0; y < rows.size(); ++y) {
            float value = 0;
            for (int k = 0; k < rows[y].count; ++k) {
                value +=
                    rows[y].weight[static_cast<std::size_t>(k)] *
                    blended[static_cast<std::size_t>(rows[y].first) + static_cast<std::size_t>(k)];
            }
            column[y] = value;
        }
    }
    return out;
}

std::vector<float> transposed(const float* rows, int height, int width) {
    std::vector<float> columns(static_cast<std::size_t>(height) * width);
    for (int y = 0; y < height; ++y) {
        for (int x = 0; x < width; ++x) {
            columns[static_cast<std::size_t>(x) * height + y] =
                rows[static_cast<std::size_t>(y) * width + x];
        }
    }
    return columns;
}

// Taps from the grid of the pixel embedding to the quarter grid.
Taps quarter_taps(int in, int factor, bool aligned) {
    return aligned ? aligned_taps(in, factor) : half_pixel_taps(in, factor * in, factor * in);
}

// Taps from the quarter grid to one axis of the output.
Taps paste_taps(int cells, int original, int content, const CouplingOptions& options) {
    if (options.aligned) {
        Taps up = aligned_taps(cells, kMaskStride);
        up.resize(static_cast<std::size_t>(content));
        const int out = options.at_input_size ? content : original;
        return compose(up, half_pixel_taps(content, out, out));
    }
    if (options.at_input_size) {
        return half_pixel_taps(cells, cells * kMaskStride, content);
    }
    const int size = paste_size(cells, original, content);
    Taps taps = half_pixel_taps(cells, size, std::min(size, original));
    // Rounding never makes the size smaller than the original; this guards against reading outside.
    taps.resize(static_cast<std::size_t>(original), taps.back());
    return taps;
}

}  // namespace

int paste_size(int cells, int original, int content) {
    const float size = static_cast<float>(cells) * kMaskStride * static_cast<float>(original) /
                       static_cast<float>(content);
    return std::max(static_cast<int>(std::ceil(size)), 1);
}

CouplingOptions CouplingOptions::of(const Config& config) {
    return {config.upsample == Upsample::embedding,
            config.resampler == Resampler::aligned,
            config.mask_window == MaskWindow::box,
            config.paste_domain == PasteDomain::log,
            config.mask_thresh,
            config.postprocess_masks,
            static_cast<int>(config.pixel_stride)};
}

// Columns [x1, x1 + columns) and rows [y1, y1 + rows) of the quarter grid; cells beyond it are set
// to `outside`.
struct Coupling::Patch {
    int x1 = 0;
    int y1 = 0;
    int columns = 0;
    int rows = 0;
    std::vector<float> values;

    [[nodiscard]] const float* column(int x) const {
        return values.data() + static_cast<std::size_t>(x - x1) * static_cast<std::size_t>(rows);
    }
};

Coupling::Coupling(std::span<const float> pixels, int dims, const Geometry& geometry,
                   const CouplingOptions& options)
    : options_(options),
      dims_(dims),
      mask_width_(geometry.padded.width / kMaskStride),
      mask_height_(geometry.padded.height / kMaskStride),
      output_(options.at_input_size ? geometry.content : geometry.original) {
    const int width = geometry.padded.width / options.pixel_stride;
    const int height = geometry.padded.height / options.pixel_stride;
    assert(pixels.size() == static_cast<std::size_t>(dims) * width * height);
    grid_width_ = options.upsample_embedding ? mask_width_ : width;
    grid_height_ = options.upsample_embedding ? mask_height_ : height;
    const bool enlarges = options.upsample_embedding && options.pixel_stride != kMaskStride;
    const Taps x_taps = to_quarter(width);
    const Taps y_taps = to_quarter(height);
    embeddings_.reserve(static_cast<std::size_t>(dims) * grid_width_ * grid_height_);
    for (int d = 0; d < dims; ++d) {
        const std::size_t plane = static_cast<std::size_t>(width) * height;
        std::vector<float> values =
            transposed(pixels.data() + static_cast<std::size_t>(d) * plane, height, width);
        if (enlarges) {
            values = resample(values.data(), height, x_taps, y_taps);
        }
        embeddings_.insert(embeddings_.end(), values.begin(), values.end());
    }
    columns_ = paste_taps(mask_width_, geometry.original.width, geometry.content.width, options);
    rows_ = paste_taps(mask_height_, geometry.original.height, geometry.content.height, options);
}

Taps Coupling::to_quarter(int cells) const {
    return quarter_taps(cells, options_.pixel_stride / kMaskStride, options_.aligned);
}

Window Coupling::window(const Box& box) const {
    if (!options_.box_window) {
        return {0, 0, mask_width_, mask_height_};
    }
    // Truncates toward zero, like the conversion of a clipped (non-negative) box.
    const auto cell = [](float pixel) { return static_cast<int>(pixel / kMaskStride); };
    return {std::max(cell(box.x1) - kWindowBorder, 0), std::max(cell(box.y1) - kWindowBorder, 0),
            std::min(cell(box.x2) + kWindowBorder, mask_width_),
            std::min(cell(box.y2) + kWindowBorder, mask_height_)};
}

Plane Coupling::couple(std::span<const float> embedding, std::span<const float> margin, int first,
                       int last, const Window& cells) const {
    Plane sums{cells.x2 - cells.x1, cells.y2 - cells.y1, {}};
    const auto rows = static_cast<std::size_t>(sums.height);
    sums.values.assign(static_cast<std::size_t>(sums.width) * rows, 0.0F);
    for (int x = 0; x < sums.width; ++x) {
        float* sum = sums.values.data() + static_cast<std::size_t>(x) * rows;
        for (int d = first; d < last; ++d) {
            const std::size_t column =
                (static_cast<std::size_t>(d) * grid_width_ + cells.x1 + x) * grid_height_;
            add_distance(embeddings_.data() + column + cells.y1,
                         embedding[static_cast<std::size_t>(d)],
                         margin[static_cast<std::size_t>(d)], rows, sum);
        }
    }
    for (float& value : sums.values) {
        value = -value;
    }
    return sums;
}

Coupling::Patch Coupling::patch(const Window& window, std::span<const float> embedding,
                                std::span<const float> margin) const {
    Plane inside;
    if (options_.upsample_embedding) {
        inside = couple(embedding, margin, 0, dims_, window);
        if (!options_.log_domain) {
            for (float& value : inside.values) {
                value = std::exp(value);
            }
        }
    } else {
        Plane coarse = couple(embedding, margin, 0, dims_, {0, 0, grid_width_, grid_height_});
        if (!options_.log_domain) {
            for (float& value : coarse.values) {
                value = std::exp(value);
            }
        }
        Taps x_taps = to_quarter(grid_width_);
        Taps y_taps = to_quarter(grid_height_);
        x_taps = {x_taps.begin() + window.x1, x_taps.begin() + window.x2};
        y_taps = {y_taps.begin() + window.y1, y_taps.begin() + window.y2};
        inside = {window.x2 - window.x1, window.y2 - window.y1,
                  resample(coarse.values.data(), grid_height_, x_taps, y_taps)};
    }
    const float outside = options_.log_domain ? kOutsideLog : std::exp(kOutsideLog);
    // Taps extend up to three cells beyond the window.
    constexpr int kReach = 3;
    Patch patch;
    patch.x1 = std::max(window.x1 - kReach, 0);
    patch.y1 = std::max(window.y1 - kReach, 0);
    patch.columns = std::min(window.x2 + kReach, mask_width_) - patch.x1;
    patch.rows = std::min(window.y2 + kReach, mask_height_) - patch.y1;
    patch.values.assign(static_cast<std::size_t>(patch.columns) * patch.rows, outside);
    for (int x = 0; x < inside.width; ++x) {
        const float* from = inside.values.data() + static_cast<std::size_t>(x) * inside.height;
        float* to = patch.values.data() +
                    static_cast<std::size_t>(window.x1 + x - patch.x1) * patch.rows + window.y1 -
                    patch.y1;
        std::copy(from, from + inside.height, to);
    }
    return patch;
}

Rle Coupling::paste(const Patch& patch, double threshold) const {
    const auto limit = static_cast<float>(options_.log_domain ? std::log(threshold) : threshold);
    const auto overlaps = [](const Tap& tap, int begin, int count) {
        return tap.first >= begin && tap.first + tap.count <= begin + count;
    };
    // Output rows and columns whose taps are inside the patch. All others read only cells outside
    // the window, which are background if their constant is below the threshold.
    const auto range = [&](const Taps& taps, int begin, int count) {
        const auto inside = [&](const Tap& tap) { return overlaps(tap, begin, count); };
        const auto first = std::find_if(taps.begin(), taps.end(), inside);
        const auto last = std::find_if_not(first, taps.end(), inside);
        return std::pair(first - taps.begin(), last - taps.begin());
    };
    const auto [x_begin, x_end] = range(columns_, patch.x1, patch.columns);
    const auto [y_begin, y_end] = range(rows_, patch.y1, patch.rows);
    Scan scan(output_);
    scan.push(false, x_begin * output_.height);
    const auto rows = static_cast<std::size_t>(patch.rows);
    std::vector<float> column(rows);
    for (auto x = x_begin; x < x_end; ++x) {
        const Tap& tap = columns_[static_cast<std::size_t>(x)];
        const int second = tap.first + (tap.count > 1 ? 1 : 0);
        blend(patch.column(tap.first), tap.weight[0], patch.column(second), tap.weight[1], rows,
              column.data());
        for (int k = 2; k < tap.count; ++k) {
            accumulate(patch.column(tap.first + k), tap.weight[static_cast<std::size_t>(k)], rows,
                       column.data());
        }
        scan.push(false, y_begin);
        const float* cells = column.data() - patch.y1;
        for (auto y = y_begin; y < y_end;) {
            const Tap& row = rows_[static_cast<std::size_t>(y)];
            const int last = row.first + row.count - 1;
            // All outputs between the same source cells have the same result if these cells agree.
            auto end = y + 1;
            while (end < y_end && rows_[static_cast<std::size_t>(end)].first == row.first &&
                   rows_[static_cast<std::size_t>(end)].count <= row.count) {
                ++end;
            }
            int above = 0;
            for (int cell = row.first; cell <= last; ++cell) {
                above += cells[cell] > limit ? 1 : 0;
            }
            if (above == 0 || above == row.count) {
                scan.push(above != 0, end - y);
                y = end;
                continue;
            }
            for (; y < end; ++y) {
                const Tap& exact = rows_[static_cast<std::size_t>(y)];
                float value = 0;
                for (int k = 0; k < exact.count; ++k) {
                    value += exact.weight[static_cast<std::size_t>(k)] * cells[exact.first + k];
                }
                scan.push(value > limit, 1);
            }
        }
        scan.push(false, output_.height - y_end);
    }
    return scan.finish();
}

Rle Coupling::mask(const Box& box, std::span<const float> embedding,
                   std::span<const float> margin) const {
    return paste(patch(window(box), embedding, margin), options_.threshold);
}

std::vector<Rle> Coupling::masks(const Box& box, std::span<const float> embedding,
                                 std::span<const float> margin,
                                 std::span<const double> thresholds) const {
    const Patch coupled = patch(window(box), embedding, margin);
    std::vector<Rle> result;
    result.reserve(thresholds.size());
    for (const double threshold : thresholds) {
        result.push_back(paste(coupled, threshold));
    }
    return result;
}

Plane Coupling::log_probability(std::span<const float> embedding, std::span<const float> margin,
                                int first, int last) const {
    Plane plane = couple(embedding, margin, first, last, {0, 0, grid_width_, grid_height_});
    if (!options_.upsample_embedding) {
        plane.values = resample(plane.values.data(), grid_height_, to_quarter(grid_width_),
                                to_quarter(grid_height_));
        plane.width = mask_width_;
        plane.height = mask_height_;
    }
    return plane;
}

}  // namespace embedmask::mask
