#include "tensor/safetensors.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>

#include "base/file.h"
#include "embedmask/error.h"
#include "tensor/half.h"
#include "test_data.h"

namespace embedmask {
namespace {

// A file with the given header text and number of data bytes.
std::vector<std::byte> file_of(const std::string& header, std::size_t data,
                               std::uint64_t stated_length = 0) {
    std::vector<std::byte> bytes(8 + header.size() + data);
    const std::uint64_t length = stated_length == 0 ? header.size() : stated_length;
    std::memcpy(bytes.data(), &length, 8);
    std::memcpy(bytes.data() + 8, header.data(), header.size());
    return bytes;
}

std::string message_of(const std::vector<std::byte>& bytes) {
    try {
        detail::parse_safetensors(bytes, "m.safetensors", nullptr);
    } catch (const Error& error) {
        return error.what();
    }
    return "no error";
}

std::string entry(const std::string& dtype, const std::string& shape, const std::string& offsets) {
    return R"({"dtype":")" + dtype + R"(","shape":)" + shape + R"(,"data_offsets":)" + offsets +
           "}";
}

TEST(Safetensors, ReadsWhatItWrites) {
    const testing::TemporaryFolder folder;
    detail::Safetensors contents;
    contents.metadata["a"] = "b";
    contents.tensors["x"] = Tensor::of_floats({1, 2, 3, 4, 5, 6}, {2, 3});
    contents.tensors["half"] = with_dtype(Tensor::of_floats({0.5F, -2.25F}, {2}), DType::f16);
    contents.tensors["brain"] = with_dtype(Tensor::of_floats({0.5F, -2.25F}, {2}), DType::bf16);
    contents.tensors["empty"] = Tensor::of_floats({}, {0, 4});
    contents.tensors["scalar"] = Tensor::of_floats({7}, {});
    const auto path = folder.path() / "t.safetensors";
    detail::write_safetensors(path, contents);
    const detail::Safetensors read = detail::read_safetensors(path);
    EXPECT_EQ(read.metadata, contents.metadata);
    ASSERT_EQ(read.tensors.size(), contents.tensors.size());
    for (const auto& [name, tensor] : contents.tensors) {
        EXPECT_EQ(read.tensors.at(name).shape, tensor.shape) << name;
        EXPECT_EQ(to_floats(read.tensors.at(name)), to_floats(tensor)) << name;
    }
    const auto first = detail::read_file(path);
    detail::write_safetensors(path, read);
    EXPECT_EQ(detail::read_file(path), first) << "equal contents give equal files";
}

TEST(Safetensors, RefusesDamagedAndHostileFiles) {
    EXPECT_NE(message_of({}).find("too short"), std::string::npos);
    EXPECT_NE(message_of(file_of("{}", 0, 1ULL << 60)).find("truncated"), std::string::npos);
    EXPECT_NE(message_of(file_of("[]", 0)).find("does not begin with {"), std::string::npos);
    EXPECT_NE(message_of(file_of("{\"a\":", 0)).find("not valid JSON"), std::string::npos);
    EXPECT_NE(message_of(file_of("{\"a\":2E999}", 0)).find("not valid JSON"), std::string::npos);
    EXPECT_NE(message_of(file_of("{\"a\":1}", 0)).find("not an object"), std::string::npos);
    EXPECT_NE(message_of(file_of("{\"a\":" + entry("F8_E4", "[1]", "[0,1]") + "}", 1))
                  .find("unknown dtype \"F8_E4\""),
              std::string::npos);
    EXPECT_NE(message_of(file_of("{\"a\":" + entry("F32", "[2]", "[0,4]") + "}", 4))
                  .find("needs 8 bytes, data_offsets give 4"),
              std::string::npos);
    EXPECT_NE(message_of(file_of("{\"a\":" + entry("F32", "[1]", "[0,4]") +
                                     ",\"b\":" + entry("F32", "[1]", "[2,6]") + "}",
                                 6))
                  .find("overlaps"),
              std::string::npos);
    EXPECT_NE(message_of(file_of("{\"a\":" + entry("F32", "[1]", "[0,4]") +
                                     ",\"b\":" + entry("F32", "[1]", "[8,12]") + "}",
                                 12))
                  .find("gap"),
              std::string::npos);
    EXPECT_NE(message_of(file_of("{\"a\":" + entry("F32", "[1]", "[0,4]") + "}", 9))
                  .find("9 bytes of data"),
              std::string::npos);
    EXPECT_NE(
        message_of(file_of("{\"a\":" + entry("F32", "[1]", "[0,4]") + "}", 2)).find("exceed the"),
        std::string::npos);
    EXPECT_NE(
        message_of(file_of("{\"a\":" + entry("F32", "[4294967296,4294967296]", "[0,4]") + "}", 4))
            .find("larger than the file"),
        std::string::npos);
    EXPECT_NE(message_of(file_of("{\"a\":" + entry("F32", "[-1]", "[0,4]") + "}", 4))
                  .find("not an integer"),
              std::string::npos);
    EXPECT_NE(message_of(file_of(R"({"__metadata__":{"k":1}})", 0)).find("not a string"),
              std::string::npos);
}

TEST(Half, EveryHalfRoundTripsAndFloatsRoundToNearestEven) {
    for (std::uint32_t bits = 0; bits < 65536; ++bits) {
        const auto half = static_cast<std::uint16_t>(bits);
        float value = 0;
        detail::half_to_float({&half, 1}, &value);
        if (std::isnan(value)) {
            continue;
        }
        EXPECT_EQ(detail::float_to_half(value), half) << bits;
        std::vector<std::uint16_t> many(9, half);  // the vector path
        std::vector<float> values(9);
        detail::half_to_float(many, values.data());
        EXPECT_EQ(values[0], value);
    }
    EXPECT_EQ(detail::float_to_half(1 + std::ldexp(1.0F, -11)), 0x3C00) << "a tie goes to even";
    EXPECT_EQ(detail::float_to_half(1 + 3 * std::ldexp(1.0F, -11)), 0x3C02);
    EXPECT_EQ(detail::float_to_half(65520), 0x7C00);
    EXPECT_EQ(detail::float_to_half(65519), 0x7BFF);
    EXPECT_EQ(detail::bfloat16_to_float(detail::float_to_bfloat16(3.0F)), 3.0F);
    EXPECT_EQ(detail::float_to_bfloat16(1 + std::ldexp(1.0F, -8)), 0x3F80) << "a tie goes to even";
}

TEST(Finite, FindsNanAndInfinityInEveryFloatType) {
    for (const DType dtype : {DType::f32, DType::f16, DType::bf16}) {
        EXPECT_TRUE(is_finite(with_dtype(Tensor::of_floats({1, -1, 0, 1000}, {4}), dtype)));
        for (const float bad : {std::numeric_limits<float>::infinity(), std::nanf("")}) {
            EXPECT_FALSE(is_finite(with_dtype(Tensor::of_floats({1, bad, 0}, {3}), dtype)));
        }
    }
}

}  // namespace
}  // namespace embedmask
