#include "data_stats.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <unordered_map>

#include "base/file.h"
#include "embedmask/dataset.h"

namespace embedmask::cli {
namespace {

using Json = nlohmann::ordered_json;

struct CategoryCounts {
    std::size_t objects = 0;
    std::size_t crowds = 0;
    std::size_t unknown_masks = 0;
    std::set<std::int64_t> images;
    std::vector<double> areas;
};

struct Histogram {
    std::string title;
    std::vector<std::pair<std::string, std::size_t>> bars;
};

struct Statistics {
    std::map<std::int64_t, CategoryCounts> categories;
    std::vector<std::size_t> objects_per_image;
    std::vector<Histogram> histograms;
};

double area_of(const Annotation& annotation) {
    if (annotation.area) return *annotation.area;
    return annotation.box ? annotation.box->width * annotation.box->height : 0;
}

double median(std::vector<double> values) {
    if (values.empty()) return 0;
    std::sort(values.begin(), values.end());
    return values[values.size() / 2];
}

/// Bars at powers of two of `value`.
template <class Range, class Value>
Histogram histogram(const std::string& title, const Range& items, const Value& value) {
    std::map<int, std::size_t> bins;
    for (const auto& item : items) {
        const double number = value(item);
        ++bins[number < 1 ? -1 : static_cast<int>(std::floor(std::log2(number)))];
    }
    Histogram result{title, {}};
    if (bins.empty()) return result;
    for (int bin = bins.begin()->first; bin <= bins.rbegin()->first; ++bin)
        result.bars.emplace_back(
            bin < 0 ? std::string("0") : fmt::format("{}-{}", 1LL << bin, (2LL << bin) - 1),
            bins[bin]);
    return result;
}

Statistics collect(const Dataset& data) {
    Statistics result;
    for (const Category& category : data.categories)
        result.categories[category.id];
    std::unordered_map<std::int64_t, std::size_t> per_image;
    for (const Annotation& annotation : data.annotations) {
        CategoryCounts& counts = result.categories[annotation.category_id];
        ++counts.objects;
        counts.crowds += annotation.crowd ? 1 : 0;
        counts.unknown_masks += annotation.segmentation.form == Segmentation::Form::none ? 1 : 0;
        counts.images.insert(annotation.image_id);
        counts.areas.push_back(area_of(annotation));
        ++per_image[annotation.image_id];
    }
    for (const ImageRecord& image : data.images) {
        const auto found = per_image.find(image.id);
        result.objects_per_image.push_back(found == per_image.end() ? 0 : found->second);
    }
    result.histograms = {
        histogram("objects in an image", result.objects_per_image,
                  [](std::size_t count) { return static_cast<double>(count); }),
        histogram("size of an object (square root of its area, pixels)", data.annotations,
                  [](const Annotation& item) { return std::sqrt(area_of(item)); }),
        histogram("short side of an image (pixels)", data.images, [](const ImageRecord& image) {
            return static_cast<double>(std::min(image.width, image.height));
        })};
    return result;
}

std::string name_of(const Dataset& data, std::int64_t id) {
    for (const Category& category : data.categories)
        if (category.id == id) return category.name;
    return fmt::format("unknown id {}", id);
}

std::array<std::size_t, 3> sizes(const CategoryCounts& counts) {
    std::array<std::size_t, 3> result{};
    for (const double area : counts.areas)
        ++result.at(area < 32 * 32 ? 0 : area < 96 * 96 ? 1 : 2);
    return result;
}

void print_text(const Dataset& data, const Statistics& statistics) {
    const auto without = std::count(statistics.objects_per_image.begin(),
                                    statistics.objects_per_image.end(), std::size_t{0});
    fmt::print("{}: {} images ({} without objects), {} objects, {} categories\n\n", data.source,
               data.images.size(), without, data.annotations.size(), data.categories.size());
    fmt::print("{:>8} {:<22} {:>8} {:>8} {:>7} {:>8} {:>8} {:>8} {:>8} {:>9}\n", "id", "category",
               "images", "objects", "crowds", "no mask", "small", "medium", "large", "median px");
    for (const auto& [id, counts] : statistics.categories) {
        const auto by_size = sizes(counts);
        fmt::print("{:>8} {:<22} {:>8} {:>8} {:>7} {:>8} {:>8} {:>8} {:>8} {:>9.0f}\n", id,
                   name_of(data, id), counts.images.size(), counts.objects, counts.crowds,
                   counts.unknown_masks, by_size[0], by_size[1], by_size[2],
                   std::sqrt(median(counts.areas)));
    }
    for (const Histogram& item : statistics.histograms) {
        fmt::print("\n{}\n", item.title);
        std::size_t most = 1;
        for (const auto& bar : item.bars)
            most = std::max(most, bar.second);
        for (const auto& [label, count] : item.bars)
            fmt::print("{:>14} {:>8} {}\n", label, count, std::string(count * 50 / most, '#'));
    }
}

void print_json(const Dataset& data, const Statistics& statistics) {
    Json categories = Json::array();
    for (const auto& [id, counts] : statistics.categories) {
        const auto by_size = sizes(counts);
        categories.push_back({{"id", id},
                              {"name", name_of(data, id)},
                              {"images", counts.images.size()},
                              {"objects", counts.objects},
                              {"crowds", counts.crowds},
                              {"without_mask", counts.unknown_masks},
                              {"small", by_size[0]},
                              {"medium", by_size[1]},
                              {"large", by_size[2]}});
    }
    Json histograms = Json::object();
    for (const Histogram& item : statistics.histograms)
        histograms[item.title] = item.bars;
    fmt::print("{}\n", Json{{"data", data.source},
                            {"images", data.images.size()},
                            {"objects", data.annotations.size()},
                            {"categories", categories},
                            {"histograms", histograms}}
                           .dump(1));
}

void write_page(const std::string& path, const Dataset& data, const Statistics& statistics) {
    std::string html = fmt::format(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>{0}</title>"
        "<style>body{{font:15px system-ui,sans-serif;margin:2rem}}text{{font-size:12px}}</style>"
        "<h1>{1} images, {2} objects</h1>",
        "Statistics", data.images.size(), data.annotations.size());
    for (const Histogram& item : statistics.histograms) {
        std::size_t most = 1;
        for (const auto& bar : item.bars)
            most = std::max(most, bar.second);
        html += fmt::format("<h2>{}</h2><svg width=\"{}\" height=\"230\">", item.title,
                            item.bars.size() * 70 + 20);
        for (std::size_t i = 0; i < item.bars.size(); ++i) {
            const double height =
                170.0 * static_cast<double>(item.bars[i].second) / static_cast<double>(most);
            const double x = 10 + 70.0 * static_cast<double>(i);
            html += fmt::format(
                R"svg(<rect x="{}" y="{:.1f}" width="60" height="{:.1f}" fill="#0969da"/><text x="{}" y="{:.1f}" text-anchor="middle">{}</text><text x="{}" y="218" text-anchor="middle">{}</text>)svg",
                x, 200 - height, height, x + 30, 195 - height, item.bars[i].second, x + 30,
                item.bars[i].first);
        }
        html += "</svg>";
    }
    detail::write_file_atomically(path, html + "</html>\n");
}

}  // namespace

void print_statistics(const StatsOptions& options) {
    const Dataset data = read_dataset(options.data, {0, true});
    const Statistics statistics = collect(data);
    if (options.json) {
        print_json(data, statistics);
    } else {
        print_text(data, statistics);
    }
    if (!options.html.empty()) write_page(options.html, data, statistics);
}

}  // namespace embedmask::cli
