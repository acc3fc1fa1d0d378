#include "report/csv.h"

#include <fmt/format.h>

#include "base/atomic_file.h"

namespace embedmask::report {
namespace {

std::string quoted(const std::string& text) {
    std::string result(1, '"');
    for (const char c : text) {
        result.append(c == '"' ? 2 : 1, c);
    }
    return result + '"';
}

}  // namespace

void write_csv(const std::filesystem::path& path, const Report& report) {
    std::string text = "type,id,name";
    for (const char* name : kStatNames) {
        text += fmt::format(",{}", name);
    }
    text += "\n";
    const auto line = [&](const char* type, const std::string& id, const std::string& name,
                          const CocoStats& stats) {
        text += fmt::format("{},{},{}", type, id, quoted(name));
        for (const double number : stats) {
            text += fmt::format(",{}", number);
        }
        text += "\n";
    };
    for (const scoring::TypeScores& item : report.types) {
        line(name_of(item.type), "", "all", item.evaluation.stats());
        for (std::size_t k = 0; k < item.evaluation.categories.size(); ++k) {
            const std::int64_t id = item.evaluation.categories[k];
            line(name_of(item.type), std::to_string(id), category_name(*report.dataset, id),
                 item.evaluation.category_stats(k));
        }
    }
    detail::write_file_atomically(path, text);
}

}  // namespace embedmask::report
