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
using testing::int_op;
using testing::number;
using testing::text_op;
using Kind = pickle::Value::Kind;

const std::string kProto = "\x80\x02";

std::string message_of(const std::string& text) {
    try {
        pickle::parse(bytes_of(text), "w.pkl");
    } catch (const Error& error) {
        EXPECT_FALSE(error.fix().empty());
        return error.what();
    }
    return "no error";
}

void expect_refused(const std::string& text, const std::string& message) {
    EXPECT_NE(message_of(text).find(message), std::string::npos)
        << message_of(text) << " should say: " << message;
    EXPECT_EQ(message_of(text).find("w.pkl: byte "), 0U) << message_of(text);
}

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
        expect_refused(kProto + global_op(module, name) + command + "\x85R.", wanted);
        expect_refused(kProto + text_op(module) + text_op(name) + "\x93" + command + "\x85\x81.",
                       wanted);
    }
    expect_refused(kProto + "(" + command + "ios\nsystem\n.", "INST");
    expect_refused(kProto + "(" + global_op("torch", "Size") + command + "o.", "OBJ");
    expect_refused(kProto + "\x82\x01.", "EXT1");
    expect_refused(kProto + "\x83\x01\x01.", "EXT2");
    expect_refused(kProto + "\x84\x01\x01\x01\x01.", "EXT4");
    expect_refused(kProto + "\x92.", "NEWOBJ_EX");
    expect_refused("I1\n.", "text protocol 0");
    // A name reached through another value is no way round.
    expect_refused(kProto + command + ")R.", "something without a name");
    expect_refused(kProto + "}" + command + "b.", "BUILD on something that is not an object");
    expect_refused(kProto + global_op("torch", "FloatStorage") + "}b.", "BUILD");
    expect_refused(kProto + global_op("torch", "Size") + "K\x01R.", "tuple of arguments");
    // What a file calls itself cannot disturb the terminal.
    EXPECT_EQ(message_of(kProto + global_op("\x1b[2J", "x")).find('\x1b'), std::string::npos);
}

TEST(Pickle, RefusesWhatDoesNotFit) {
    expect_refused("", "1 bytes announced, the file ends after 0");
    expect_refused(kProto + ".", "the stack is empty");
    expect_refused(kProto + "K\x01K\x02.", "values are left over");
    expect_refused(kProto + "(K\x01.", "values are left over");
    expect_refused(kProto + "K\x01(\x85.", "the stack is empty");
    expect_refused(kProto + "K\x01t.", "no MARK");
    expect_refused(kProto + "h\x05.", "nothing was stored at memo 5");
    expect_refused(kProto + "]K\x01" + "a}K\x01" + "a.", "not a list");
    expect_refused(kProto + "]K\x01K\x02s.", "not a dict");
    expect_refused(kProto + "}(K\x01u.", "without a value");
    expect_refused(kProto + "\x93.", "the stack is empty");
    expect_refused(kProto + "NN\x93.", "STACK_GLOBAL without two names");
    expect_refused("\x80\x06N.", "protocol 6");
    expect_refused(kProto + "\xff.", "opcode 0xff");
    expect_refused(kProto + "c" + std::string(5000, 'a') + "\n", "a name without an end");
    expect_refused(kProto + "\x95" + number(1000, 8) + "N.", "a frame that leaves the file");
    for (const std::string& huge :
         {"X" + number(0xFFFFFFFF, 4), "T" + number(0x80000000, 4), "\x8e" + number(~0ULL, 8),
          "\x96" + number(1ULL << 62, 8), "B" + number(0x7FFFFFFF, 4)}) {
        expect_refused(kProto + huge, "bytes announced, the file ends after 0");
    }
}

TEST(Pickle, RefusesBombs) {
    // A list inside a list, 1000 deep, and one that contains itself, by either kind of container.
    expect_refused(kProto + std::string(1000, ']') + std::string(999, 'a') + ".",
                   "nested over 100");
    std::string tuples = kProto + "N";
    for (int i = 0; i < 200000; ++i) {
        tuples += '\x85';
    }
    expect_refused(tuples + ".", "nested over 100");
    expect_refused(kProto + "]q" + number(0, 1) + "h" + number(0, 1) + "a.", "contains itself");
    expect_refused(kProto + "}q" + number(0, 1) + "K\x01h" + number(0, 1) + "s.",
                   "contains itself");
    expect_refused(kProto + global_op("collections", "OrderedDict") + ")Rq" + number(0, 1) + "h" +
                       number(0, 1) + "b.",
                   "contains itself");
    expect_refused(kProto + std::string(1'100'000, 'N') + ".", "more than 1000000 values");
    expect_refused(kProto + std::string(11'000'000, '('), "more than 10000000 operations");
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
    EXPECT_EQ(message_of(text), "no error");
    for (std::size_t size = 0; size < text.size(); ++size) {
        EXPECT_NE(message_of(text.substr(0, size)), "no error") << size;
    }
}

}  // namespace
}  // namespace embedmask
