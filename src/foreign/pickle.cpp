#include "foreign/pickle.h"

#include <fmt/format.h>

#include <bit>
#include <unordered_map>

#include "embedmask/error.h"
#include "foreign/pickle_globals.h"
#include "foreign/untrusted.h"

namespace embedmask::pickle {
namespace {

// A ResNet-101 checkpoint with optimiser state has about fifty thousand values.
constexpr std::size_t kMaxValues = 1'000'000;
constexpr std::size_t kMaxOperations = 10'000'000;
constexpr int kMaxProtocol = 5;
const char* const kDamagedPickle =
    "the file is damaged, or was not written by torch.save or pickle.dump; copy it again";
const char* const kSaveWeightsOnly =
    "load it in Python only if you trust its source, and save only the tensors: "
    "torch.save(model.state_dict(), \"weights.pth\")";

// Opcodes that are known but rejected, for messages: calls that weights never need, and the text
// format of protocol 0.
std::string_view refused_name(unsigned opcode) {
    switch (opcode) {
        case 'i':
            return "INST";
        case 'o':
            return "OBJ";
        case 0x82:
            return "EXT1";
        case 0x83:
            return "EXT2";
        case 0x84:
            return "EXT4";
        case 0x92:
            return "NEWOBJ_EX";
        case 'P':
            return "PERSID";
        case 'I':
        case 'L':
        case 'F':
        case 'S':
        case 'V':
        case 'g':
        case 'p':
        case 'l':
        case 'd':
            return "of text protocol 0";
        default:
            return "";
    }
}

class Machine {
public:
    Machine(std::span<const std::byte> bytes, const std::string& file, std::size_t begin)
        : bytes_(bytes), file_(file), at_(begin) {}

    Tree run() {
        for (std::size_t operations = 0;; ++operations) {
            if (operations == kMaxOperations) {
                fail(fmt::format("more than {} operations", kMaxOperations));
            }
            start_ = at_;
            const auto opcode = static_cast<unsigned>(number(1));
            if (opcode == '.') {
                break;
            }
            if (!push_constant(opcode) && !use_memo(opcode) && !build(opcode)) {
                const std::string_view name = refused_name(opcode);
                fail(fmt::format("opcode 0x{:02x}{}{} is not used by weight files", opcode,
                                 name.empty() ? "" : " ", name),
                     kSaveWeightsOnly);
            }
        }
        tree_.root = pop();
        if (!stack_.empty() || !marks_.empty()) {
            fail("values remain on the stack at STOP");
        }
        tree_.end = at_;
        const std::string nesting = nesting_problem(tree_);
        if (!nesting.empty()) {
            fail(nesting);
        }
        return std::move(tree_);
    }

private:
    [[noreturn]] void fail(const std::string& problem, const char* fix = kDamagedPickle) const {
        throw Error(fmt::format("{}: byte {}: {}", file_, start_, problem), fix);
    }

    // The file.

    std::string_view take(std::uint64_t size) {
        if (size > bytes_.size() - at_) {
            fail(fmt::format("{} bytes expected, but the file ends after {}", size,
                             bytes_.size() - at_));
        }
        const std::string_view text(reinterpret_cast<const char*>(bytes_.data()) + at_,
                                    static_cast<std::size_t>(size));
        at_ += text.size();
        return text;
    }

    std::uint64_t number(std::size_t size) {
        const std::size_t at = at_;
        take(size);
        return foreign::little_endian(bytes_, at, size);
    }

    std::string_view line() {
        const std::string_view rest(reinterpret_cast<const char*>(bytes_.data()) + at_,
                                    bytes_.size() - at_);
        constexpr std::size_t kMaxLine = 1000;
        const std::size_t length = rest.substr(0, kMaxLine).find('\n');
        if (length == std::string_view::npos) {
            fail("unterminated name");
        }
        return take(length + 1).substr(0, length);
    }

    // The stack. Nothing below the innermost mark can be reached.

    void push(Value value) {
        if (tree_.values.size() == kMaxValues) {
            fail(fmt::format("more than {} values", kMaxValues));
        }
        tree_.values.push_back(std::move(value));
        stack_.push_back(static_cast<Id>(tree_.values.size() - 1));
    }

    void push(Value::Kind kind) {
        Value value;
        value.kind = kind;
        push(std::move(value));
    }

    void push_integer(Value::Kind kind, std::int64_t number) {
        Value value;
        value.kind = kind;
        value.integer = number;
        push(std::move(value));
    }

    void push_text(Value::Kind kind, std::string_view text) {
        Value value;
        value.kind = kind;
        value.text = text;
        push(std::move(value));
    }

    void push_tuple(std::vector<Id> items) {
        Value value;
        value.kind = Value::Kind::tuple;
        value.items = std::move(items);
        push(std::move(value));
    }

    Id top() const {
        if (stack_.size() <= (marks_.empty() ? 0 : marks_.back())) {
            fail("the stack is empty");
        }
        return stack_.back();
    }

    Id pop() {
        const Id id = top();
        stack_.pop_back();
        return id;
    }

    std::vector<Id> pop_many(std::size_t count) {
        std::vector<Id> items(count);
        for (std::size_t i = count; i-- > 0;) {
            items[i] = pop();
        }
        return items;
    }

    std::vector<Id> pop_to_mark() {
        if (marks_.empty()) {
            fail("no MARK");
        }
        const auto begin = stack_.begin() + static_cast<std::ptrdiff_t>(marks_.back());
        std::vector<Id> items(begin, stack_.end());
        stack_.erase(begin, stack_.end());
        marks_.pop_back();
        return items;
    }

    Value::Kind kind(Id id) const { return tree_[id].kind; }

    // The opcodes.

    bool push_constant(unsigned opcode) {
        switch (opcode) {
            case 'N':
                push(Value::Kind::none);
                return true;
            case 0x88:
            case 0x89:
                push_integer(Value::Kind::boolean, opcode == 0x88 ? 1 : 0);
                return true;
            case 'J':
                push_integer(Value::Kind::integer,
                             std::bit_cast<std::int32_t>(static_cast<std::uint32_t>(number(4))));
                return true;
            case 'K':
                push_integer(Value::Kind::integer, static_cast<std::int64_t>(number(1)));
                return true;
            case 'M':
                push_integer(Value::Kind::integer, static_cast<std::int64_t>(number(2)));
                return true;
            case 0x8a:
                push_long(take(number(1)));
                return true;
            case 'G':
                push_real(take(8));
                return true;
            case 'U':
            case 0x8c:
                push_text(Value::Kind::text, take(number(1)));
                return true;
            case 'T':
            case 'X':
                push_text(Value::Kind::text, take(number(4)));
                return true;
            case 'C':
                push_text(Value::Kind::bytes, take(number(1)));
                return true;
            case 'B':
                push_text(Value::Kind::bytes, take(number(4)));
                return true;
            case 0x8e:
            case 0x96:
                push_text(Value::Kind::bytes, take(number(8)));
                return true;
            case ')':
                push(Value::Kind::tuple);
                return true;
            case ']':
                push(Value::Kind::list);
                return true;
            case '}':
                push(Value::Kind::dict);
                return true;
            default:
                return false;
        }
    }

    void push_long(std::string_view digits) {
        if (digits.size() > sizeof(std::int64_t)) {
            push_text(Value::Kind::big_integer, digits);
            return;
        }
        const bool negative =
            !digits.empty() && (static_cast<unsigned char>(digits.back()) & 0x80U) != 0;
        std::uint64_t value = negative ? ~std::uint64_t{0} : 0;
        for (std::size_t i = digits.size(); i-- > 0;) {
            value = (value << 8) | static_cast<unsigned char>(digits[i]);
        }
        push_integer(Value::Kind::integer, std::bit_cast<std::int64_t>(value));
    }

    void push_real(std::string_view big_endian) {
        std::uint64_t bits = 0;
        for (const char c : big_endian) {
            bits = (bits << 8) | static_cast<unsigned char>(c);
        }
        Value value;
        value.kind = Value::Kind::real;
        value.real = std::bit_cast<double>(bits);
        push(std::move(value));
    }

    bool use_memo(unsigned opcode) {
        switch (opcode) {
            case 'q':
                memo_[number(1)] = top();
                return true;
            case 'r':
                memo_[number(4)] = top();
                return true;
            case 0x94:
                memo_[memo_.size()] = top();
                return true;
            case 'h':
                push_memo(number(1));
                return true;
            case 'j':
                push_memo(number(4));
                return true;
            default:
                return false;
        }
    }

    void push_memo(std::uint64_t index) {
        const auto found = memo_.find(index);
        if (found == memo_.end()) {
            fail(fmt::format("memo {} is empty", index));
        }
        stack_.push_back(found->second);
    }

    bool build(unsigned opcode) {
        switch (opcode) {
            case 0x80:
                check_protocol(number(1));
                return true;
            case 0x95:
                // A frame only states how much to read ahead.
                if (number(8) > bytes_.size() - at_) {
                    fail("a frame extends beyond the end of the file");
                }
                return true;
            case '(':
                marks_.push_back(stack_.size());
                return true;
            case 't':
                push_tuple(pop_to_mark());
                return true;
            case 0x85:
            case 0x86:
            case 0x87:
                push_tuple(pop_many(opcode - 0x84));
                return true;
            case 'a':
                append(pop_many(1));
                return true;
            case 'e':
                append(pop_to_mark());
                return true;
            case 's':
                set_items(pop_many(2));
                return true;
            case 'u':
                set_items(pop_to_mark());
                return true;
            case 'c': {
                const std::string_view module = line();
                push_global(module, line());
                return true;
            }
            case 0x93: {
                const std::vector<Id> names = pop_many(2);
                if (kind(names[0]) != Value::Kind::text || kind(names[1]) != Value::Kind::text) {
                    fail("STACK_GLOBAL needs two names");
                }
                push_global(tree_[names[0]].text, tree_[names[1]].text);
                return true;
            }
            case 'R':
            case 0x81:
                describe_call();
                return true;
            case 'b':
                set_state();
                return true;
            case 'Q': {
                Value value;
                value.kind = Value::Kind::persistent;
                value.arguments = pop();
                push(std::move(value));
                return true;
            }
            default:
                return false;
        }
    }

    void check_protocol(std::uint64_t protocol) const {
        if (protocol > kMaxProtocol) {
            fail(fmt::format("pickle protocol {}, expected at most {}", protocol, kMaxProtocol));
        }
    }

    void append(const std::vector<Id>& items) {
        const Id list = top();
        if (kind(list) != Value::Kind::list) {
            fail("APPEND to something that is not a list");
        }
        std::vector<Id>& all = tree_.values[list].items;
        all.insert(all.end(), items.begin(), items.end());
    }

    void set_items(const std::vector<Id>& items) {
        const Id dict = top();
        if (!tree_.is_dict(dict)) {
            fail("SETITEM on something that is not a dict");
        }
        if (items.size() % 2 != 0) {
            fail("a dict key without a value");
        }
        std::vector<Id>& all = tree_.values[dict].items;
        all.insert(all.end(), items.begin(), items.end());
    }

    void push_global(std::string_view module, std::string_view name) {
        if (!is_allowed_global(module, name)) {
            fail(fmt::format("the pickle refers to the Python name {}.{}, expected only names that "
                             "tensors and containers need",
                             foreign::shown(module), foreign::shown(name)),
                 kSaveWeightsOnly);
        }
        Value value;
        value.kind = Value::Kind::global;
        value.text = module;
        value.name = name;
        push(std::move(value));
    }

    void describe_call() {
        Value value;
        value.kind = Value::Kind::object;
        value.arguments = pop();
        value.callable = pop();
        if (kind(value.callable) != Value::Kind::global) {
            fail("a call of an unnamed object");
        }
        if (kind(value.arguments) != Value::Kind::tuple) {
            fail("a call without an argument tuple");
        }
        push(std::move(value));
    }

    void set_state() {
        const Id state = pop();
        const Id object = top();
        if (kind(object) != Value::Kind::object) {
            fail("BUILD on something that is not an object");
        }
        tree_.values[object].state = state;
    }

    std::span<const std::byte> bytes_;
    const std::string& file_;
    std::size_t at_;
    std::size_t start_ = 0;
    Tree tree_;
    std::vector<Id> stack_;
    std::vector<std::size_t> marks_;
    std::unordered_map<std::uint64_t, Id> memo_;
};

}  // namespace

Tree parse(std::span<const std::byte> bytes, const std::string& file, std::size_t begin) {
    return Machine(bytes, file, begin).run();
}

}  // namespace embedmask::pickle
