#include "foreign/strided.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "embedmask/error.h"

namespace embedmask::foreign {
namespace {

constexpr std::size_t kMaxDimensions = 16;
constexpr std::uint64_t kMaxEmpty = 1ULL << 40;

class Dense {
public:
    Dense(const StridedView& view, const std::string& name, TensorSource& source)
        : view_(view), name_(name), source_(source), element_(size_of(view.dtype)) {}

    Tensor tensor() {
        const std::uint64_t count = checked_count();
        Tensor tensor;
        tensor.dtype = view_.dtype;
        tensor.shape = view_.shape;
        if (count == 0) {
            return tensor;
        }
        check_reach();
        if (!view_.big_endian && is_dense()) {
            tensor.bytes = view_.storage.subspan(static_cast<std::size_t>(view_.offset) * element_,
                                                 count * element_);
            tensor.owner = source_.owner;
            return tensor;
        }
        if (count * element_ > source_.copy_budget) {
            fail("its copy and the earlier ones exceed what the file can hold");
        }
        source_.copy_budget -= count * element_;
        return Tensor::of_bytes(view_.dtype, gather(count), view_.shape);
    }

private:
    [[noreturn]] void fail(const std::string& problem) const {
        throw Error(fmt::format("{}: tensor \"{}\", shape {}, strides {}, offset {}: {}",
                                source_.file, shown(name_), shape_text(view_.shape),
                                shape_text(view_.strides), view_.offset, problem),
                    "the file is damaged, or the tensor is an expanded view: save "
                    "tensor.contiguous() instead");
    }

    // The number of elements, checked to be at most that of the storage.
    std::uint64_t checked_count() const {
        if (view_.shape.size() > kMaxDimensions || view_.shape.size() != view_.strides.size()) {
            fail(fmt::format("expected one stride per dimension, at most {}", kMaxDimensions));
        }
        const auto negative = [](std::int64_t value) { return value < 0; };
        if (std::any_of(view_.shape.begin(), view_.shape.end(), negative) ||
            std::any_of(view_.strides.begin(), view_.strides.end(), negative) || view_.offset < 0) {
            fail("a negative number");
        }
        const bool empty =
            std::find(view_.shape.begin(), view_.shape.end(), 0) != view_.shape.end();
        // Also bounds the other extents of an empty tensor, since callers may multiply them.
        const std::uint64_t limit = empty ? kMaxEmpty : storage_size();
        std::uint64_t count = 1;
        for (const std::int64_t extent : view_.shape) {
            if (extent == 0) {
                continue;
            }
            if (static_cast<std::uint64_t>(extent) > limit / count) {
                fail(fmt::format("more elements than its storage, which has {}", storage_size()));
            }
            count *= static_cast<std::uint64_t>(extent);
        }
        return empty ? 0 : count;
    }

    std::uint64_t storage_size() const { return view_.storage.size() / element_; }

    void check_reach() const {
        const std::uint64_t limit = storage_size();
        auto last = static_cast<std::uint64_t>(view_.offset);
        bool inside = last < limit;
        for (std::size_t i = 0; i < view_.shape.size() && inside; ++i) {
            const auto steps = static_cast<std::uint64_t>(view_.shape[i] - 1);
            const auto stride = static_cast<std::uint64_t>(view_.strides[i]);
            if (steps == 0) {
                continue;
            }
            inside = stride <= (limit - 1 - last) / steps;
            if (inside) {
                last += steps * stride;
            }
        }
        if (!inside) {
            fail(fmt::format("extends beyond its storage of {} elements", limit));
        }
    }

    bool is_dense() const {
        const std::vector<std::int64_t> dense = dense_strides(view_.shape);
        for (std::size_t i = 0; i < view_.shape.size(); ++i) {
            if (view_.shape[i] != 1 && view_.strides[i] != dense[i]) {
                return false;
            }
        }
        return true;
    }

    std::vector<std::byte> gather(std::uint64_t count) const {
        std::vector<std::byte> bytes(count * element_);
        std::vector<std::int64_t> index(view_.shape.size(), 0);
        auto from = static_cast<std::uint64_t>(view_.offset);
        for (std::uint64_t i = 0; i < count; ++i) {
            std::byte* to = bytes.data() + i * element_;
            std::memcpy(to, view_.storage.data() + from * element_, element_);
            if (view_.big_endian) {
                std::reverse(to, to + element_);
            }
            for (std::size_t d = index.size(); d-- > 0;) {
                from += static_cast<std::uint64_t>(view_.strides[d]);
                if (++index[d] < view_.shape[d]) {
                    break;
                }
                from -= static_cast<std::uint64_t>(view_.strides[d] * view_.shape[d]);
                index[d] = 0;
            }
        }
        return bytes;
    }

    const StridedView& view_;
    const std::string& name_;
    TensorSource& source_;
    std::size_t element_;
};

}  // namespace

std::vector<std::int64_t> dense_strides(const std::vector<std::int64_t>& shape,
                                        bool first_fastest) {
    std::vector<std::int64_t> strides(shape.size());
    std::uint64_t stride = 1;  // wraps for absurd shapes, which are rejected by their element count
    for (std::size_t i = 0; i < shape.size(); ++i) {
        const std::size_t d = first_fastest ? i : shape.size() - 1 - i;
        strides[d] = static_cast<std::int64_t>(stride);
        stride *= static_cast<std::uint64_t>(shape[d]);
    }
    return strides;
}

Tensor dense_tensor(const StridedView& view, const std::string& name, TensorSource& source) {
    return Dense(view, name, source).tensor();
}

}  // namespace embedmask::foreign
