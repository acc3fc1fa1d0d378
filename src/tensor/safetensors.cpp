#include "tensor/safetensors.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <nlohmann/json.hpp>
#include <optional>

#include "base/atomic_file.h"
#include "base/file.h"
#include "base/look_alike.h"
#include "embedmask/error.h"

namespace embedmask::detail {
namespace {

using nlohmann::json;

constexpr std::uint64_t kMaxHeaderBytes = 100'000'000;
constexpr std::size_t kMaxTensors = 100'000;
constexpr std::size_t kPrefixBytes = 8;
const char* const kRewrite =
    "the file is damaged or was not written by a safetensors writer; "
    "copy or convert it again";

std::optional<DType> dtype_of(std::string_view name) {
    static constexpr std::array all = {DType::f64, DType::f32,    DType::f16, DType::bf16,
                                       DType::i64, DType::i32,    DType::i16, DType::i8,
                                       DType::u8,  DType::boolean};
    for (const DType dtype : all) {
        if (dtype_name(dtype) == name) {
            return dtype;
        }
    }
    return std::nullopt;
}

// Detects file types commonly passed by mistake; nullptr if it is none of these.
const char* other_format(std::span<const std::byte> bytes) {
    switch (std::to_integer<unsigned>(bytes[0])) {
        case '{':
        case '[':
            return "JSON";
        case 0xFF:
            return "a JPEG image";
        case 0x89:
            return "a PNG image";
        default:
            return nullptr;
    }
}

struct Range {
    std::uint64_t begin = 0;
    std::uint64_t end = 0;
    std::string name;
};

// Parses one entry of the header; every number is checked before use.
class EntryParser {
public:
    EntryParser(const std::string& file, const std::string& tensor, const json& entry,
                std::uint64_t data_size)
        : file_(file), tensor_(tensor), entry_(entry), data_size_(data_size) {}

    Tensor parse(Range* range) const {
        if (!entry_.is_object()) {
            fail("the entry is not an object");
        }
        Tensor tensor;
        const json& dtype = member("dtype");
        if (!dtype.is_string()) {
            fail("dtype is not a string");
        }
        const auto known = dtype_of(dtype.get_ref<const std::string&>());
        if (!known) {
            fail(fmt::format(
                "unknown dtype \"{}\", expected one of F64 F32 F16 BF16 I64 I32 I16 I8 U8 BOOL",
                dtype.get_ref<const std::string&>()));
        }
        tensor.dtype = *known;
        const std::uint64_t bytes = parse_shape(&tensor.shape) * size_of(tensor.dtype);
        const json& offsets = member("data_offsets");
        if (!offsets.is_array() || offsets.size() != 2 || !offsets[0].is_number_unsigned() ||
            !offsets[1].is_number_unsigned()) {
            fail("data_offsets is not a pair of integers");
        }
        *range = {offsets[0].get<std::uint64_t>(), offsets[1].get<std::uint64_t>(), tensor_};
        if (range->begin > range->end || range->end > data_size_) {
            fail(fmt::format("data_offsets [{}, {}] exceed the {} bytes of data", range->begin,
                             range->end, data_size_));
        }
        if (range->end - range->begin != bytes) {
            fail(fmt::format("shape {} needs {} bytes, data_offsets give {}",
                             shape_text(tensor.shape), bytes, range->end - range->begin));
        }
        return tensor;
    }

private:
    [[noreturn]] void fail(const std::string& problem) const {
        throw Error(fmt::format("{}: tensor \"{}\": {}", file_, tensor_, problem), kRewrite);
    }

    const json& member(const char* key) const {
        const auto found = entry_.find(key);
        if (found == entry_.end()) {
            fail(fmt::format("\"{}\" is missing", key));
        }
        return *found;
    }

    // Returns the number of elements, which is at most the number of bytes in the file.
    std::uint64_t parse_shape(std::vector<std::int64_t>* shape) const {
        const json& dims = member("shape");
        if (!dims.is_array() || dims.size() > 16) {
            fail("shape is not a list of up to 16 numbers");
        }
        std::uint64_t count = 1;
        bool empty = false;
        for (const json& dim : dims) {
            if (!dim.is_number_unsigned()) {
                fail("shape has an element that is not an integer");
            }
            const auto value = dim.get<std::uint64_t>();
            if (value > (1ULL << 40)) {
                fail(fmt::format("shape has an implausible dimension {}", value));
            }
            shape->push_back(static_cast<std::int64_t>(value));
            empty |= value == 0;
            if (!empty && value > (data_size_ + 1) / count + 1) {
                fail(fmt::format("shape {} is larger than the file", dims.dump()));
            }
            count = empty ? 0 : count * value;
        }
        return count;
    }

    const std::string& file_;
    const std::string& tensor_;
    const json& entry_;
    std::uint64_t data_size_;
};

void check_coverage(std::vector<Range> ranges, std::uint64_t data_size, const std::string& name) {
    std::sort(ranges.begin(), ranges.end(), [](const Range& a, const Range& b) {
        return std::tie(a.begin, a.end) < std::tie(b.begin, b.end);
    });
    std::uint64_t position = 0;
    for (const Range& range : ranges) {
        if (range.begin != position) {
            throw Error(
                fmt::format(
                    "{}: tensor \"{}\" {} (data at {}, expected at {})", name, range.name,
                    range.begin < position ? "overlaps another tensor" : "leaves a gap before it",
                    range.begin, position),
                kRewrite);
        }
        position = range.end;
    }
    if (position != data_size) {
        throw Error(fmt::format("{}: {} bytes of data, but the header describes {}", name,
                                data_size, position),
                    kRewrite);
    }
}

json parse_header(std::string_view text, const std::string& name) {
    json header;
    try {
        header = json::parse(text);
    } catch (const json::parse_error& error) {
        throw Error(fmt::format("{}: the header is not valid JSON (byte {})", name,
                                kPrefixBytes + error.byte),
                    kRewrite);
    } catch (const json::exception&) {  // a number that does not fit into any type
        throw Error(name + ": the header is not valid JSON", kRewrite);
    }
    if (!header.is_object()) {
        throw Error(name + ": the header is not a JSON object", kRewrite);
    }
    if (header.size() > kMaxTensors) {
        throw Error(
            fmt::format("{}: {} tensors, the limit is {}", name, header.size(), kMaxTensors));
    }
    return header;
}

}  // namespace

Safetensors parse_safetensors(std::span<const std::byte> bytes, const std::string& name,
                              const std::shared_ptr<const void>& owner) {
    reject_look_alikes({reinterpret_cast<const char*>(bytes.data()), bytes.size()}, name,
                       "a safetensors file");
    if (bytes.size() < kPrefixBytes) {
        throw Error(
            fmt::format("{}: {} bytes, too short for a safetensors file", name, bytes.size()),
            kRewrite);
    }
    std::uint64_t header_size = 0;
    for (std::size_t i = kPrefixBytes; i-- > 0;) {
        header_size = (header_size << 8) | std::to_integer<std::uint64_t>(bytes[i]);
    }
    if (header_size > kMaxHeaderBytes || header_size > bytes.size() - kPrefixBytes) {
        if (const char* other = other_format(bytes)) {
            throw Error(fmt::format("{}: not a safetensors file: it looks like {}", name, other),
                        "pass a model file or weights in safetensors format");
        }
        throw Error(fmt::format("{}: not a safetensors file, or truncated: the header length is {} "
                                "bytes, the file has {} bytes (header limit: {})",
                                name, header_size, bytes.size(), kMaxHeaderBytes),
                    kRewrite);
    }
    const std::string_view text(reinterpret_cast<const char*>(bytes.data()) + kPrefixBytes,
                                static_cast<std::size_t>(header_size));
    if (!text.starts_with('{')) {
        throw Error(name + ": not a safetensors file: the header does not begin with {", kRewrite);
    }
    const json header = parse_header(text, name);
    const std::span<const std::byte> data = bytes.subspan(kPrefixBytes + text.size());

    Safetensors contents;
    std::vector<Range> ranges;
    for (const auto& [key, entry] : header.items()) {
        if (key == "__metadata__") {
            if (!entry.is_object()) {
                throw Error(name + ": __metadata__ is not an object", kRewrite);
            }
            for (const auto& [meta_key, value] : entry.items()) {
                if (!value.is_string()) {
                    throw Error(fmt::format("{}: __metadata__.{} is not a string", name, meta_key),
                                kRewrite);
                }
                contents.metadata[meta_key] = value.get<std::string>();
            }
            continue;
        }
        Range range;
        Tensor tensor = EntryParser(name, key, entry, data.size()).parse(&range);
        tensor.bytes = data.subspan(range.begin, range.end - range.begin);
        tensor.owner = owner;
        contents.tensors.emplace(key, std::move(tensor));
        ranges.push_back(std::move(range));
    }
    check_coverage(std::move(ranges), data.size(), name);
    return contents;
}

Safetensors read_safetensors(const std::filesystem::path& path) {
    const auto file = std::make_shared<const MappedFile>(path);
    return parse_safetensors(file->bytes(), path.string(), file);
}

void write_safetensors(const std::filesystem::path& path, const Safetensors& contents) {
    std::vector<const Weights::value_type*> order;
    for (const auto& entry : contents.tensors) {
        order.push_back(&entry);
    }
    std::stable_sort(order.begin(), order.end(), [](const auto* a, const auto* b) {
        return size_of(a->second.dtype) > size_of(b->second.dtype);
    });
    json header = json::object();
    if (!contents.metadata.empty()) {
        header["__metadata__"] = contents.metadata;
    }
    std::uint64_t offset = 0;
    for (const auto* entry : order) {
        const Tensor& tensor = entry->second;
        header[entry->first] = {{"dtype", dtype_name(tensor.dtype)},
                                {"shape", tensor.shape},
                                {"data_offsets", {offset, offset + tensor.bytes.size()}}};
        offset += tensor.bytes.size();
    }
    std::string text = header.dump();
    text.append((8 - text.size() % 8) % 8, ' ');

    AtomicFile file(path);
    std::string prefix(kPrefixBytes, '\0');
    for (std::size_t i = 0; i < kPrefixBytes; ++i) {
        prefix[i] = static_cast<char>((text.size() >> (8 * i)) & 0xFF);
    }
    file.write(prefix);
    file.write(text);
    for (const auto* entry : order) {
        const auto& bytes = entry->second.bytes;
        file.write({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
    }
    file.commit();
}

}  // namespace embedmask::detail
