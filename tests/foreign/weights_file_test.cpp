#include "foreign/weights_file.h"

#include <gtest/gtest.h>

#include "base/file.h"
#include "embedmask/error.h"
#include "foreign/untrusted.h"
#include "hostile.h"
#include "test_data.h"

namespace embedmask {
namespace {

using namespace std::string_literals;
using nlohmann::json;
using testing::bytes_of;
using testing::data_path;
using testing::global_op;
using testing::number;
using testing::TensorPickle;
using testing::text_op;
using testing::torch_zip;
using testing::tuple_op;

// The elements of any type as doubles.
std::vector<double> values_of(const Tensor& tensor) {
    std::vector<double> values;
    const std::size_t element = size_of(tensor.dtype);
    if (tensor.dtype == DType::i64 || tensor.dtype == DType::boolean) {
        for (std::size_t at = 0; at < tensor.bytes.size(); at += element) {
            values.push_back(
                static_cast<double>(foreign::little_endian(tensor.bytes, at, element)));
        }
        return values;
    }
    const std::vector<float> floats = to_floats(tensor);
    return {floats.begin(), floats.end()};
}

void expect_equal(const Tensor& tensor, const json& expected, const std::string& name) {
    EXPECT_EQ(tensor.shape, expected["shape"].get<std::vector<std::int64_t>>()) << name;
    std::vector<double> values;
    for (const json& value : expected["values"]) {
        values.push_back(value.is_boolean() ? static_cast<double>(value.get<bool>())
                                            : value.get<double>());
    }
    EXPECT_EQ(values_of(tensor), values) << name;
}

ForeignWeights parse(const std::string& text) {
    const auto bytes = std::make_shared<const std::vector<std::byte>>(bytes_of(text));
    return foreign::parse_foreign_weights(*bytes, "w.pth", bytes);
}

const testing::Refusals kFiles([](const std::string& text) { (void)parse(text); }, "w.pth");

std::string file_text(const std::string& name) {
    const auto bytes = detail::read_file(data_path("weights/" + name));
    return {bytes.begin(), bytes.end()};
}

// Golden files.

TEST(ForeignFile, TorchFilesOfBothContainers) {
    const json golden = testing::golden("containers");
    for (const char* name : {"ckpt_zip.pth", "ckpt_legacy.pth", "state_dict_legacy.pth"}) {
        const ForeignWeights weights = read_foreign_weights(data_path("weights"s + "/" + name));
        const bool checkpoint = std::string(name).starts_with("ckpt");
        EXPECT_EQ(weights.file, name);
        EXPECT_EQ(weights.metadata.contains("iteration"), checkpoint);
        EXPECT_EQ(weights.tensors.size(), golden["model"].size());
        for (const auto& [key, expected] : golden["model"].items()) {
            const std::string bare = checkpoint ? key : key.substr(std::string("module.").size());
            ASSERT_TRUE(weights.tensors.contains(bare)) << name << " " << bare;
            expect_equal(weights.tensors.at(bare), expected, bare);
        }
        EXPECT_TRUE(!checkpoint || weights.metadata.at("iteration") == "5");
    }
}

TEST(ForeignFile, PicklesOfPython2WithAndWithoutBlobs) {
    const json golden = testing::golden("containers");
    for (const char* name : {"c2_tiny.pkl", "c2_tiny_blobs.pkl"}) {
        const ForeignWeights weights = read_foreign_weights(data_path("weights"s + "/" + name));
        for (const auto& [key, expected] : golden["c2"].items()) {
            ASSERT_TRUE(weights.tensors.contains(key)) << name << " " << key;
            expect_equal(weights.tensors.at(key), expected, key);
        }
        EXPECT_EQ(weights.tensors.size(), golden["c2"].size());
    }
}

// Every prefix of a file is an error, or the whole of it when only the archive's end was lost.
TEST(ForeignFile, TruncatedAtEveryByteIsAnError) {
    for (const char* name : {"ckpt_zip.pth", "ckpt_legacy.pth", "state_dict_legacy.pth",
                             "c2_tiny.pkl", "c2_tiny_blobs.pkl"}) {
        const std::string text = file_text(name);
        for (std::size_t size = 0; size < text.size(); ++size) {
            ASSERT_NE(kFiles.message_of(text.substr(0, size)), "no error") << name << " " << size;
        }
    }
}

// A byte changed anywhere either does no harm or is an error; never a crash.
TEST(ForeignFile, AnyChangedByteIsHarmless) {
    for (const char* name : {"ckpt_zip.pth", "state_dict_legacy.pth", "c2_tiny.pkl"}) {
        const std::string text = file_text(name);
        for (std::size_t at = 0; at < text.size(); ++at) {
            for (const int change : {1, 0x80, 0xFF}) {
                std::string changed = text;
                changed[at] = static_cast<char>(changed[at] ^ change);
                (void)kFiles.message_of(changed);
            }
        }
    }
}

// Containers.

TEST(ForeignFile, SaysWhatIsNoFileOfWeights) {
    kFiles.expect("", "begins with nothing");
    kFiles.expect("\x89PNG\r\n",
                  "begins with 89 50 4e 47 0d 0a, which is not a known weight format");
    kFiles.expect("\x80\x02]."s, "expected a dict of named tensors");
    kFiles.expect("\x80\x02}."s, "contains no named tensors");
    kFiles.expect("\x80\x02}" + text_op("bad\nname") + "K\x01s.", "is not a valid tensor name");
    kFiles.expect(testing::zip_of({{"word/document.xml", "x"}}), "without NAME/data.pkl");
    const std::string pickle = TensorPickle{}.text();
    const std::string data(16, 'x');
    kFiles.expect(
        testing::zip_of({{"a/data.pkl", pickle}, {"a/data/0", data}, {"a/constants.pkl", "x"}}),
        "TorchScript");
    kFiles.expect(
        testing::zip_of({{"a/data.pkl", pickle}, {"a/data/0", data}, {"a/byteorder", "big"}}),
        "big-endian");
    EXPECT_EQ(kFiles.message_of(torch_zip(pickle, data)), "no error");
}

TEST(ForeignFile, LegacyHeadersAndStoragesAreChecked) {
    const std::string magic = "\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.";
    const std::string protocol = "\x80\x02M\xe9\x03.";
    const std::string system = "\x80\x02}" + text_op("little_endian") + "\x88s.";
    const std::string keys = "\x80\x02]" + text_op("0") + "a.";
    const std::string data = number(4, 8) + std::string(16, 'x');
    const auto file = [&](const std::string& pickle) {
        return magic + protocol + system + pickle + keys;
    };
    EXPECT_EQ(kFiles.message_of(file(TensorPickle{}.text()) + data), "no error");
    kFiles.expect(magic + "\x80\x02M\xe8\x03.", "torch protocol 1000, expected 1001");
    kFiles.expect(magic + protocol + "\x80\x02}" + text_op("little_endian") + "\x89s.",
                  "big-endian");
    kFiles.expect(file(TensorPickle{}.text()), "storage 0 needs 4 elements");
    kFiles.expect(file(TensorPickle{}.text()) + number(5, 8) + std::string(20, 'x'), "declares 5");
    kFiles.expect(file(TensorPickle{}.text()) + data.substr(0, 20), "needs 4 elements");
    TensorPickle huge;
    huge.count = 1LL << 61;
    kFiles.expect(file(huge.text()) + number(1ULL << 61, 8), "needs 2305843009213693952");
    kFiles.expect(magic + protocol + system + TensorPickle{}.text() + "\x80\x02]" + text_op("9") +
                      "a." + data,
                  "storage 9 belongs to no tensor");
    TensorPickle view;
    view.view = tuple_op({text_op("1"), "K\x01", "K\x01"});
    kFiles.expect(file(view.text()) + data, "views of another storage");
    view.view = "N";
    EXPECT_EQ(kFiles.message_of(file(view.text()) + data), "no error");
}

// Tensors.

TEST(ForeignFile, TensorsStayWithinTheirStorage) {
    const std::string data(16, 'x');
    const auto refused = [&](const TensorPickle& tensor, const std::string& message) {
        kFiles.expect(torch_zip(tensor.text(), data), message);
    };
    TensorPickle tensor;
    tensor.offset = 1;
    refused(tensor, "extends beyond its storage of 4 elements");
    tensor = {};
    tensor.offset = -1;
    refused(tensor, "a negative number");
    tensor = {};
    tensor.strides = {2};
    refused(tensor, "extends beyond its storage");
    tensor = {};
    tensor.shape = {5};
    refused(tensor, "more elements than its storage, which has 4");
    tensor = {};
    tensor.shape = {1LL << 40, 1LL << 40};
    tensor.strides = {0, 0};
    refused(tensor, "more elements than its storage");
    tensor = {};
    tensor.shape = {2, 2};
    tensor.strides = {(1LL << 62), 1};
    refused(tensor, "extends beyond its storage");
    tensor.strides = {1};
    refused(tensor, "one stride per dimension");
    tensor = {};
    tensor.shape = {-4};
    refused(tensor, "a negative number");
    tensor = {};
    tensor.count = 5;
    refused(tensor, "has 16 bytes, expected 5 elements of 4 bytes");
    tensor.count = -1;
    refused(tensor, "expected (\"storage\", class, key, device, count)");
    tensor = {};
    tensor.storage = "QInt8Storage";
    refused(tensor, "unknown element class QInt8Storage");
    tensor.storage = "ComplexFloatStorage";
    tensor.count = 2;
    tensor.shape = {2};
    refused(tensor, "elements of ComplexFloatStorage are not supported");
    kFiles.expect(testing::zip_of({{"a/data.pkl", TensorPickle{}.text()}}), "is not in the file");
}

// One storage may back many views, but not more copies than a file of that size is good for.
TEST(ForeignFile, CopiesOfViewsAreBounded) {
    TensorPickle tensor;
    tensor.count = 10000;
    tensor.shape = {100, 100};
    tensor.strides = {1, 100};
    std::string one = tensor.text();
    one = one.substr(3, one.size() - 4);  // the item alone
    const std::string data(40000, 'x');
    EXPECT_EQ(kFiles.message_of(torch_zip("\x80\x02}" + one + ".", data)), "no error");
    std::string many;
    for (int i = 0; i < 50; ++i) {
        many += "X" + number(2, 4) + static_cast<char>('a' + i / 26) +
                static_cast<char>('a' + i % 26) + one.substr(text_op("w").size());
    }
    kFiles.expect(torch_zip("\x80\x02}" + many + ".", data), "exceed what the file can hold");
}

TEST(ForeignFile, ElementTypesOfTorch) {
    struct Case {
        const char* storage;
        DType dtype;
    };
    for (const auto& [storage, dtype] :
         {Case{"DoubleStorage", DType::f64}, Case{"HalfStorage", DType::f16},
          Case{"BFloat16Storage", DType::bf16}, Case{"IntStorage", DType::i32},
          Case{"ShortStorage", DType::i16}, Case{"CharStorage", DType::i8},
          Case{"ByteStorage", DType::u8}, Case{"BoolStorage", DType::boolean}}) {
        TensorPickle tensor;
        tensor.storage = storage;
        const std::string data(4 * size_of(dtype), 'x');
        EXPECT_EQ(parse(torch_zip(tensor.text(), data)).tensors.at("w").dtype, dtype) << storage;
    }
    // A parameter of a module, and an untyped storage with the element type beside it.
    const std::string id =
        tuple_op({text_op("storage"), global_op("torch.storage", "UntypedStorage"), text_op("0"),
                  text_op("cpu"), "K\x08"});
    const std::string rebuilt =
        global_op("torch._utils", "_rebuild_tensor_v3") +
        tuple_op({id + "Q", "K\x01", testing::ints_op({3}), testing::ints_op({1}), "\x89", "}",
                  global_op("torch", "bfloat16")}) +
        "R";
    const std::string parameter =
        global_op("torch._utils", "_rebuild_parameter") + tuple_op({rebuilt, "\x88", "}"}) + "R";
    const auto weights = parse(torch_zip("\x80\x02}" + text_op("w") + parameter + "s.",
                                         number(0x40003F80'0000ULL << 16, 8)));
    EXPECT_EQ(weights.tensors.at("w").dtype, DType::bf16);
    EXPECT_EQ(to_floats(weights.tensors.at("w")), (std::vector<float>{0, 1, 2}));
}

// numpy.

std::string numpy_pickle(const std::string& dtype, const std::string& order,
                         const std::vector<std::int64_t>& shape, bool fortran,
                         const std::string& contents) {
    const std::string core = "numpy.core.multiarray";
    const std::string type = global_op("numpy", "dtype") +
                             tuple_op({text_op(dtype), "\x89", "\x88"}) + "R" +
                             tuple_op({"K\x03", text_op(order), "N", "N", "N"}) + "b";
    const std::string array =
        global_op(core, "_reconstruct") +
        tuple_op({global_op("numpy", "ndarray"), "K" + number(0, 1) + "\x85",
                  "C\x01"
                  "b"}) +
        "R" +
        tuple_op({"K\x01", testing::ints_op(shape), type, fortran ? "\x88" : "\x89", contents}) +
        "b";
    return "\x80\x03}" + text_op("w") + array + "s.";
}

std::string blob(const std::string& bytes) {
    return "B" + number(bytes.size(), 4) + bytes;
}

TEST(ForeignFile, NumpyArraysOfEveryLayout) {
    const std::string data = number(0x3F800000, 4) + number(0x40000000, 4) + number(0x40400000, 4) +
                             number(0x40800000, 4);
    using Floats = std::vector<float>;
    const auto floats = [](const std::string& text) {
        return to_floats(parse(text).tensors.at("w"));
    };
    EXPECT_EQ(floats(numpy_pickle("f4", "<", {2, 2}, false, blob(data))), (Floats{1, 2, 3, 4}));
    EXPECT_EQ(floats(numpy_pickle("f4", "<", {2, 2}, true, blob(data))), (Floats{1, 3, 2, 4}));
    std::string swapped = data;
    for (std::size_t i = 0; i < swapped.size(); i += 4) {
        std::reverse(swapped.begin() + static_cast<long>(i),
                     swapped.begin() + static_cast<long>(i) + 4);
    }
    EXPECT_EQ(floats(numpy_pickle("f4", ">", {4}, false, blob(swapped))), (Floats{1, 2, 3, 4}));
    // Protocol 2 of Python 3 writes bytes as text: 0x80 and 0xBF become two bytes of UTF-8.
    const std::string latin1 =
        global_op("_codecs", "encode") +
        tuple_op({text_op(std::string(2, '\0') + "\xc2\x80\xc2\xbf"), text_op("latin1")}) + "R";
    EXPECT_EQ(floats(numpy_pickle("f4", "<", {1}, false, latin1)), (Floats{-1}));
    kFiles.expect(numpy_pickle("f4", "<", {3}, false, blob(data)),
                  "needs 12 bytes, but the array has 16");
    kFiles.expect(numpy_pickle("f4", "<", {5}, false, blob(data)), "more elements");
    kFiles.expect(numpy_pickle("O8", "|", {2}, false, blob(data)), "element type O8");
    kFiles.expect(numpy_pickle("f4", "<", {4}, false, "N"), "not bytes");
    kFiles.expect(numpy_pickle("f4", "<", {1LL << 62, 1LL << 62, 0}, false, blob("")),
                  "more elements");
    const std::string other =
        global_op("_codecs", "encode") + tuple_op({text_op("xxxx"), text_op("rot13")}) + "R";
    kFiles.expect(numpy_pickle("f4", "<", {1}, false, other), "encoding other than latin1");
}

}  // namespace
}  // namespace embedmask
