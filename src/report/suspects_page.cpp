#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <deque>

#include "base/base64.h"
#include "data/recorded_image.h"
#include "embedmask/error.h"
#include "embedmask/image.h"
#include "embedmask/polygon.h"
#include "render/overlay.h"
#include "report/html_text.h"
#include "report/report.h"
#include "report/suspects_report.h"

namespace embedmask::report {
namespace {

constexpr render::Color kLabelColor{255, 140, 0};
constexpr render::Color kSecondColor{220, 40, 160};  // of the other label of a duplicate
constexpr render::Color kDetectionColor{0, 150, 255};
constexpr float kOpacity = 0.25F;
constexpr double kMargin = 0.5;      // around the objects, of their size
constexpr double kLeastMargin = 40;  // pixels
constexpr int kLeastSide = 240;      // long side of a cut-out, in pixels
constexpr int kMostSide = 480;
constexpr int kJpegQuality = 85;

Rle mask_in(const Segmentation& segmentation, const std::optional<CocoBox>& box, ImageSize size) {
    if (segmentation.format != Segmentation::Format::none) {
        try {
            return to_mask(segmentation, size.height, size.width);
        } catch (const Error&) {
            // A box can be shown in its place.
            if (!box) {
                throw;
            }
        }
    }
    const auto [x, y, width, height] = box.value_or(CocoBox{});
    return rasterize_ring(std::vector{x, y, x, y + height, x + width, y + height, x + width, y},
                          size.height, size.width);
}

/// The objects of one side of a figure.
class Side {
public:
    explicit Side(ImageSize size) : size_(size) {}

    void add(const Segmentation& segmentation, const std::optional<CocoBox>& box,
             render::Color color) {
        const Rle& mask = masks_.emplace_back(mask_in(segmentation, box, size_));
        render::DrawnInstance instance;
        instance.mask = &mask;
        instance.box = to_box(box.value_or(bounding_box(mask)));
        instance.color = color;
        instances_.push_back(instance);
    }

    [[nodiscard]] const std::vector<render::DrawnInstance>& instances() const { return instances_; }

private:
    ImageSize size_;
    std::deque<Rle> masks_;
    std::vector<render::DrawnInstance> instances_;
};

struct Window {
    int x = 0;
    int y = 0;
    ImageSize size;
};

/// The part of the image around the objects.
Window window_around(const Side& a, const Side& b, ImageSize image) {
    double left = image.width;
    double top = image.height;
    double right = 0;
    double bottom = 0;
    for (const Side* side : {&a, &b}) {
        for (const render::DrawnInstance& instance : side->instances()) {
            left = std::min(left, static_cast<double>(instance.box.x1));
            top = std::min(top, static_cast<double>(instance.box.y1));
            right = std::max(right, static_cast<double>(instance.box.x2));
            bottom = std::max(bottom, static_cast<double>(instance.box.y2));
        }
    }
    const double margin = std::max(kMargin * std::max(right - left, bottom - top), kLeastMargin);
    const auto inside = [](double value, int most) {
        return static_cast<int>(std::clamp(value, 0.0, static_cast<double>(most)));
    };
    Window window;
    window.x = inside(std::floor(left - margin), image.width - 1);
    window.y = inside(std::floor(top - margin), image.height - 1);
    window.size = {std::max(inside(std::ceil(right + margin), image.width) - window.x, 1),
                   std::max(inside(std::ceil(bottom + margin), image.height) - window.y, 1)};
    return window;
}

Image cut_out(const Image& image, const Window& window) {
    Image part;
    part.size = window.size;
    for (int y = 0; y < window.size.height; ++y) {
        const auto row =
            image.rgb.begin() +
            (static_cast<std::ptrdiff_t>(window.y + y) * image.size.width + window.x) * 3;
        part.rgb.insert(part.rgb.end(), row,
                        row + static_cast<std::ptrdiff_t>(window.size.width) * 3);
    }
    const int longest = std::max(part.size.width, part.size.height);
    const int wanted = std::clamp(longest, kLeastSide, kMostSide);
    if (longest == wanted) {
        return part;
    }
    const auto scaled = [&](int side) { return std::max(side * wanted / longest, 1); };
    return resize(part, {scaled(part.size.width), scaled(part.size.height)});
}

std::string image_tag(const Image& image, const char* text) {
    return fmt::format(R"(<img alt="{}" src="data:image/jpeg;base64,{}">)", text,
                       detail::encode_base64(encode_jpeg(image, kJpegQuality)));
}

std::string figure(const SuspectsReport& report, const Suspect& suspect, const Image& image) {
    Side labels(image.size);
    Side detections(image.size);
    for (const std::size_t i : suspect.annotations) {
        const Annotation& label = report.dataset.annotations[i];
        labels.add(label.segmentation, label.box,
                   labels.instances().empty() ? kLabelColor : kSecondColor);
    }
    if (suspect.result) {
        const Result& result = report.results[*suspect.result];
        detections.add(result.segmentation, result.box, kDetectionColor);
    }
    const render::OverlayOptions drawing{
        .fill_opacity = kOpacity, .contours = true, .boxes = true, .labels = false};
    const Window window = window_around(labels, detections, image.size);
    std::string html =
        image_tag(cut_out(render::overlay(image, labels.instances(), drawing), window), "labels");
    html += ' ';
    html += image_tag(cut_out(render::overlay(image, detections.instances(), drawing), window),
                      "detection");
    return html;
}

std::string caption(const SuspectsReport& report, const Suspect& suspect, std::size_t rank,
                    const ImageRecord& image, const CategoryNames& names) {
    std::string labels;
    for (const std::size_t i : suspect.annotations) {
        const Annotation& label = report.dataset.annotations[i];
        labels += fmt::format(", annotation {} ({})", label.id, names(label.category_id));
    }
    return escape(fmt::format("{}. {} {:.3f}: {} — image {}, {}{}", rank, name_of(suspect.kind),
                              suspect.score, suspect.reason, image.id, image.file_name, labels));
}

}  // namespace

std::string suspects_page(const SuspectsReport& report, const std::filesystem::path& folder,
                          std::vector<std::string>& problems) {
    const CategoryNames names(report.dataset);
    const ImageIndex images(report.dataset);
    std::string html = fmt::format(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><meta name=\"viewport\" "
        "content=\"width=device-width\"><title>Suspects of {0}</title><style>{1}img{{max-width:"
        "49%;vertical-align:top}}</style><h1>Likely label errors</h1><p>{0}<br><small>as {2} sees "
        "it, fingerprint {3}</small></p><p><small>left: the label in orange, a second one in "
        "pink; right: the detection in blue</small></p>\n",
        escape(report.data), kStyle, escape(report.model), report.fingerprint);
    if (report.suspects.empty()) {
        html += "<p>No label looks wrong.</p>\n";
    }
    std::size_t rank = 0;
    for (const Suspect& suspect : report.suspects) {
        const ImageRecord& image = *images.find(suspect.image_id);
        html += fmt::format("<figure><figcaption>{}</figcaption>",
                            caption(report, suspect, ++rank, image, names));
        try {
            html +=
                figure(report, suspect, data::read_recorded_image(folder, image, report.decode));
        } catch (const Error& error) {
            problems.emplace_back(error.what());
            html += fmt::format("<p>{}</p>", escape(error.what()));
        }
        html += "</figure>\n";
    }
    return html + "</html>\n";
}

}  // namespace embedmask::report
