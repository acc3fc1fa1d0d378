// Accessors for a parsed pickle.
#include <fmt/format.h>

#include <algorithm>

#include "foreign/pickle.h"
#include "foreign/pickle_globals.h"

namespace embedmask::pickle {
namespace {

constexpr int kMaxDepth = 100;

// The children of a value by index, kNone after the last.
Id child_of(const Value& value, std::size_t index) {
    if (index < value.items.size()) {
        return value.items[index];
    }
    std::size_t others = index - value.items.size();
    for (const Id id : {value.callable, value.arguments, value.state}) {
        if (id == kNone) {
            continue;
        }
        if (others == 0) {
            return id;
        }
        --others;
    }
    return kNone;
}

int max_child_height(const Value& value, const std::vector<int>& height) {
    int tallest = 0;
    for (std::size_t i = 0;; ++i) {
        const Id child = child_of(value, i);
        if (child == kNone) {
            return tallest;
        }
        tallest = std::max(tallest, height[child]);
    }
}

}  // namespace

// Depth-first without recursion: a value reached again while still open contains itself.
std::string nesting_problem(const Tree& tree) {
    constexpr int kUnseen = 0;
    constexpr int kOpen = -1;
    std::vector<int> height(tree.values.size(), kUnseen);
    std::vector<std::pair<Id, std::size_t>> open = {{tree.root, 0}};
    height[tree.root] = kOpen;
    while (!open.empty()) {
        const Id id = open.back().first;
        const Id child = child_of(tree[id], open.back().second++);
        if (child == kNone) {
            height[id] = 1 + max_child_height(tree[id], height);
            if (height[id] > kMaxDepth) {
                return fmt::format("nested more than {} levels deep", kMaxDepth);
            }
            open.pop_back();
        } else if (height[child] == kOpen) {
            return "a value contains itself";
        } else if (height[child] == kUnseen) {
            height[child] = kOpen;
            open.emplace_back(child, 0);
        }
    }
    return {};
}

bool Tree::is_global(Id id, std::string_view module, std::string_view name) const {
    const Value& value = values[id];
    return value.kind == Value::Kind::global && value.text == module && value.name == name;
}

bool Tree::is_dict(Id id) const {
    const Value& value = values[id];
    if (value.kind == Value::Kind::dict) {
        return true;
    }
    return value.kind == Value::Kind::object &&
           is_dict_type(values[value.callable].text, values[value.callable].name);
}

std::vector<std::pair<Id, Id>> Tree::entries(Id id) const {
    std::vector<std::pair<Id, Id>> result;
    if (!is_dict(id)) {
        return result;
    }
    const Value& dict = values[id];
    // Python 2 constructs an OrderedDict from a list of pairs.
    if (dict.arguments != kNone && values[dict.arguments].items.size() == 1) {
        for (const Id pair : values[values[dict.arguments].items[0]].items) {
            const std::vector<Id>& items = values[pair].items;
            if (items.size() == 2) {
                result.emplace_back(items[0], items[1]);
            }
        }
    }
    for (std::size_t i = 0; i + 1 < dict.items.size(); i += 2) {
        result.emplace_back(dict.items[i], dict.items[i + 1]);
    }
    return result;
}

Id Tree::find(Id dict, std::string_view key) const {
    Id found = kNone;
    for (const auto& [id, value] : entries(dict)) {
        if (values[id].kind == Value::Kind::text && values[id].text == key) {
            found = value;
        }
    }
    return found;
}

}  // namespace embedmask::pickle
