#include "render/embedding_view.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "embedmask/error.h"
#include "render/eigen.h"

namespace embedmask::render {
namespace {

constexpr int kMaxDims = 32;

// Pixel embeddings are stored in planes, proposal embeddings in rows; this reads both.
struct Table {
    std::span<const float> values;
    std::size_t count;
    std::size_t dim_step;
    std::size_t item_step;

    [[nodiscard]] float at(std::size_t item, int dim) const {
        return values[item * item_step + static_cast<std::size_t>(dim) * dim_step];
    }
};

Table planes(std::span<const float> values, int dims) {
    const std::size_t cells = values.size() / dims;
    return {values, cells, cells, 1};
}

Table rows(std::span<const float> values, int dims) {
    return {values, values.size() / dims, 1, static_cast<std::size_t>(dims)};
}

float component(const EmbeddingBasis& basis, const Table& table, std::size_t item, int axis) {
    float sum = 0;
    for (int d = 0; d < basis.dims; ++d) {
        sum += (table.at(item, d) - basis.mean[d]) * basis.axes[axis][d];
    }
    return sum;
}

Color color_of(const EmbeddingBasis& basis, const Table& table, std::size_t item) {
    std::array<std::uint8_t, 3> rgb{};
    for (int axis = 0; axis < 3; ++axis) {
        const float range = basis.high[axis] - basis.low[axis];
        // No variation along this axis: middle grey.
        float value = 0.5F;
        if (range > 0) {
            value = (component(basis, table, item, axis) - basis.low[axis]) / range;
        }
        // Written so that NaN becomes 0.
        value = value > 0 ? std::min(value, 1.F) : 0.F;
        rgb[axis] = static_cast<std::uint8_t>(std::lround(value * 255.F));
    }
    return {rgb[0], rgb[1], rgb[2]};
}

void check(std::span<const float> pixels, std::span<const float> proposals, int dims) {
    const bool fits = dims >= 1 && dims <= kMaxDims && pixels.size() % dims == 0 &&
                      proposals.size() % dims == 0 && !(pixels.empty() && proposals.empty());
    if (fits) {
        return;
    }
    throw Error(fmt::format("{} pixel and {} proposal values are not {}-dimensional embeddings",
                            pixels.size(), proposals.size(), dims));
}

}  // namespace

EmbeddingBasis fit_embedding_basis(std::span<const float> pixels, std::span<const float> proposals,
                                   int dims) {
    check(pixels, proposals, dims);
    const std::array tables{planes(pixels, dims), rows(proposals, dims)};
    const double count = static_cast<double>(tables[0].count + tables[1].count);

    std::vector<double> mean(dims, 0.0);
    for (const Table& table : tables) {
        for (int d = 0; d < dims; ++d) {
            for (std::size_t i = 0; i < table.count; ++i) {
                mean[d] += table.at(i, d) / count;
            }
        }
    }
    std::vector<double> covariance(static_cast<std::size_t>(dims) * dims, 0.0);
    for (int a = 0; a < dims; ++a) {
        for (int b = a; b < dims; ++b) {
            double sum = 0;
            for (const Table& table : tables) {
                for (std::size_t i = 0; i < table.count; ++i) {
                    sum += (table.at(i, a) - mean[a]) * (table.at(i, b) - mean[b]);
                }
            }
            covariance[a * dims + b] = covariance[b * dims + a] = sum / count;
        }
    }
    const Eigen eigen = symmetric_eigen(std::move(covariance), dims);

    EmbeddingBasis basis;
    basis.dims = dims;
    basis.mean.assign(mean.begin(), mean.end());
    for (int axis = 0; axis < 3; ++axis) {
        auto& direction = basis.axes[axis];
        direction.assign(dims, 0.F);
        if (axis < dims) {
            const auto& vector = eigen.vectors[axis];
            const double largest =
                *std::max_element(vector.begin(), vector.end(),
                                  [](double a, double b) { return std::abs(a) < std::abs(b); });
            std::transform(vector.begin(), vector.end(), direction.begin(),
                           [&](double v) { return static_cast<float>(largest < 0 ? -v : v); });
        }
        float& low = basis.low[axis] = std::numeric_limits<float>::max();
        float& high = basis.high[axis] = std::numeric_limits<float>::lowest();
        for (const Table& table : tables) {
            for (std::size_t i = 0; i < table.count; ++i) {
                const float value = component(basis, table, i, axis);
                low = std::min(low, value);
                high = std::max(high, value);
            }
        }
    }
    return basis;
}

Image embedding_image(const EmbeddingBasis& basis, std::span<const float> pixels, ImageSize size) {
    const std::size_t cells = static_cast<std::size_t>(size.width) * size.height;
    if (pixels.size() != cells * basis.dims) {
        throw Error(fmt::format("{} values are not {}x{} embeddings of {} dimensions",
                                pixels.size(), size.width, size.height, basis.dims));
    }
    const Table table = planes(pixels, basis.dims);
    Image image{size, {}};
    image.rgb.reserve(3 * cells);
    for (std::size_t i = 0; i < cells; ++i) {
        const Color color = color_of(basis, table, i);
        image.rgb.insert(image.rgb.end(), {color.r, color.g, color.b});
    }
    return image;
}

std::vector<Color> embedding_colors(const EmbeddingBasis& basis, std::span<const float> proposals) {
    const Table table = rows(proposals, basis.dims);
    std::vector<Color> colors;
    for (std::size_t i = 0; i < table.count; ++i) {
        colors.push_back(color_of(basis, table, i));
    }
    return colors;
}

}  // namespace embedmask::render
