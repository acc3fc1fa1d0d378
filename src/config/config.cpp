#include "embedmask/config.h"

#include <fmt/format.h>

#include <toml++/toml.h>
#include <algorithm>
#include <cmath>
#include <optional>

#include "base/look_alike.h"
#include "base/nearest.h"
#include "config/assignment.h"
#include "config/consistency.h"
#include "config/fields.h"
#include "embedmask/error.h"

namespace embedmask {
namespace {

template <class... Ts>
struct Overloaded : Ts... {
    using Ts::operator()...;
};
template <class... Ts>
Overloaded(Ts...) -> Overloaded<Ts...>;

[[noreturn]] void fail(std::string_view place, const std::string& key, const std::string& problem,
                       std::string fix = {}) {
    throw Error(fmt::format("{}: {}: {}", place, key, problem), std::move(fix));
}

const char* expected_type(const detail::FieldValue& value) {
    return std::visit(
        Overloaded{[](bool*) { return "true or false"; },
                   [](std::int64_t*) { return "a whole number"; },
                   [](double*) { return "a number"; }, [](std::string*) { return "a string"; },
                   [](const detail::Word&) { return "a string"; },
                   [](std::vector<std::int64_t>*) { return "a list of whole numbers"; },
                   [](std::vector<double>*) { return "a list of numbers"; },
                   [](std::vector<std::string>*) { return "a list of strings"; }},
        value);
}

std::string found_type(const toml::node& node) {
    return fmt::format("{}", [&] {
        switch (node.type()) {
            case toml::node_type::table:
                return "a table";
            case toml::node_type::array:
                return "a list";
            case toml::node_type::string:
                return "a string";
            case toml::node_type::integer:
                return "a whole number";
            case toml::node_type::floating_point:
                return "a number with a fraction";
            case toml::node_type::boolean:
                return "true or false";
            default:
                return "a date or time";
        }
    }());
}

// Describes why the number of elements of a list is invalid; empty if it is valid.
std::string length_problem(const detail::Field& field, std::size_t found) {
    if (found == 0 && field.may_be_empty) {
        return {};
    }
    if (found != 0 && (field.length == 0 || found == field.length)) {
        return {};
    }
    return fmt::format("expected {} elements, found {}",
                       field.length == 0 ? "1 or more" : std::to_string(field.length), found);
}

// The same for the numbers of a value that was not parsed.
std::string value_problem(const detail::Field& field) {
    std::string problem;
    const auto list = [&](const auto& values) {
        problem = length_problem(field, values.size());
        for (const auto value : values) {
            if (problem.empty()) {
                problem = detail::range_problem(field, static_cast<double>(value));
            }
        }
    };
    std::visit(Overloaded{[&](std::int64_t* v) {
                              problem = detail::range_problem(field, static_cast<double>(*v));
                          },
                          [&](double* v) { problem = detail::range_problem(field, *v); },
                          [&](std::vector<std::int64_t>* v) { list(*v); },
                          [&](std::vector<double>* v) { list(*v); }, [](const auto&) {}},
               field.value);
    return problem;
}

// Sets one Field from one TOML node; `place` is "file:line".
class Setter {
public:
    Setter(const detail::Field& field, std::string place)
        : field_(field), place_(std::move(place)) {}

    void set(const toml::node& node) const {
        std::visit(Overloaded{[&](auto* target) { assign(*target, node); },
                              [&](const detail::Word& word) { assign(word, node); }},
                   field_.value);
    }

private:
    [[noreturn]] void wrong_type(const toml::node& node) const {
        fail(place_, field_.key,
             fmt::format("expected {}, found {}", expected_type(field_.value), found_type(node)));
    }

    template <typename T>
    T in_range(T value) const {
        const std::string problem = detail::range_problem(field_, static_cast<double>(value));
        if (!problem.empty()) {
            fail(place_, field_.key, problem);
        }
        return value;
    }

    void assign(bool& target, const toml::node& node) const {
        if (!node.is_boolean()) {
            wrong_type(node);
        }
        target = node.as_boolean()->get();
    }
    void assign(std::int64_t& target, const toml::node& node) const {
        if (!node.is_integer()) {
            wrong_type(node);
        }
        target = in_range(node.as_integer()->get());
    }
    void assign(double& target, const toml::node& node) const {
        if (!node.is_number()) {
            wrong_type(node);
        }
        target = in_range(*node.value<double>());
    }
    void assign(std::string& target, const toml::node& node) const {
        if (!node.is_string()) {
            wrong_type(node);
        }
        target = node.as_string()->get();
    }

    void assign(const detail::Word& word, const toml::node& node) const {
        if (!node.is_string()) {
            wrong_type(node);
        }
        const std::string& text = node.as_string()->get();
        const auto& choices = field_.choices;
        const auto found = std::ranges::find(choices, text);
        if (found == choices.end()) {
            fail(place_, field_.key,
                 fmt::format("\"{}\" is not one of {}", text, fmt::join(choices, ", ")),
                 detail::did_you_mean(text, choices,
                                      fmt::format("use {}", fmt::join(choices, ", "))));
        }
        word.set(static_cast<std::size_t>(found - choices.begin()));
    }

    // A single value is a list of one.
    template <typename T>
    void assign(std::vector<T>& target, const toml::node& node) const {
        const toml::array single{node};
        const toml::array* array = node.is_array() ? node.as_array() : &single;
        if (array->empty() && field_.may_be_empty) {
            target.clear();
            return;
        }
        std::vector<T> values;
        for (const toml::node& element : *array) {
            if constexpr (std::is_same_v<T, std::string>) {
                if (!element.is_string()) {
                    wrong_type(node.is_array() ? element : node);
                }
                values.push_back(element.as_string()->get());
            } else {
                const bool fits =
                    std::is_same_v<T, double> ? element.is_number() : element.is_integer();
                if (!fits) {
                    wrong_type(element);
                }
                values.push_back(in_range(*element.value<T>()));
            }
        }
        check_length(values.size());
        target = std::move(values);
    }

    void check_length(std::size_t found) const {
        const std::string problem = length_problem(field_, found);
        if (!problem.empty()) {
            fail(place_, field_.key, problem);
        }
    }

    const detail::Field& field_;
    std::string place_;
};

std::string place_of(std::string_view source, const toml::node& node) {
    if (!node.source().path) {
        return std::string(source);  // from --set: one value, no lines
    }
    return fmt::format("{}:{}", source, node.source().begin.line);
}

void set_all(const std::vector<detail::Field>& all, const toml::table& table,
             const std::string& prefix, std::string_view source) {
    for (const auto& [name, node] : table) {
        const std::string key = prefix + std::string(name.str());
        const auto is_key = [&](const detail::Field& field) { return field.key == key; };
        const auto field = std::find_if(all.begin(), all.end(), is_key);
        const auto in_table = [&](const detail::Field& f) { return f.key.starts_with(key + "."); };
        if (field != all.end()) {
            Setter(*field, place_of(source, node)).set(node);
        } else if (std::any_of(all.begin(), all.end(), in_table)) {
            if (!node.is_table()) {
                fail(place_of(source, node), key,
                     fmt::format("expected a table, found {}", found_type(node)),
                     fmt::format("write [{}]", key));
            }
            set_all(all, *node.as_table(), key + ".", source);
        } else {
            std::vector<std::string> keys;
            for (const detail::Field& f : all) {
                keys.push_back(f.key);
            }
            fail(place_of(source, node), key, "unknown key",
                 fmt::format("did you mean \"{}\"? `embedmask info --preset g3` lists all keys",
                             detail::nearest(key, keys)));
        }
    }
}

std::string toml_number(double value) {
    std::string text = fmt::format("{}", value);
    // TOML floats need a point or an exponent.
    if (text.find_first_of(".e") == std::string::npos) {
        text += ".0";
    }
    return text;
}

std::string toml_text(const std::string& text) {
    std::string quoted = "\"";
    for (const char c : text) {
        if (c == '"' || c == '\\') {
            quoted += '\\';
        }
        quoted += c;
    }
    return quoted + "\"";
}

std::string toml_value(const detail::Field& field) {
    const auto joined = [](const auto& values, auto&& one) {
        std::string text;
        for (const auto& v : values) {
            text += (text.empty() ? "" : ", ") + one(v);
        }
        return "[" + text + "]";
    };
    return std::visit(
        Overloaded{[](const bool* v) { return std::string(*v ? "true" : "false"); },
                   [](const std::int64_t* v) { return std::to_string(*v); },
                   [](const double* v) { return toml_number(*v); },
                   [](const std::string* v) { return toml_text(*v); },
                   [&](const detail::Word& v) { return toml_text(field.choices.at(v.get())); },
                   [&](const std::vector<std::int64_t>* v) {
                       return joined(*v, [](std::int64_t x) { return std::to_string(x); });
                   },
                   [&](const std::vector<double>* v) { return joined(*v, toml_number); },
                   [&](const std::vector<std::string>* v) { return joined(*v, toml_text); }},
        field.value);
}

// Sets one `key=value`.
void assign(Config& config, std::string_view assignment) {
    const std::string source = fmt::format("--set {}", assignment);
    const std::string_view key = detail::assigned_key(assignment);
    const std::string_view value = detail::assigned_value(assignment);
    if (assignment.find('=') == std::string_view::npos || key.empty()) {
        throw Error(fmt::format("{}: expected key=value", source),
                    "for example --set solver.lr=0.005");
    }
    std::optional<toml::table> table;
    // A bare word is a string, e.g. --set center=box.
    for (const char* quote : {"", "\""}) {
        try {
            table = toml::parse(fmt::format("{} = {}{}{}", key, quote, value, quote));
            break;
        } catch (const toml::parse_error&) {
            continue;
        }
    }
    if (!table) {
        throw Error(fmt::format("{}: not a TOML value", source),
                    "quote lists and strings: --set \"input.mean=[1,2,3]\"");
    }
    // input.range is a word that looks like a number.
    if (key == "input.range" && table->at_path(key).is_integer()) {
        table = toml::parse(fmt::format("{} = \"{}\"", key, value));
    }
    set_all(detail::fields(config), *table, "", source);
}

}  // namespace

double initial_margin(const Config& config) {
    return std::log(2.0) / (config.prior_margin * config.prior_margin);
}

bool has_masks(const Config& config) {
    return config.embed_mode != EmbedMode::none;
}

std::int64_t free_dims(const Config& config) {
    return config.embed_dim - config.spatial_dims;
}

void validate(const Config& config, std::string_view source) {
    Config copy = config;
    for (const detail::Field& field : detail::fields(copy)) {
        const std::string problem = value_problem(field);
        if (!problem.empty()) {
            fail(source, field.key, problem);
        }
    }
    detail::check_consistency(config, std::string(source));
}

Config parse_config(std::string_view toml, std::string_view source, const Config& base) {
    toml::table table;
    detail::reject_look_alikes(toml, source, "a configuration");
    try {
        table = toml::parse(toml, source);
    } catch (const toml::parse_error& error) {
        throw Error(fmt::format("{}:{}: not valid TOML: {}", source, error.source().begin.line,
                                error.description()));
    }
    Config config = base;
    set_all(detail::fields(config), table, "", source);
    detail::check_consistency(config, std::string(source));
    return config;
}

void apply_overrides(Config& config, std::span<const std::string> assignments) {
    Config changed = config;
    for (const std::string& assignment : assignments) {
        assign(changed, assignment);
    }
    detail::check_consistency(
        changed, assignments.empty() ? "configuration" : "--set " + assignments.back());
    config = changed;
}

std::vector<std::string> differences(Config before, Config after) {
    const std::vector<detail::Field> old_fields = detail::fields(before);
    const std::vector<detail::Field> new_fields = detail::fields(after);
    std::vector<std::string> lines;
    for (std::size_t i = 0; i < old_fields.size(); ++i) {
        const std::string was = toml_value(old_fields[i]);
        const std::string is = toml_value(new_fields[i]);
        if (was != is) {
            lines.push_back(fmt::format("{}: {} -> {}", old_fields[i].key, was, is));
        }
    }
    return lines;
}

std::string to_toml(const Config& config) {
    Config copy = config;
    std::string text;
    std::string table;
    for (const detail::Field& field : detail::fields(copy)) {
        const std::size_t dot = field.key.find('.');
        const std::string prefix = dot == std::string::npos ? "" : field.key.substr(0, dot);
        if (prefix != table) {
            text += fmt::format("\n[{}]\n", prefix);
            table = prefix;
        }
        const std::string name = dot == std::string::npos ? field.key : field.key.substr(dot + 1);
        text += fmt::format("{} = {}\n", name, toml_value(field));
    }
    return text;
}

}  // namespace embedmask
