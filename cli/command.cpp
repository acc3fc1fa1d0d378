#include "command.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <map>
#include <regex>

#include "base/standard_output.h"
#include "base/text.h"
#include "data/folder_files.h"

namespace embedmask::cli {

CLI::App* add_command(CLI::App& app, const std::string& name, const std::string& summary,
                      const std::vector<std::string>& examples) {
    CLI::App* command = app.add_subcommand(name, summary);
    std::string footer = "\nExamples:";
    for (const std::string& example : examples) {
        footer += "\n  " + example;
    }
    command->footer(footer);
    return command;
}

CLI::Option* ignore_blanks(CLI::Option* option) {
    return option->transform(
        [](const std::string& item) { return std::string(detail::trimmed(item)); });
}

std::string in_lines(const std::vector<std::string>& words) {
    constexpr std::size_t kWidth = 62;
    std::string text;
    std::size_t column = 0;
    for (const std::string& word : words) {
        if (!text.empty()) {
            text += column + word.size() > kWidth ? ",\n" : ", ";
            column = column + word.size() > kWidth ? 0 : column + 2;
        }
        text += word;
        column += word.size();
    }
    return text;
}

std::string with_flags(const std::string& message) {
    // Flags whose name differs from the option's.
    static const std::map<std::string, std::string> kOther = {
        {"category_ids", "categories"},
        {"sweep_thresholds", "mask-thresholds"},
        {"iou_thresholds", "iou"},
        {"max_detections", "max-dets"}};
    static const std::regex kOption("[A-Z][A-Za-z]*Options::([a-z_]+)");
    std::string text;
    auto rest = message.begin();
    for (std::sregex_iterator found(message.begin(), message.end(), kOption), end; found != end;
         ++found) {
        std::string name = (*found)[1];
        if (const auto other = kOther.find(name); other != kOther.end()) {
            name = other->second;
        }
        std::ranges::replace(name, '_', '-');
        text.append(rest, (*found)[0].first);
        text += "--" + name;
        rest = (*found)[0].second;
    }
    return text.append(rest, message.end());
}

void print_passed_over(const PassedOver& passed) {
    if (!passed.empty()) {
        detail::say("{}: passed over {}\n", passed.folder.string(), data::summary_of(passed));
    }
}

void print_error(const char* what, const Error& error) {
    detail::say("{}: {}\n", what, with_flags(error.what()));
    if (!error.fix().empty()) {
        detail::say("  to fix: {}\n", with_flags(error.fix()));
    }
}

bool stderr_is_terminal() {
    return ::isatty(STDERR_FILENO) == 1;
}

}  // namespace embedmask::cli
