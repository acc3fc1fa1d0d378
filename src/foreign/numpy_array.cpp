#include "foreign/numpy_array.h"

#include <fmt/format.h>

#include <array>

#include "embedmask/error.h"
#include "foreign/strided.h"

namespace embedmask::foreign {
namespace {

using pickle::Id;
using pickle::kNone;
using pickle::Value;
using Kind = Value::Kind;

bool is_numpy_global(const pickle::Tree& tree, Id id, std::string_view module,
                     std::string_view name) {
    // numpy 2 renamed numpy.core to numpy._core.
    return tree.is_global(id, "numpy.core." + std::string(module), name) ||
           tree.is_global(id, "numpy._core." + std::string(module), name);
}

class ArrayReader {
public:
    ArrayReader(const pickle::Tree& tree, const std::string& name, TensorSource& source)
        : tree_(tree), name_(name), source_(source) {}

    // _reconstruct(ndarray, ...) with state (version, shape, dtype, fortran order, bytes).
    Tensor reconstructed(const Value& object) {
        if (object.state == kNone) {
            fail("the array has no contents");
        }
        const std::vector<Id>& state = tree_[object.state].items;
        if (state.size() != 5) {
            fail("its state must have five parts");
        }
        const bool fortran = tree_[state[3]].integer != 0;
        return array(state[1], state[2], state[4], fortran);
    }

    // _frombuffer(bytes, dtype, shape, order): pickle protocol 5.
    Tensor from_buffer(const Value& object) {
        const std::vector<Id>& arguments = tree_[object.arguments].items;
        if (arguments.size() != 4) {
            fail("_frombuffer takes four arguments");
        }
        return array(arguments[2], arguments[1], arguments[0], tree_[arguments[3]].text == "F");
    }

private:
    [[noreturn]] void fail(const std::string& problem) const {
        throw Error(
            fmt::format("{}: array \"{}\": {}", source_.file, shown(name_), problem),
            "the file is damaged or contains arrays that are not weights; save float arrays only");
    }

    Tensor array(Id shape, Id dtype, Id contents, bool fortran) {
        StridedView view;
        read_dtype(dtype, &view);
        for (const Id extent : tree_[shape].items) {
            if (tree_[extent].kind != Kind::integer) {
                fail("a dimension is not an integer");
            }
            view.shape.push_back(tree_[extent].integer);
        }
        view.strides = dense_strides(view.shape, fortran);
        TensorSource source = source_;
        const Tensor bytes = read_bytes(contents);
        view.storage = bytes.bytes;
        source.owner = bytes.owner;
        Tensor tensor = dense_tensor(view, name_, source);
        source_.copy_budget = source.copy_budget;
        if (static_cast<std::uint64_t>(tensor.size()) * size_of(view.dtype) !=
            view.storage.size()) {
            fail(fmt::format("shape {} needs {} bytes, but the array has {}",
                             shape_text(view.shape),
                             static_cast<std::uint64_t>(tensor.size()) * size_of(view.dtype),
                             view.storage.size()));
        }
        return tensor;
    }

    // dtype(kind and size, ...) with state (version, byte order, ...).
    void read_dtype(Id id, StridedView* view) const {
        struct Known {
            std::string_view name;
            DType dtype;
        };
        static constexpr std::array<Known, 9> all = {{{"f4", DType::f32},
                                                      {"f8", DType::f64},
                                                      {"f2", DType::f16},
                                                      {"i8", DType::i64},
                                                      {"i4", DType::i32},
                                                      {"i2", DType::i16},
                                                      {"i1", DType::i8},
                                                      {"u1", DType::u8},
                                                      {"b1", DType::boolean}}};
        const Value& object = tree_[id];
        if (object.kind != Kind::object || !tree_.is_global(object.callable, "numpy", "dtype") ||
            tree_[object.arguments].items.empty() || object.state == kNone ||
            tree_[object.state].items.size() < 2) {
            fail("its element type is missing");
        }
        const std::string_view name = tree_[tree_[object.arguments].items[0]].text;
        const std::string_view order = tree_[tree_[object.state].items[1]].text;
        view->big_endian = order == ">";
        for (const Known& known : all) {
            if (known.name != name) {
                continue;
            }
            view->dtype = known.dtype;
            return;
        }
        fail(fmt::format("element type {}, expected one of f4 f8 f2 i8 i4 i2 i1 u1 b1",
                         shown(name)));
    }

    // The raw bytes in the file, or _codecs.encode(text, "latin1"), as Python 3 writes bytes with
    // protocol 2.
    Tensor read_bytes(Id id) {
        const Value& value = tree_[id];
        if (value.kind == Kind::bytes || value.kind == Kind::text) {
            Tensor tensor;
            tensor.bytes = std::as_bytes(std::span(value.text));
            tensor.owner = source_.owner;
            return tensor;
        }
        if (value.kind != Kind::object || !tree_.is_global(value.callable, "_codecs", "encode")) {
            fail("its contents are not bytes");
        }
        const std::vector<Id>& arguments = tree_[value.arguments].items;
        if (arguments.size() != 2 || tree_[arguments[0]].kind != Kind::text ||
            tree_[arguments[1]].text != "latin1") {
            fail("bytes in an encoding other than latin1");
        }
        const std::string_view text = tree_[arguments[0]].text;
        if (text.size() > source_.copy_budget) {
            fail("larger than the file can hold");
        }
        source_.copy_budget -= text.size();
        return Tensor::of_bytes(DType::u8, from_latin1(text), {});
    }

    // Decodes UTF-8 of code points below 256 to one byte each.
    std::vector<std::byte> from_latin1(std::string_view text) const {
        std::vector<std::byte> bytes;
        bytes.reserve(text.size());
        for (std::size_t i = 0; i < text.size(); ++i) {
            const auto lead = static_cast<unsigned char>(text[i]);
            if (lead < 0x80) {
                bytes.push_back(static_cast<std::byte>(lead));
                continue;
            }
            const bool pair = (lead == 0xC2 || lead == 0xC3) && i + 1 < text.size() &&
                              (static_cast<unsigned char>(text[i + 1]) & 0xC0U) == 0x80;
            if (!pair) {
                fail("its text is not latin1 encoded as UTF-8");
            }
            ++i;
            bytes.push_back(static_cast<std::byte>(((lead & 3U) << 6) |
                                                   (static_cast<unsigned char>(text[i]) & 0x3FU)));
        }
        return bytes;
    }

    const pickle::Tree& tree_;
    const std::string& name_;
    TensorSource& source_;
};

}  // namespace

std::optional<Tensor> numpy_tensor(const pickle::Tree& tree, pickle::Id id, const std::string& name,
                                   TensorSource& source) {
    const Value& object = tree[id];
    if (object.kind != Kind::object) {
        return std::nullopt;
    }
    if (is_numpy_global(tree, object.callable, "multiarray", "_reconstruct")) {
        return ArrayReader(tree, name, source).reconstructed(object);
    }
    if (is_numpy_global(tree, object.callable, "numeric", "_frombuffer")) {
        return ArrayReader(tree, name, source).from_buffer(object);
    }
    return std::nullopt;
}

}  // namespace embedmask::foreign
