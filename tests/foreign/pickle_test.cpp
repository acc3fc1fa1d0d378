#include "foreign/pickle.h"

#include <gtest/gtest.h>

#include "embedmask/error.h"
#include "hostile.h"

namespace embedmask {
namespace {

using namespace std::string_literals;
using pickle::Tree;
using testing::bytes_of;
using testing::global_op;
using testing::number;
using testing::text_op;
using Kind = pickle::Value::Kind;

const std::string kProto = "\x80\x02";

const testing::Refusals kPickles(
    [](const std::string& text) { pickle::parse(bytes_of(text), "w.pkl"); }, "w.pkl: byte ");

TEST(Pickle, ReadsEveryKindOfValue) {
    const std::string scalars = "N\x88\x89K\x07M\x01\x02J\xfe\xff\xff\xff\x8a" + number(0, 1) +
                                "\x8a\x01\xff\x8a\x0a\x01\x02\x03\x04\x05\x06\x07\x08\x09\x7f" +
                                "G\x3f\xf8" + number(0, 6);
    const std::string texts =
        "U\x01"
        "aT" +
        number(1, 4) + "bX" + number(1, 4) +
        "c\x8c\x01"
        "d";
    const std::string blobs =
        "C\x01"
        "eB" +
        number(1, 4) + "f\x8e" + number(1, 8) + "g\x96" + number(1, 8) + "h";
    const std::string containers =
        ")](K\x01K\x02"
        "e}K\x01K\x02s";
    const std::vector<std::byte> bytes =
        bytes_of("\x80\x04\x95" + number(0, 8) + "(" + scalars + texts + blobs + containers + "t.");
    const Tree tree = pickle::parse(bytes, "w.pkl");
    EXPECT_EQ(tree.end, bytes.size());
    const auto& items = tree[tree.root].items;
    ASSERT_EQ(items.size(), 21U);
    EXPECT_EQ(tree[items[0]].kind, Kind::none);
    EXPECT_EQ(tree[items[1]].integer, 1);
    EXPECT_EQ(tree[items[2]].kind, Kind::boolean);
    EXPECT_EQ(tree[items[3]].integer, 7);
    EXPECT_EQ(tree[items[4]].integer, 0x201);
    EXPECT_EQ(tree[items[5]].integer, -2);
    EXPECT_EQ(tree[items[6]].integer, 0);
    EXPECT_EQ(tree[items[7]].integer, -1);
    EXPECT_EQ(tree[items[8]].kind, Kind::big_integer);
    EXPECT_EQ(tree[items[9]].real, 1.5);
    for (std::size_t i = 0; i < 8; ++i) {
        EXPECT_EQ(tree[items[10 + i]].text, std::string(1, static_cast<char>('a' + i)));
        EXPECT_EQ(tree[items[10 + i]].kind, i < 4 ? Kind::text : Kind::bytes);
    }
    EXPECT_EQ(tree[items[18]].kind, Kind::tuple);
    EXPECT_EQ(tree[items[19]].items.size(), 2U);
    EXPECT_EQ(tree.entries(items[20]).size(), 1U);
}

TEST(Pickle, OrderedDictsOfBothPythons) {
    const std::string type = global_op("collections", "OrderedDict");
    const std::string pair = "](" + text_op("a") + "K\x05" + "e";
    // Python 2 calls OrderedDict([[a, 5]]); Python 3 calls OrderedDict() and then sets its items.
    for (const std::string& text : {kProto + type + "](" + pair + "e\x85R.",
                                    kProto + type + ")R" + text_op("a") + "K\x05s."}) {
        const auto bytes = bytes_of(text);
        const Tree tree = pickle::parse(bytes, "w.pkl");
        EXPECT_TRUE(tree.is_dict(tree.root));
        ASSERT_NE(tree.find(tree.root, "a"), pickle::kNone);
        EXPECT_EQ(tree[tree.find(tree.root, "a")].integer, 5);
        EXPECT_EQ(tree.find(tree.root, "b"), pickle::kNone);
    }
}

TEST(Pickle, CallsNothing) {
    const std::string command = text_op("echo hacked");
    for (const auto& [module, name] :
         {std::pair{"os", "system"}, std::pair{"posix", "system"}, std::pair{"builtins", "eval"},
          std::pair{"builtins", "getattr"}, std::pair{"__builtin__", "apply"},
          std::pair{"subprocess", "Popen"}, std::pair{"torch", "load"},
          std::pair{"torch.hub", "load"}, std::pair{"torch", "x.FloatStorage"},
          std::pair{"numpy", "load"}, std::pair{"torch.storage", "_load_from_bytes"}}) {
        const std::string wanted = "the Python name "s + module + "." + name;
        kPickles.expect(kProto + global_op(module, name) + command + "\x85R.", wanted);
        kPickles.expect(kProto + text_op(module) + text_op(name) + "\x93" + command + "\x85\x81.",
                        wanted);
    }
    kPickles.expect(kProto + "(" + command + "ios\nsystem\n.", "INST");
    kPickles.expect(kProto + "(" + global_op("torch", "Size") + command + "o.", "OBJ");
    kPickles.expect(kProto + "\x82\x01.", "EXT1");
    kPickles.expect(kProto + "\x83\x01\x01.", "EXT2");
    kPickles.expect(kProto + "\x84\x01\x01\x01\x01.", "EXT4");
    kPickles.expect(kProto + "\x92.", "NEWOBJ_EX");
    kPickles.expect("I1\n.", "text protocol 0");
    // A name reached through another value is no way round.
    kPickles.expect(kProto + command + ")R.", "a call of an unnamed object");
    kPickles.expect(kProto + "}" + command + "b.", "BUILD on something that is not an object");
    kPickles.expect(kProto + global_op("torch", "FloatStorage") + "}b.", "BUILD");
    kPickles.expect(kProto + global_op("torch", "Size") + "K\x01R.", "argument tuple");
    // What a file calls itself cannot disturb the terminal.
    EXPECT_EQ(kPickles.message_of(kProto + global_op("\x1b[2J", "x")).find('\x1b'),
              std::string::npos);
}

TEST(Pickle, RefusesWhatDoesNotFit) {
    kPickles.expect("", "1 bytes expected, but the file ends after 0");
    kPickles.expect(kProto + ".", "the stack is empty");
    kPickles.expect(kProto + "K\x01K\x02.", "values remain on the stack");
    kPickles.expect(kProto + "(K\x01.", "values remain on the stack");
    kPickles.expect(kProto + "K\x01(\x85.", "the stack is empty");
    kPickles.expect(kProto + "K\x01t.", "no MARK");
    kPickles.expect(kProto + "h\x05.", "memo 5 is empty");
    kPickles.expect(kProto + "]K\x01" + "a}K\x01" + "a.", "not a list");
    kPickles.expect(kProto + "]K\x01K\x02s.", "not a dict");
    kPickles.expect(kProto + "}(K\x01u.", "without a value");
    kPickles.expect(kProto + "\x93.", "the stack is empty");
    kPickles.expect(kProto + "NN\x93.", "STACK_GLOBAL needs two names");
    kPickles.expect("\x80\x06N.", "protocol 6");
    kPickles.expect(kProto + "\xff.", "opcode 0xff");
    kPickles.expect(kProto + "c" + std::string(5000, 'a') + "\n", "unterminated name");
    kPickles.expect(kProto + "\x95" + number(1000, 8) + "N.", "a frame extends beyond the end");
    for (const std::string& huge :
         {"X" + number(0xFFFFFFFF, 4), "T" + number(0x80000000, 4), "\x8e" + number(~0ULL, 8),
          "\x96" + number(1ULL << 62, 8), "B" + number(0x7FFFFFFF, 4)}) {
        kPickles.expect(kProto + huge, "bytes expected, but the file ends after 0");
    }
}

TEST(Pickle, RefusesBombs) {
    // A list inside a list, 1000 deep, and one that contains itself, by either kind of container.
    kPickles.expect(kProto + std::string(1000, ']') + std::string(999, 'a') + ".",
                    "nested more than 100");
    std::string tuples = kProto + "N";
    for (int i = 0; i < 200000; ++i) {
        tuples += '\x85';
    }
    kPickles.expect(tuples + ".", "nested more than 100");
    kPickles.expect(kProto + "]q" + number(0, 1) + "h" + number(0, 1) + "a.", "contains itself");
    kPickles.expect(kProto + "}q" + number(0, 1) + "K\x01h" + number(0, 1) + "s.",
                    "contains itself");
    kPickles.expect(kProto + global_op("collections", "OrderedDict") + ")Rq" + number(0, 1) + "h" +
                        number(0, 1) + "b.",
                    "contains itself");
    kPickles.expect(kProto + std::string(1'100'000, 'N') + ".", "more than 1000000 values");
    kPickles.expect(kProto + std::string(11'000'000, '('), "more than 10000000 operations");
    // Ten lists of ten references each: 10^10 values for who expands them, 12 for us.
    std::string laughs = "]q" + number(0, 1);
    for (int i = 0; i < 10; ++i) {
        laughs += "](";
        for (int k = 0; k < 10; ++k) {
            laughs += "h" + number(static_cast<std::uint64_t>(i), 1);
        }
        laughs += "eq" + number(static_cast<std::uint64_t>(i) + 1, 1);
    }
    const auto bytes = bytes_of(kProto + "(" + laughs + "t.");
    EXPECT_LT(pickle::parse(bytes, "w.pkl").values.size(), 20U);
}

TEST(Pickle, TruncatedAnywhereIsAnError) {
    const std::string text = testing::TensorPickle{}.text();
    EXPECT_EQ(kPickles.message_of(text), "no error");
    for (std::size_t size = 0; size < text.size(); ++size) {
        EXPECT_NE(kPickles.message_of(text.substr(0, size)), "no error") << size;
    }
}

}  // namespace
}  // namespace embedmask
