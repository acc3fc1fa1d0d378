#include "render/eigen.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numeric>

namespace embedmask::render {
namespace {

constexpr int kMaxSweeps = 60;

}  // namespace

Eigen symmetric_eigen(std::vector<double> matrix, int size) {
    const auto n = static_cast<std::size_t>(size);
    std::vector<double> vectors(n * n, 0.0);
    for (std::size_t i = 0; i < n; ++i) {
        vectors[i * n + i] = 1.0;
    }
    const auto a = [&](std::size_t i, std::size_t j) -> double& { return matrix[i * n + j]; };
    double scale = 0;
    for (const double value : matrix) {
        scale += value * value;
    }
    for (int sweep = 0; sweep < kMaxSweeps; ++sweep) {
        double off_diagonal = 0;
        for (std::size_t p = 0; p < n; ++p) {
            for (std::size_t q = p + 1; q < n; ++q) {
                off_diagonal += a(p, q) * a(p, q);
            }
        }
        if (off_diagonal <= 1e-28 * scale) {
            break;
        }
        for (std::size_t p = 0; p < n; ++p) {
            for (std::size_t q = p + 1; q < n; ++q) {
                if (a(p, q) == 0.0) {
                    continue;
                }
                // The rotation that zeroes a(p,q).
                const double theta = (a(q, q) - a(p, p)) / (2.0 * a(p, q));
                const double t =
                    (theta >= 0 ? 1.0 : -1.0) / (std::abs(theta) + std::hypot(theta, 1.0));
                const double c = 1.0 / std::hypot(t, 1.0);
                const double s = t * c;
                for (std::size_t k = 0; k < n; ++k) {
                    const double kp = a(k, p);
                    const double kq = a(k, q);
                    a(k, p) = c * kp - s * kq;
                    a(k, q) = s * kp + c * kq;
                }
                for (std::size_t k = 0; k < n; ++k) {
                    const double pk = a(p, k);
                    const double qk = a(q, k);
                    a(p, k) = c * pk - s * qk;
                    a(q, k) = s * pk + c * qk;
                    const double vp = vectors[p * n + k];
                    const double vq = vectors[q * n + k];
                    vectors[p * n + k] = c * vp - s * vq;
                    vectors[q * n + k] = s * vp + c * vq;
                }
            }
        }
    }
    std::vector<std::size_t> order(n);
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::stable_sort(order.begin(), order.end(),
                     [&](std::size_t i, std::size_t j) { return a(i, i) > a(j, j); });
    Eigen result;
    for (const std::size_t i : order) {
        result.values.push_back(a(i, i));
        const auto first = vectors.begin() + static_cast<std::ptrdiff_t>(i * n);
        result.vectors.emplace_back(first, first + size);
    }
    return result;
}

}  // namespace embedmask::render
