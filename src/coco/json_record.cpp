#include "coco/json_record.h"

#include <fmt/format.h>

#include <cmath>
#include <exception>
#include <limits>
#include <utility>

#include "base/parallel.h"
#include "embedmask/error.h"

namespace embedmask::detail {

namespace {

using simdjson::dom::element;
using simdjson::dom::element_type;

constexpr std::size_t kBlock = 1024;  // elements per work item of a thread
constexpr double kMaxExactInteger = 9007199254740992.0;

std::string_view kind(const element& value) {
    switch (value.type()) {
        case element_type::ARRAY:
            return "a list";
        case element_type::OBJECT:
            return "an object";
        case element_type::STRING:
            return "a string";
        case element_type::BOOL:
            return "true or false";
        case element_type::NULL_VALUE:
            return "null";
        case element_type::DOUBLE:
            return "a fraction";
        default:
            return "an integer";
    }
}

bool get_number(const element& value, double& number) {
    return (value.is_double() || value.is_int64() || value.is_uint64()) &&
           value.get(number) == simdjson::SUCCESS && std::isfinite(number);
}

bool get_integer(const element& value, std::int64_t& integer) {
    if (value.get(integer) == simdjson::SUCCESS) {
        return true;
    }
    double number = 0;
    if (!value.is_double() || !get_number(value, number)) {
        return false;
    }
    if (number != std::floor(number) || std::abs(number) > kMaxExactInteger) {
        return false;
    }
    integer = static_cast<std::int64_t>(number);
    return true;
}

std::vector<double> read_ring(const JsonField& field, const element& value) {
    simdjson::dom::array numbers;
    if (value.get(numbers) != simdjson::SUCCESS) {
        field.fail("a list of rings, each a list of numbers x0, y0, x1, y1, ...");
    }
    std::vector<double> ring;
    ring.reserve(numbers.size());
    for (const element number : numbers) {
        double coordinate = 0;
        if (!get_number(number, coordinate)) {
            field.fail("finite numbers in each ring");
        }
        ring.push_back(coordinate);
    }
    return ring;
}

Rle read_counts(const JsonField& field, simdjson::dom::object value) {
    simdjson::dom::array size;
    element counts;
    if (value["size"].get(size) != simdjson::SUCCESS || size.size() != 2) {
        field.fail("\"size\": [height, width]");
    }
    if (value["counts"].get(counts) != simdjson::SUCCESS) {
        field.fail("the key \"counts\"");
    }
    const int height = JsonField{field.place, "segmentation.size", size.at(0).value()}.size();
    const int width = JsonField{field.place, "segmentation.size", size.at(1).value()}.size();
    try {
        if (counts.is_string()) {
            return decompress(counts.get_string().value_unsafe(), height, width);
        }
        Rle rle{height, width, {}};
        simdjson::dom::array runs;
        if (counts.get(runs) != simdjson::SUCCESS) {
            field.fail("\"counts\" as a string or a list of run lengths");
        }
        rle.counts.reserve(runs.size());
        for (const element run : runs) {
            std::int64_t length = 0;
            if (!get_integer(run, length) || length < 0 ||
                length > std::numeric_limits<std::uint32_t>::max()) {
                field.fail("run lengths from 0 to 2^32 - 1");
            }
            rle.counts.push_back(static_cast<std::uint32_t>(length));
        }
        validate(rle);
        return rle;
    } catch (const BrokenRecord&) {
        throw;
    } catch (const Error& error) {
        field.place.fail(field.key, error.what());
    }
}

/// Parses elements sequentially, reusing its buffers.
class ElementParser {
public:
    explicit ElementParser(std::string_view json) : json_(json) {}

    simdjson::dom::object parse(JsonSlice slice, const JsonPlace& place) {
        element value;
        const std::string_view text = json_.substr(slice.begin, slice.end - slice.begin);
        auto result = slice.end + simdjson::SIMDJSON_PADDING <= json_.size()
                          ? parser_.parse(text.data(), text.size(), false)
                          : parser_.parse(text.data(), text.size(), true);
        const simdjson::error_code code = result.get(value);
        if (code != simdjson::SUCCESS) {
            std::string what = fmt::format("malformed JSON: {}", simdjson::error_message(code));
            if (text.find("NaN") != text.npos || text.find("Infinity") != text.npos) {
                what = "found NaN or Infinity, which JSON does not have: expected finite numbers";
            }
            place.fail({}, what);
        }
        simdjson::dom::object object;
        if (value.get(object) != simdjson::SUCCESS) {
            place.fail({}, fmt::format("found {}: expected an object", kind(value)));
        }
        return object;
    }

private:
    std::string_view json_;
    simdjson::dom::parser parser_;
};

}  // namespace

void JsonPlace::fail(std::string_view key, const std::string& what) const {
    throw BrokenRecord(fmt::format("{}, {}[{}], byte {}{}{}: {}", source,
                                   list.empty() ? "record " : list, index, byte,
                                   key.empty() ? "" : ", key ", key, what));
}

void JsonField::fail(std::string_view expected) const {
    place.fail(key, fmt::format("found {}: expected {}", kind(value), expected));
}

std::int64_t JsonField::integer() const {
    std::int64_t result = 0;
    if (!get_integer(value, result)) {
        fail("a 64-bit integer");
    }
    return result;
}

int JsonField::size() const {
    const std::int64_t result = integer();
    if (result < 0 || result > std::numeric_limits<int>::max()) {
        place.fail(key, fmt::format("found {}: expected a number of pixels", result));
    }
    return static_cast<int>(result);
}

double JsonField::number() const {
    double result = 0;
    if (!get_number(value, result)) {
        fail("a finite number");
    }
    return result;
}

bool JsonField::flag() const {
    bool result = false;
    if (value.get(result) == simdjson::SUCCESS) {
        return result;
    }
    return integer() != 0;
}

std::string JsonField::text() const {
    std::string_view result;
    if (value.get(result) != simdjson::SUCCESS) {
        fail("a string");
    }
    return std::string(result);
}

bool JsonField::empty() const {
    simdjson::dom::array list;
    return value.is_null() || (value.get(list) == simdjson::SUCCESS && list.size() == 0);
}

CocoBox JsonField::box() const {
    std::array<double, 4> values{};
    simdjson::dom::array numbers;
    if (value.get(numbers) != simdjson::SUCCESS || numbers.size() != values.size()) {
        fail("[x, y, width, height]");
    }
    std::size_t i = 0;
    for (const element number : numbers) {
        if (!get_number(number, values.at(i++))) {
            fail("four finite numbers");
        }
    }
    return {values[0], values[1], values[2], values[3]};
}

Segmentation JsonField::segmentation() const {
    Segmentation result;
    if (empty()) {
        return result;
    }
    simdjson::dom::array rings;
    simdjson::dom::object object;
    if (value.get(rings) == simdjson::SUCCESS) {
        result.format = Segmentation::Format::polygons;
        result.polygons.reserve(rings.size());
        for (const element ring : rings) {
            result.polygons.push_back(read_ring(*this, ring));
        }
    } else if (value.get(object) == simdjson::SUCCESS) {
        result.format = Segmentation::Format::rle;
        result.rle = read_counts(*this, object);
    } else {
        fail("a list of rings or {\"size\", \"counts\"}");
    }
    return result;
}

void visit_records(std::string_view json, const std::string& source, std::string_view list,
                   const std::vector<JsonSlice>& elements, int threads, const JsonVisitor& visit) {
    const std::size_t blocks = (elements.size() + kBlock - 1) / kBlock;
    std::vector<std::exception_ptr> errors(blocks);
    parallel_for(blocks, threads > 0 ? threads : available_processors(), [&](std::size_t block) {
        try {
            ElementParser parser(json);
            const std::size_t end = std::min(elements.size(), (block + 1) * kBlock);
            for (std::size_t i = block * kBlock; i < end; ++i) {
                const JsonPlace place{source, list, i, elements[i].begin};
                visit(i, place, parser.parse(elements[i], place));
            }
        } catch (...) {
            errors[block] = std::current_exception();
        }
    });
    for (const std::exception_ptr& error : errors) {
        if (error) {
            std::rethrow_exception(error);
        }
    }
}

}  // namespace embedmask::detail
