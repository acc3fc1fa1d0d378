#include "train/rbf_distance.h"

#include <array>

namespace embedmask::train {
namespace {

using torch::Tensor;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

constexpr std::int64_t kLanes = 16;  // independent sums, so that the compiler can vectorise

template <typename T>
void distances(const T* pixels, const T* embeddings, const T* margins, std::int64_t objects,
               std::int64_t dims, std::int64_t cells, T* out) {
    at::parallel_for(0, objects, 1, [&](std::int64_t begin, std::int64_t end) {
        for (std::int64_t g = begin; g < end; ++g) {
            T* row = out + g * cells;
            std::fill(row, row + cells, T(0));
            for (std::int64_t d = 0; d < dims; ++d) {
                const T q = embeddings[g * dims + d];
                const T m = margins[g * dims + d];
                const T* p = pixels + d * cells;
                for (std::int64_t j = 0; j < cells; ++j) {
                    const T difference = p[j] - q;
                    row[j] += m * difference * difference;
                }
            }
        }
    });
}

template <typename T>
struct Gradients {
    T* pixels;
    T* embeddings;
    T* margins;
};

// For one dimension d and one object g: dS/dp = 2m(p − q) = −dS/dq, dS/dm = (p − q)².
template <typename T>
void accumulate(const T* p, const T* grad, T q, T m, std::int64_t cells, T* grad_p, T& grad_q,
                T& grad_m) {
    std::array<T, kLanes> first{};
    std::array<T, kLanes> second{};
    const std::int64_t whole = cells / kLanes * kLanes;
    for (std::int64_t j = 0; j < whole; j += kLanes) {
        for (std::int64_t lane = 0; lane < kLanes; ++lane) {
            const T difference = p[j + lane] - q;
            const T weighted = grad[j + lane] * difference;
            grad_p[j + lane] += 2 * m * weighted;
            first[lane] += weighted;
            second[lane] += weighted * difference;
        }
    }
    for (std::int64_t j = whole; j < cells; ++j) {
        const T difference = p[j] - q;
        const T weighted = grad[j] * difference;
        grad_p[j] += 2 * m * weighted;
        first[0] += weighted;
        second[0] += weighted * difference;
    }
    for (std::int64_t lane = 0; lane < kLanes; ++lane) {
        grad_q -= 2 * m * first[lane];
        grad_m += second[lane];
    }
}

// Threads split the dimensions, so that the order of every sum does not depend on their number.
template <typename T>
void backpropagate(const T* pixels, const T* embeddings, const T* margins, const T* grad,
                   std::int64_t objects, std::int64_t dims, std::int64_t cells,
                   const Gradients<T>& out) {
    at::parallel_for(0, dims, 1, [&](std::int64_t begin, std::int64_t end) {
        for (std::int64_t d = begin; d < end; ++d) {
            for (std::int64_t g = 0; g < objects; ++g) {
                const std::int64_t i = g * dims + d;
                accumulate(pixels + d * cells, grad + g * cells, embeddings[i], margins[i], cells,
                           out.pixels + d * cells, out.embeddings[i], out.margins[i]);
            }
        }
    });
}

class RbfDistance : public torch::autograd::Function<RbfDistance> {
public:
    static Tensor forward(AutogradContext* context, const Tensor& pixels, const Tensor& embeddings,
                          const Tensor& margins) {
        const Tensor p = pixels.contiguous();
        const Tensor q = embeddings.contiguous();
        const Tensor m = margins.contiguous();
        context->save_for_backward({p, q, m});
        if (!p.is_cpu()) {
            return rbf_distance_by_object(p, q, m);
        }
        Tensor out = torch::empty({q.size(0), p.size(1)}, p.options());
        AT_DISPATCH_FLOATING_TYPES(p.scalar_type(), "rbf_distance", [&] {
            distances(p.const_data_ptr<scalar_t>(), q.const_data_ptr<scalar_t>(),
                      m.const_data_ptr<scalar_t>(), q.size(0), p.size(0), p.size(1),
                      out.mutable_data_ptr<scalar_t>());
        });
        return out;
    }

    static variable_list backward(AutogradContext* context, variable_list grads) {
        const variable_list saved = context->get_saved_variables();
        const Tensor& p = saved[0];
        const Tensor& q = saved[1];
        const Tensor& m = saved[2];
        const Tensor grad = grads[0].contiguous();
        if (!p.is_cpu()) {
            const auto gradients = rbf_gradients_by_object(p, q, m, grad);
            return {gradients[0], gradients[1], gradients[2]};
        }
        Tensor grad_p = torch::zeros_like(p);
        Tensor grad_q = torch::zeros_like(q);
        Tensor grad_m = torch::zeros_like(m);
        AT_DISPATCH_FLOATING_TYPES(p.scalar_type(), "rbf_distance", [&] {
            backpropagate(p.const_data_ptr<scalar_t>(), q.const_data_ptr<scalar_t>(),
                          m.const_data_ptr<scalar_t>(), grad.const_data_ptr<scalar_t>(), q.size(0),
                          p.size(0), p.size(1),
                          Gradients<scalar_t>{grad_p.mutable_data_ptr<scalar_t>(),
                                              grad_q.mutable_data_ptr<scalar_t>(),
                                              grad_m.mutable_data_ptr<scalar_t>()});
        });
        return {grad_p, grad_q, grad_m};
    }
};

}  // namespace

Tensor rbf_distance_by_object(const Tensor& pixels, const Tensor& embeddings,
                              const Tensor& margins) {
    Tensor out = torch::empty({embeddings.size(0), pixels.size(1)}, pixels.options());
    for (std::int64_t g = 0; g < embeddings.size(0); ++g) {
        const Tensor difference = pixels - embeddings[g].unsqueeze(1);
        out[g] = torch::mv(difference.square().t(), margins[g]);
    }
    return out;
}

std::array<Tensor, 3> rbf_gradients_by_object(const Tensor& pixels, const Tensor& embeddings,
                                              const Tensor& margins, const Tensor& grad) {
    Tensor grad_pixels = torch::zeros_like(pixels);
    Tensor grad_embeddings = torch::zeros_like(embeddings);
    Tensor grad_margins = torch::zeros_like(margins);
    for (std::int64_t g = 0; g < embeddings.size(0); ++g) {
        const Tensor difference = pixels - embeddings[g].unsqueeze(1);
        const Tensor weighted = difference * grad[g].unsqueeze(0);
        grad_margins[g] = (weighted * difference).sum(1);
        const Tensor slope = weighted * (2 * margins[g]).unsqueeze(1);
        grad_embeddings[g] = -slope.sum(1);
        grad_pixels += slope;
    }
    return {grad_pixels, grad_embeddings, grad_margins};
}

Tensor rbf_distance(const Tensor& pixels, const Tensor& embeddings, const Tensor& margins) {
    return RbfDistance::apply(pixels, embeddings, margins);
}

}  // namespace embedmask::train
