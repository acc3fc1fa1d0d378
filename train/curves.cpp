#include "train/curves.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "base/atomic_file.h"

namespace embedmask::train {
namespace {

using nlohmann::json;

struct Point {
    double x = 0;
    double y = 0;
};
using Series = std::map<std::string, std::vector<Point>>;

struct Panel {
    std::string title;
    Series lines;
};

constexpr double kWidth = 860;
constexpr double kPanelHeight = 260;
constexpr double kLeft = 60;
constexpr double kRight = 170;
constexpr double kTop = 34;
constexpr double kBottom = 30;
constexpr std::array kColors{"#1f77b4", "#d62728", "#2ca02c", "#9467bd", "#ff7f0e", "#8c564b"};

struct Range {
    double low = 0;
    double high = 1;
};

// A few outliers would flatten everything else, so the axis ends at three times the 98th
// percentile.
Range range_of(const Series& lines, double Point::*axis, bool trim) {
    std::vector<double> values;
    for (const auto& [name, points] : lines) {
        for (const Point& point : points) {
            values.push_back(point.*axis);
        }
    }
    std::sort(values.begin(), values.end());
    const auto last = static_cast<double>(values.size() - 1);
    const double common = values[static_cast<std::size_t>(last * 0.98)];
    const double high = trim ? std::min(values.back(), 3 * common) : values.back();
    return {trim ? 0 : values.front(), std::max(high, 1e-9)};
}

std::string polyline(const std::vector<Point>& points, Range x, Range y, double top,
                     const char* color) {
    std::string path;
    for (const Point& point : points) {
        const double across = (point.x - x.low) / std::max(x.high - x.low, 1e-9);
        const double up = std::clamp((point.y - y.low) / (y.high - y.low), 0.0, 1.0);
        path += fmt::format("{:.1f},{:.1f} ", kLeft + across * (kWidth - kLeft - kRight),
                            top + kTop + (1 - up) * (kPanelHeight - kTop - kBottom));
    }
    return fmt::format(
        "<polyline points=\"{}\" fill=\"none\" stroke=\"{}\" stroke-width=\"1.5\"/>\n", path,
        color);
}

std::string text(double x, double y, const std::string& content, const char* anchor = "start") {
    return fmt::format("<text x=\"{:.0f}\" y=\"{:.0f}\" text-anchor=\"{}\">{}</text>\n", x, y,
                       anchor, content);
}

std::string draw(const Panel& panel, double top) {
    const Range x = range_of(panel.lines, &Point::x, false);
    const Range y = range_of(panel.lines, &Point::y, true);
    const double bottom = top + kPanelHeight - kBottom;
    std::string svg = text(kLeft, top + 20, panel.title);
    svg += fmt::format("<path d=\"M{0} {1}V{2}H{3}\" fill=\"none\" stroke=\"#888\"/>\n", kLeft,
                       top + kTop, bottom, kWidth - kRight);
    svg += text(kLeft - 6, top + kTop + 4, fmt::format("{:.3g}", y.high), "end");
    svg += text(kLeft - 6, bottom + 4, fmt::format("{:.3g}", y.low), "end");
    svg += text(kLeft, bottom + 18, fmt::format("{:.0f}", x.low), "middle");
    svg += text(kWidth - kRight, bottom + 18, fmt::format("iteration {:.0f}", x.high), "middle");
    std::size_t number = 0;
    for (const auto& [name, points] : panel.lines) {
        const char* color = kColors[number % kColors.size()];
        svg += polyline(points, x, y, top, color);
        svg += fmt::format("<g fill=\"{}\">{}</g>", color,
                           text(kWidth - kRight + 12, top + kTop + 16.0 * (number + 1.0),
                                fmt::format("{} {:.4g}", name, points.back().y)));
        ++number;
    }
    return svg;
}

}  // namespace

void draw_curves(const std::filesystem::path& run) {
    Panel losses{"losses (median of a logging period)", {}};
    Panel scores{"validation", {}};
    std::ifstream file(run / "metrics.jsonl");
    for (std::string line; std::getline(file, line);) {
        const json record = json::parse(line, nullptr, false);
        if (record.is_discarded()) {
            continue;  // a line truncated by a kill
        }
        const double iteration = record.value("iteration", 0.0);
        for (const auto& [key, value] : record.items()) {
            if (!value.is_number()) {
                continue;
            }
            if (key.find("loss") != std::string::npos) {
                losses.lines[key].push_back({iteration, value.get<double>()});
            } else if (key.find("_AP") != std::string::npos) {
                scores.lines[key].push_back({iteration, value.get<double>()});
            }
        }
    }
    std::string svg;
    double height = 0;
    for (const Panel& panel : {losses, scores}) {
        if (panel.lines.empty()) {
            continue;
        }
        svg += draw(panel, height);
        height += kPanelHeight;
    }
    if (height == 0) {
        return;
    }
    detail::write_file_atomically(
        run / "curves.svg",
        fmt::format("<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {0} {1}\" "
                    "width=\"{0}\" height=\"{1}\" font-family=\"sans-serif\" font-size=\"12\">\n"
                    "<rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n{2}</svg>\n",
                    kWidth, height, svg));
}

}  // namespace embedmask::train
