// Formats options in --help: type and default, without the validators.
#pragma once

#include <CLI/CLI.hpp>
#include <regex>
#include <string>
#include <utility>

namespace embedmask::cli {

class HelpFormat : public CLI::Formatter {
public:
    /// CLI11 prints empty lines for a group of hidden options.
    std::string make_help(const CLI::App* app, std::string name,
                          CLI::AppFormatMode mode) const override {
        const std::string text = CLI::Formatter::make_help(app, std::move(name), mode);
        static const std::regex kEmptyLines("\n{3,}");
        return std::regex_replace(text, kEmptyLines, "\n\n");
    }

    std::string make_option_opts(const CLI::Option* option) const override {
        if (option->get_type_size() == 0) {
            return {};
        }
        const std::string type = option->get_type_name();
        std::string text = type.empty() ? "" : " " + type.substr(0, type.find_first_of(":{"));
        if (!option->get_default_str().empty()) {
            text += "=" + option->get_default_str();
        }
        if (option->get_expected_max() > 1 || option->get_type_size_max() > 1) {
            text += " ...";
        }
        if (option->get_required()) {
            text += " REQUIRED";
        }
        return text;
    }
};

}  // namespace embedmask::cli
