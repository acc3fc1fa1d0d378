#include "report/html.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <exception>

#include "base/atomic_file.h"
#include "base/base64.h"
#include "report/html_text.h"
#include "report/side_by_side.h"

namespace embedmask::report {
namespace {

constexpr std::size_t kWorst = 12;         // images
constexpr double kLongestBar = 320;        // pixels
constexpr double kLongestBarAtLeast = 5;   // AP50 points, so that small losses look small
constexpr std::size_t kMostConfused = 30;  // rows of the matrix

std::string number(double value) {
    return value < 0 ? std::string("&ndash;") : fmt::format("{:.3f}", value);
}

/// Mean precision over the categories that have ground truth.
std::vector<double> mean_curve(const Evaluation& evaluation, std::size_t t) {
    std::vector<double> sum(101, 0);
    double count = 0;
    for (std::size_t k = 0; k < evaluation.categories.size(); ++k) {
        const auto curve = evaluation.curve(t, k);
        if (curve[0] < 0) {
            continue;
        }
        count += 1;
        for (std::size_t r = 0; r < curve.size(); ++r) {
            sum[r] += curve[r];
        }
    }
    for (double& value : sum) {
        value = count == 0 ? 0 : value / count;
    }
    return sum;
}

std::string curves(const Evaluation& evaluation) {
    constexpr double kSide = 320;
    constexpr double kMargin = 48;
    std::string svg = fmt::format(
        R"(<svg width="{0}" height="{1}" viewBox="0 0 {0} {1}" role="img" aria-label="precision over recall">)",
        kSide + 190, kSide + kMargin + 20);
    for (int i = 0; i <= 5; ++i) {
        const double at = kSide * i / 5;
        svg += fmt::format(
            R"(<path d="M{0} {1}H{2}M{3} 10V{4}" stroke="#d8dee4"/><text x="{5}" y="{6}" font-size="11" text-anchor="end">{7:.1f}</text><text x="{3}" y="{8}" font-size="11" text-anchor="middle">{9:.1f}</text>)",
            kMargin, 10 + at, kMargin + kSide, kMargin + at, 10 + kSide, kMargin - 6, 14 + at,
            1 - i / 5.0, kSide + 26, i / 5.0);
    }
    const std::size_t thresholds = evaluation.options.iou_thresholds.size();
    for (std::size_t t = 0; t < thresholds; ++t) {
        const auto curve = mean_curve(evaluation, t);
        const double hue = 210 + 130 * static_cast<double>(t) /
                                     static_cast<double>(std::max<std::size_t>(thresholds - 1, 1));
        std::string points;
        for (std::size_t r = 0; r < curve.size(); ++r) {
            points += fmt::format("{:.1f},{:.1f} ", kMargin + kSide * static_cast<double>(r) / 100,
                                  10 + kSide * (1 - curve[r]));
        }
        svg += fmt::format(
            R"svg(<polyline points="{0}" fill="none" stroke="hsl({1:.0f} 70% 45%)" stroke-width="1.8"/><text x="{2}" y="{3}" font-size="12" fill="hsl({1:.0f} 70% 40%)">IoU {4:.2f}</text>)svg",
            points, hue, kMargin + kSide + 16, 22 + 17 * static_cast<double>(t),
            evaluation.options.iou_thresholds[t]);
    }
    return svg +
           fmt::format(
               R"svg(<text x="{0}" y="{1}" font-size="12" text-anchor="middle">recall</text><text x="10" y="{2}" font-size="12" text-anchor="middle" transform="rotate(-90 10 {2})">precision</text></svg>)svg",
               kMargin + kSide / 2, kSide + 44, 10 + kSide / 2);
}

/// The head of a number: the name of its area range, except for the first range.
std::string heading(const Metric& metric, const Evaluation& evaluation) {
    return escape(metric.area > 0 ? evaluation.options.area_ranges[metric.area].name : metric.name);
}

std::string categories(const CategoryNames& names, const Evaluation& evaluation) {
    const auto metrics = table_metrics(evaluation.options);
    std::string html = "<table><tr><th>category";
    for (const Metric& metric : metrics) {
        html += "<th>" + heading(metric, evaluation);
    }
    html += "</tr>";
    for (std::size_t k = 0; k < evaluation.categories.size(); ++k) {
        if (evaluation.category_value(metrics.back(), k) < 0) {
            continue;
        }
        html += "<tr><td>" + escape(names(evaluation.categories[k]));
        for (const Metric& metric : metrics) {
            html += "<td>" + number(evaluation.category_value(metric, k));
        }
        html += "</tr>\n";
    }
    return html + "</table>";
}

std::string settings_table(const Report& report, const Evaluation& evaluation) {
    std::string html = "<table>";
    for (const Setting& setting : settings_of(report, evaluation)) {
        html += fmt::format(R"(<tr><td>{}<td style="text-align:left">{}</tr>)", setting.name,
                            escape(setting.value));
    }
    return html + "</table>";
}

std::string tide_bars(const TideErrors& tide) {
    std::string html = "<table><tr><th>error<th>AP50 points lost<th></tr>";
    const std::pair<const char*, double> rows[] = {{"classification", tide.classification},
                                                   {"localization", tide.localization},
                                                   {"both", tide.both},
                                                   {"duplicate", tide.duplicate},
                                                   {"background", tide.background},
                                                   {"missed", tide.missed}};
    double most = kLongestBarAtLeast;
    for (const auto& row : rows) {
        most = std::max(most, row.second);
    }
    for (const auto& [name, points] : rows) {
        html += fmt::format(
            R"(<tr><td>{}<td>{:.2f}<td style="text-align:left"><span class="bar" style="width:{:.0f}px"></span></tr>)",
            name, points, kLongestBar * points / most);
    }
    return html + "</table>";
}

std::string sweep_table(const scoring::TypeScores& item) {
    std::string html = "<table><tr><th>mask threshold";
    const auto metrics = item.evaluation.metrics();
    const auto shown = [&](std::size_t i) { return metrics[i].precision && metrics[i].area == 0; };
    for (std::size_t i = 0; i < metrics.size(); ++i) {
        html += shown(i) ? "<th>" + escape(metrics[i].name) : "";
    }
    html += "</tr>";
    for (const scoring::SweepPoint& point : item.sweep) {
        html += fmt::format("<tr><td>{}", point.threshold);
        for (std::size_t i = 0; i < metrics.size(); ++i) {
            html += shown(i) ? "<td>" + number(point.values[i]) : "";
        }
        html += "</tr>";
    }
    return html + "</table>";
}

std::string matrix(const CategoryNames& names, const ConfusionMatrix& confusion) {
    const std::size_t background = confusion.categories.size();
    std::vector<std::uint64_t> sums(background + 1, 0);
    for (const ConfusionCell& cell : confusion.cells) {
        sums[cell.truth] += cell.count;
    }
    std::vector<std::pair<std::uint64_t, std::size_t>> order;  // by number of objects
    for (std::size_t row = 0; row < background; ++row) {
        if (sums[row] > 0) {
            order.emplace_back(sums[row], row);
        }
    }
    std::sort(order.rbegin(), order.rend());
    order.resize(std::min(order.size(), kMostConfused));
    std::vector<std::size_t> shown;
    for (const auto& entry : order) {
        shown.push_back(entry.second);
    }
    shown.push_back(background);
    const auto name = [&](std::size_t i) {
        return i == background ? std::string("background") : escape(names(confusion.categories[i]));
    };
    std::string html = R"(<table class="matrix"><tr><th>truth \ found)";
    for (const std::size_t column : shown) {
        html += R"(<th class="col">)" + name(column);
    }
    html += "</tr>";
    for (const std::size_t row : shown) {
        const auto sum = static_cast<double>(sums[row]);
        html += "<tr><td>" + name(row);
        for (const std::size_t column : shown) {
            const auto count = confusion.at(row, column);
            const double share = sum == 0 ? 0 : static_cast<double>(count) / sum;
            html += fmt::format(R"(<td style="background:rgb(9 105 218/{:.2f}){}">{})", share,
                                share > 0.5 ? ";color:#fff" : "",
                                count == 0 ? std::string() : std::to_string(count));
        }
        html += "</tr>\n";
    }
    return html + "</table>";
}

/// The image as HTML, or the reason why it cannot be drawn, which is added to `problems`.
std::string drawing(const SideBySide& images, const ImageRecord& image,
                    std::vector<std::string>& problems) {
    try {
        return fmt::format(R"(<img alt="" src="data:image/jpeg;base64,{}">)",
                           detail::encode_base64(encode_jpeg(images.draw(image), 85)));
    } catch (const std::exception& error) {
        problems.emplace_back(error.what());
        return fmt::format("<p>{}</p>", escape(error.what()));
    }
}

std::string worst_images(const Report& report, const scoring::TypeScores& item,
                         std::span<const Result> results, const std::filesystem::path& folder,
                         std::vector<std::string>& problems) {
    std::vector<ImageScore> scores = item.evaluation.images;
    std::erase_if(scores, [](const ImageScore& score) { return score.ap < 0; });
    std::stable_sort(scores.begin(), scores.end(),
                     [](const ImageScore& a, const ImageScore& b) { return a.ap < b.ap; });
    scores.resize(std::min(scores.size(), kWorst));
    const SideBySide images(*report.dataset, results, folder, scoring::kConfusionScoreThreshold);
    const ImageIndex records(*report.dataset);
    std::string html;
    for (const ImageScore& score : scores) {
        const ImageRecord& image = *records.find(score.image_id);
        html += fmt::format("<figure><figcaption>{}: image {}, {}, AP {:.3f}</figcaption>",
                            name_of(item.type), image.id, escape(image.file_name), score.ap);
        if (!folder.empty()) {
            html += drawing(images, image, problems);
        }
        html += "</figure>\n";
    }
    return html;
}

}  // namespace

std::vector<std::string> write_html(const std::filesystem::path& path, const Report& report,
                                    std::span<const Result> results,
                                    const std::filesystem::path& images) {
    const CategoryNames names(*report.dataset);
    std::vector<std::string> problems;
    std::string html = fmt::format(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><meta name=\"viewport\" "
        "content=\"width=device-width\"><title>Evaluation of {0}</title><style>{1}</style>"
        "<h1>Evaluation</h1><p>{0}<br><small>against {2}</small></p>",
        escape(report.results), kStyle, escape(report.data));
    for (const scoring::TypeScores& item : report.types) {
        html += fmt::format("<h2>{}</h2><div class=\"big\">", name_of(item.type));
        for (const Metric& metric : table_metrics(item.evaluation.options)) {
            html += fmt::format("<div>{}<b>{}</b></div>", heading(metric, item.evaluation),
                                number(item.evaluation.value(metric)));
        }
        html += "</div>";
        if (item.evaluation.options.bootstrap_samples > 0) {
            html += fmt::format("<p>95 % interval of AP over images: {:.3f} to {:.3f}</p>",
                                item.evaluation.ap_interval[0], item.evaluation.ap_interval[1]);
        }
        html += "<h3>Precision over recall, mean of categories</h3>" + curves(item.evaluation);
        if (item.tide) {
            html += "<h3>Where AP is lost (TIDE)</h3>" + tide_bars(*item.tide);
            if (const std::string note = tide_note(item); !note.empty()) {
                html += fmt::format("<p><small>{}</small></p>", escape(note));
            }
        }
        if (!item.sweep.empty()) {
            html += "<h3>Mask thresholds</h3>" + sweep_table(item);
        }
        html += "<h3>Categories</h3>" + categories(names, item.evaluation);
        if (item.confusion) {
            html += fmt::format("<h3>Confusion (IoU &ge; 0.5, score &ge; {})</h3>",
                                scoring::kConfusionScoreThreshold) +
                    matrix(names, *item.confusion);
        }
    }
    if (!report.types.empty() && !report.types.back().evaluation.images.empty()) {
        html += fmt::format(
                    "<h2>Worst images</h2><p><small>left: ground truth; right: detections with "
                    "score &ge; {}, in the colour of the object they match</small></p>",
                    scoring::kConfusionScoreThreshold) +
                worst_images(report, report.types.back(), results, images, problems);
    }
    if (!report.types.empty()) {
        html += "<h2>Settings</h2>" + settings_table(report, report.types.front().evaluation);
    }
    detail::write_file_atomically(path, html + "</html>\n");
    return problems;
}

}  // namespace embedmask::report
