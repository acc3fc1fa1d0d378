#include "report/csv.h"

#include <fmt/format.h>

#include "base/atomic_file.h"
#include "base/text.h"

namespace embedmask::report {
namespace {

using detail::csv_quoted;

/// A name as the head of a column.
std::string column(const std::string& name) {
    return detail::csv_field(name);
}

}  // namespace

void write_csv(const std::filesystem::path& path, const Report& report) {
    const CategoryNames names(*report.dataset);
    std::string text;
    for (const scoring::TypeScores& item : report.types) {
        const Evaluation& evaluation = item.evaluation;
        const auto metrics = evaluation.metrics();
        const auto settings = settings_of(report, evaluation);
        std::string end;
        for (const Setting& setting : settings) {
            end += fmt::format(",{}", csv_quoted(setting.value));
        }
        end += "\n";
        // The settings of all types are the same, and so are their columns.
        if (text.empty()) {
            text = "type,id,name";
            for (const Metric& metric : metrics) {
                text += fmt::format(",{}", column(metric.name));
            }
            for (const Setting& setting : settings) {
                text += fmt::format(",{}", setting.name);
            }
            text += "\n";
        }
        const auto line = [&](const std::string& id, const std::string& name, const auto& value) {
            text += fmt::format("{},{},{}", name_of(item.type), id, csv_quoted(name));
            for (const Metric& metric : metrics) {
                text += fmt::format(",{}", value(metric));
            }
            text += end;
        };
        line("", "all", [&](const Metric& metric) { return evaluation.value(metric); });
        for (std::size_t k = 0; k < evaluation.categories.size(); ++k) {
            const std::int64_t id = evaluation.categories[k];
            line(std::to_string(id), names(id), [&evaluation, k](const Metric& metric) {
                return evaluation.category_value(metric, k);
            });
        }
    }
    detail::write_file_atomically(path, text);
}

}  // namespace embedmask::report
