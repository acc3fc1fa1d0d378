#include "data/statistics_page.h"

#include <fmt/format.h>

#include <algorithm>

namespace embedmask::data {

std::string statistics_page(const DatasetStatistics& statistics) {
    std::string html = fmt::format(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>{0}</title>"
        "<style>body{{font:15px system-ui,sans-serif;margin:2rem}}text{{font-size:12px}}</style>"
        "<h1>{1} images, {2} objects</h1>",
        "Statistics", statistics.counts.images, statistics.counts.objects);
    for (const Histogram& item : statistics.histograms) {
        std::size_t most = 1;
        for (const auto& bar : item.bars) {
            most = std::max(most, bar.count);
        }
        html += fmt::format("<h2>{}</h2><svg width=\"{}\" height=\"230\">", item.title,
                            item.bars.size() * 70 + 20);
        for (std::size_t i = 0; i < item.bars.size(); ++i) {
            const double height =
                170.0 * static_cast<double>(item.bars[i].count) / static_cast<double>(most);
            const double x = 10 + 70.0 * static_cast<double>(i);
            html += fmt::format(
                R"svg(<rect x="{}" y="{:.1f}" width="60" height="{:.1f}" fill="#0969da"/><text x="{}" y="{:.1f}" text-anchor="middle">{}</text><text x="{}" y="218" text-anchor="middle">{}</text>)svg",
                x, 200 - height, height, x + 30, 195 - height, item.bars[i].count, x + 30,
                item.bars[i].label);
        }
        html += "</svg>";
    }
    return html + "</html>\n";
}

}  // namespace embedmask::data
