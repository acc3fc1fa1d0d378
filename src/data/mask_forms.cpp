#include "data/mask_forms.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "base/text.h"
#include "embedmask/error.h"
#include "embedmask/rle.h"
#include "mask/rle_string.h"

namespace embedmask::data {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kLeastNumbers = 6;  // of a ring: three points
constexpr double kSameBox = 1;            // pixels

/// Two numbers, or nothing.
std::optional<std::vector<double>> point_of(const Json& value) {
    if (value.is_object() && value.contains("x") && value.contains("y")) {
        const auto x = number_of(value["x"]);
        const auto y = number_of(value["y"]);
        if (x && y) {
            return std::vector{*x, *y};
        }
    }
    if (value.is_array() && value.size() == 2) {
        const auto x = number_of(value[0]);
        const auto y = number_of(value[1]);
        if (x && y) {
            return std::vector{*x, *y};
        }
    }
    return std::nullopt;
}

/// The numbers of a text like "10,10, 30,10 30,30", as a list.
Json numbers_in(const std::string& text) {
    Json numbers = Json::array();
    std::string word;
    for (const char c : text + ",") {
        if (c != ',' && c != ' ' && c != ';') {
            word.push_back(c);
        } else if (!word.empty()) {
            numbers.push_back(std::move(word));
            word.clear();
        }
    }
    return numbers;
}

class Reader {
public:
    explicit Reader(const Json& annotation)
        : box_(annotation.value("bbox", Json())), area_(annotation.value("area", Json())) {}

    void read(const Json& segmentation) {
        form_.segmentation = Json::array();
        if (segmentation.is_object()) {
            read_runs(segmentation);
        } else if (segmentation.is_array()) {
            read_list(segmentation);
        } else if (segmentation.is_string()) {
            const Json inner = Json::parse(segmentation.get<std::string>(), nullptr, false);
            if (inner.is_array() || inner.is_object()) {
                read(inner);
                form_.strings = true;
            } else {
                form_.broken = true;
            }
        } else if (!segmentation.is_null()) {
            form_.broken = true;
        }
    }

    [[nodiscard]] MaskForm take() { return std::move(form_); }

private:
    void read_list(const Json& list) {
        if (list.empty()) {
            return;
        }
        if (list.size() == 1 && list[0].is_object()) {
            form_.flat = true;
            return read_runs(list[0]);
        }
        const auto is_number = [](const Json& value) { return number_of(value).has_value(); };
        const auto is_point = [](const Json& value) { return point_of(value).has_value(); };
        if (std::ranges::all_of(list, is_number)) {
            form_.flat = true;
            add_ring(list);
        } else if (list.size() > 1 && std::ranges::all_of(list, is_point)) {
            form_.points = true;
            add_ring(list);
        } else {
            for (const Json& ring : list) {
                add_ring(ring);
            }
        }
        form_.broken = form_.segmentation.empty();
    }

    /// A list of numbers or of points.
    void add_ring(const Json& list) {
        std::vector<double> ring;
        if (list.is_string()) {
            form_.strings = true;
            return add_ring(numbers_in(list.get_ref<const std::string&>()));
        }
        if (!list.is_array()) {
            form_.short_rings = true;
            return;
        }
        const auto holds_a_ring = [](const Json& value) {
            return value.is_array() && value.size() >= kLeastNumbers;
        };
        if (!list.empty() && std::ranges::all_of(list, holds_a_ring)) {  // one list too many
            form_.flat = true;
            for (const Json& ring_list : list) {
                add_ring(ring_list);
            }
            return;
        }
        for (const Json& value : list) {
            if (const auto number = number_of(value)) {
                form_.strings = form_.strings || value.is_string();
                ring.push_back(*number);
            } else if (const auto point = point_of(value)) {
                form_.points = true;
                ring.insert(ring.end(), point->begin(), point->end());
            } else {
                form_.short_rings = true;
                return;
            }
        }
        if (ring.size() == 4) {
            form_.corners = true;
            ring = rectangle(ring);
        }
        if (!is_ring(ring.size())) {
            form_.short_rings = true;
            return;
        }
        form_.segmentation.push_back(ring);
    }

    [[nodiscard]] std::vector<double> rectangle(const std::vector<double>& n) const {
        double right = n[2];
        double bottom = n[3];
        if (is_box(n)) {
            right += n[0];
            bottom += n[1];
        }
        return {n[0], n[1], right, n[1], right, bottom, n[0], bottom};
    }

    /// Whether the numbers repeat the annotation's [x, y, width, height].
    [[nodiscard]] bool is_box(const std::vector<double>& numbers) const {
        if (!box_.is_array() || box_.size() != numbers.size()) {
            return false;
        }
        const auto area = number_of(area_);
        const double between = (numbers[2] - numbers[0]) * (numbers[3] - numbers[1]);
        if (area && std::abs(*area - between) < 1) {
            return false;
        }
        for (std::size_t i = 0; i < numbers.size(); ++i) {
            const auto side = number_of(box_[i]);
            if (!side || std::abs(*side - numbers[i]) > kSameBox) {
                return false;
            }
        }
        return true;
    }

    void read_runs(const Json& object) {
        try {
            Json runs = object;
            Json& size = runs.at("size");
            if (size.size() != 2) {
                form_.broken = true;
                return;
            }
            for (Json& side : size) {
                form_.strings = form_.strings || side.is_string();
                side = whole_number(side, std::numeric_limits<int>::max());
            }
            Json& counts = runs.at("counts");
            Rle mask{size[0].get<int>(), size[1].get<int>(), {}};
            if (counts.is_string()) {
                mask.counts = mask::run_lengths(counts.get<std::string>());
            } else {
                for (Json& run : counts) {
                    form_.strings = form_.strings || run.is_string();
                    run = whole_number(run, std::numeric_limits<std::uint32_t>::max());
                }
                mask.counts = counts.get<std::vector<std::uint32_t>>();
            }
            if (cut_off(mask)) {
                form_.overlong = true;
                counts = mask.counts;
            }
            validate(mask);
            form_.segmentation = std::move(runs);
        } catch (const std::exception&) {
            form_.broken = true;
        }
    }

    /// Cuts off the runs beyond the mask. False if there are none.
    static bool cut_off(Rle& mask) {
        const auto pixels =
            static_cast<std::uint64_t>(mask.width) * static_cast<std::uint64_t>(mask.height);
        std::uint64_t sum = 0;
        for (std::size_t i = 0; i < mask.counts.size(); ++i) {
            const std::uint64_t room = pixels - sum;
            if (mask.counts[i] > room) {
                mask.counts[i] = static_cast<std::uint32_t>(room);
                mask.counts.resize(i + 1);
                return true;
            }
            sum += mask.counts[i];
        }
        return false;
    }

    /// Error for anything but a whole number from 0 to `most`, also as text.
    static std::int64_t whole_number(const Json& value, std::int64_t most) {
        const auto number = number_of(value);
        if (!number || *number != std::floor(*number) || *number < 0 ||
            *number > static_cast<double>(most)) {
            throw Error("expected a whole number");
        }
        return static_cast<std::int64_t>(*number);
    }

    Json box_;
    Json area_;
    MaskForm form_;
};

/// Whether a flat list holds the run lengths of a mask of this size.
bool are_run_lengths(const Json& list, ImageSize image) {
    const auto pixels = static_cast<double>(image.width) * static_cast<double>(image.height);
    if (!list.is_array() || list.size() < 2 || pixels < 1) {
        return false;
    }
    double sum = 0;
    for (const Json& run : list) {
        if (!run.is_number_integer() || run < 0) {
            return false;
        }
        sum += run.get<double>();
    }
    return sum == pixels;
}

}  // namespace

std::optional<double> number_of(const Json& value) {
    double number = std::numeric_limits<double>::quiet_NaN();
    if (value.is_number()) {
        number = value.get<double>();
    } else if (value.is_string()) {
        const std::string text(detail::trimmed(value.get_ref<const std::string&>()));
        const auto parsed = std::from_chars(text.data(), text.data() + text.size(), number);
        if (parsed.ec != std::errc{} || parsed.ptr != text.data() + text.size()) {
            return std::nullopt;
        }
    }
    if (!std::isfinite(number)) {
        return std::nullopt;
    }
    return number;
}

MaskForm mask_form(const Json& annotation, ImageSize image) {
    const Json segmentation = annotation.value("segmentation", Json());
    if (are_run_lengths(segmentation, image)) {
        MaskForm form;
        form.segmentation = {{"size", {image.height, image.width}}, {"counts", segmentation}};
        form.sizeless = true;
        return form;
    }
    Reader reader(annotation);
    reader.read(segmentation);
    return reader.take();
}

}  // namespace embedmask::data
