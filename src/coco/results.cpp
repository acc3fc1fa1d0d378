#include "embedmask/results.h"

#include <fmt/format.h>

#include <cmath>
#include <optional>
#include <set>
#include <unordered_set>

#include "base/atomic_file.h"
#include "base/file.h"
#include "coco/json_layout.h"
#include "coco/json_record.h"
#include "embedmask/error.h"

namespace embedmask {

namespace {

constexpr std::size_t kMaxListed = 1000;  // maximum number of ids in one message

Result read_result(const detail::JsonPlace& place, simdjson::dom::object record,
                   bool boxes_suffice) {
    Result result;
    bool has_image = false;
    bool has_category = false;
    bool has_score = false;
    std::optional<Error> broken;
    for (const auto& [key, value] : record) {
        const detail::JsonField field{place, key, value};
        if (key == "image_id") {
            result.image_id = field.integer();
            has_image = true;
        } else if (key == "category_id") {
            result.category_id = field.integer();
            has_category = true;
        } else if (key == "score") {
            result.score = field.number();
            has_score = true;
        } else if (key == "bbox") {
            if (!field.empty()) {
                result.box = field.box();
            }
        } else if (key == "segmentation") {
            try {
                result.segmentation = field.segmentation();
            } catch (const Error& error) {
                broken = error;
            }
        }
    }
    if (!has_image) {
        place.fail("image_id", "is missing");
    }
    if (!has_category) {
        place.fail("category_id", "is missing");
    }
    if (!has_score) {
        place.fail("score", "is missing");
    }
    if (broken && !(boxes_suffice && result.box)) {
        throw Error(*broken);
    }
    if (!result.box && result.segmentation.format == Segmentation::Format::none) {
        place.fail({}, "found neither \"bbox\" nor \"segmentation\": expected one of them");
    }
    return result;
}

std::string listed(const std::set<std::int64_t>& ids) {
    std::string text;
    std::size_t count = 0;
    for (const std::int64_t id : ids) {
        if (count++ == kMaxListed) {
            return text + fmt::format(" and {} more", ids.size() - kMaxListed);
        }
        text += fmt::format("{}{}", text.empty() ? "" : ", ", id);
    }
    return text;
}

/// Characters of a compressed string that JSON requires to be escaped: in '0' to 'o' only the
/// backslash.
std::string escaped(const std::string& text) {
    std::string result;
    result.reserve(text.size() + 8);
    for (const char c : text) {
        if (c == '\\') {
            result.push_back('\\');
        }
        result.push_back(c);
    }
    return result;
}

}  // namespace

std::vector<Result> parse_results(std::string_view json, const std::string& source, int threads,
                                  bool boxes_suffice) {
    const detail::JsonLayout layout = detail::find_layout(json, source);
    if (!layout.array) {
        throw Error(fmt::format("{}: found an object: expected a list of detections", source),
                    "this looks like an annotation file; pass a results file here");
    }
    std::vector<Result> results(layout.elements.size());
    detail::visit_records(
        json, source, {}, layout.elements, threads,
        [&](std::size_t i, const detail::JsonPlace& place, simdjson::dom::object record) {
            results[i] = read_result(place, record, boxes_suffice);
        });
    return results;
}

std::vector<Result> read_results(const std::filesystem::path& path, int threads,
                                 bool boxes_suffice) {
    const detail::MappedFile file(path);
    const auto bytes = file.bytes();
    return parse_results({reinterpret_cast<const char*>(bytes.data()), bytes.size()}, path.string(),
                         threads, boxes_suffice);
}

void require_known_ids(const Dataset& dataset, std::span<const Result> results,
                       const std::string& source, bool ignore_unknown_categories) {
    const ImageIndex images(dataset);
    std::unordered_set<std::int64_t> categories;
    for (const Category& category : dataset.categories) {
        categories.insert(category.id);
    }
    std::set<std::int64_t> unknown_images;
    std::set<std::int64_t> unknown_categories;
    for (const Result& result : results) {
        if (images.find(result.image_id) == nullptr) {
            unknown_images.insert(result.image_id);
        }
        if (!ignore_unknown_categories && !categories.contains(result.category_id)) {
            unknown_categories.insert(result.category_id);
        }
    }
    if (unknown_images.empty() && unknown_categories.empty()) {
        return;
    }
    std::string message = fmt::format("{} does not match {}:", source, dataset.source);
    if (!unknown_images.empty()) {
        message += fmt::format(" {} unknown image ids ({});", unknown_images.size(),
                               listed(unknown_images));
    }
    if (!unknown_categories.empty()) {
        message += fmt::format(" {} unknown category ids ({});", unknown_categories.size(),
                               listed(unknown_categories));
    }
    message.pop_back();
    throw Error(message,
                unknown_images.empty()
                    ? "use the annotation file that the results were made for; eval leaves "
                      "out unknown categories with --ignore-unknown"
                    : "use the annotation file that the results were made for");
}

struct ResultsWriter::Implementation {
    explicit Implementation(const std::filesystem::path& path) : file(path) {}

    void record(std::int64_t image_id, std::int64_t category_id, const std::string& shape,
                double score) {
        if (!std::isfinite(score)) {
            throw Error(fmt::format("image {}, category {}: score {}: expected a finite number",
                                    image_id, category_id, score));
        }
        file.write(fmt::format("{}{{\"image_id\":{},\"category_id\":{},{},\"score\":{}}}",
                               first ? "[" : ",\n", image_id, category_id, shape, score));
        first = false;
    }

    detail::AtomicFile file;
    bool first = true;
};

ResultsWriter::ResultsWriter(const std::filesystem::path& path)
    : implementation_(std::make_unique<Implementation>(path)) {}

ResultsWriter::~ResultsWriter() = default;

void ResultsWriter::add_box(std::int64_t image_id, std::int64_t category_id, const CocoBox& box,
                            double score) {
    for (const double number : {box.x, box.y, box.width, box.height}) {
        if (!std::isfinite(number)) {
            throw Error(fmt::format("image {}, category {}: a box with {}: expected finite numbers",
                                    image_id, category_id, number));
        }
    }
    implementation_->record(
        image_id, category_id,
        fmt::format("\"bbox\":[{},{},{},{}]", box.x, box.y, box.width, box.height), score);
}

void ResultsWriter::add_mask(std::int64_t image_id, std::int64_t category_id, const Rle& mask,
                             double score) {
    implementation_->record(image_id, category_id,
                            fmt::format(R"("segmentation":{{"size":[{},{}],"counts":"{}"}})",
                                        mask.height, mask.width, escaped(compress(mask))),
                            score);
}

void ResultsWriter::commit() {
    implementation_->file.write(implementation_->first ? "[]\n" : "]\n");
    implementation_->file.commit();
}

}  // namespace embedmask
