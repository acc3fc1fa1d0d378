#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <deque>
#include <map>

#include "base/input_files.h"
#include "coco/dataset_text.h"
#include "data/recorded_image.h"
#include "data/stratify.h"
#include "embedmask/data.h"
#include "embedmask/error.h"

namespace embedmask {
namespace {

std::size_t position_of(const ImageRecord& image, const Dataset& data) {
    return static_cast<std::size_t>(&image - data.images.data());
}

std::vector<data::ObjectCounts> objects_of_images(const Dataset& data, const ImageIndex& images) {
    std::vector<data::ObjectCounts> counts(data.images.size());
    for (const Annotation& annotation : data.annotations) {
        if (const ImageRecord* image = images.find(annotation.image_id); image != nullptr) {
            ++counts[position_of(*image, data)][annotation.category_id];
        }
    }
    return counts;
}

/// Categories of two images and more that are on one side only.
std::vector<std::string> one_sided(const Dataset& data,
                                   const std::vector<data::ObjectCounts>& counts,
                                   const std::vector<bool>& is_val) {
    std::map<std::int64_t, std::array<std::size_t, 2>> sides;
    for (std::size_t i = 0; i < counts.size(); ++i) {
        for (const auto& [category, count] : counts[i]) {
            ++sides[category].at(is_val[i] ? 1 : 0);
        }
    }
    std::vector<std::string> names;
    for (const Category& category : data.categories) {
        const auto [train, val] = sides[category.id];
        if (train + val > 1 && (train == 0 || val == 0)) {
            names.push_back(category.name);
        }
    }
    return names;
}

}  // namespace

SplitReport split_dataset(const std::filesystem::path& annotations,
                          const std::filesystem::path& train, const std::filesystem::path& val,
                          const SplitOptions& options) {
    if (!(options.fraction > 0 && options.fraction < 1)) {
        throw Error(fmt::format("SplitOptions::fraction {}: expected a number between 0 and 1",
                                options.fraction),
                    {}, ErrorKind::usage);
    }
    detail::InputFiles inputs;
    inputs.add(annotations);
    detail::NamedOutputs outputs(inputs);
    outputs.add("the training file", train);
    outputs.add("the validation file", val);
    const detail::DatasetText text(annotations);
    const Dataset& data = text.dataset();
    const ImageIndex images(data);
    data::require_unique_images(data);
    const auto counts = objects_of_images(data, images);
    const auto is_val = data::stratified_choice(counts, options.fraction, options.seed);
    // Both files are complete before the first one appears under its name.
    std::deque<detail::DatasetTextWriter> writers;
    for (const bool part : {false, true}) {
        detail::DatasetChoice choice;
        choice.image = [&](std::size_t i) { return is_val[i] == part; };
        choice.annotation = [&](std::size_t i) {
            const ImageRecord* image = images.find(data.annotations[i].image_id);
            return image != nullptr && is_val[position_of(*image, data)] == part;
        };
        detail::write_chosen(text, choice,
                             writers.emplace_back(part ? val : train, text.other_members()));
    }
    for (detail::DatasetTextWriter& writer : writers) {
        writer.commit();
    }
    SplitReport report;
    report.val_images = static_cast<std::size_t>(std::ranges::count(is_val, true));
    report.train_images = is_val.size() - report.val_images;
    report.one_sided = one_sided(data, counts, is_val);
    report.left_out = static_cast<std::size_t>(std::ranges::count_if(
        data.annotations,
        [&](const Annotation& annotation) { return images.find(annotation.image_id) == nullptr; }));
    return report;
}

}  // namespace embedmask
