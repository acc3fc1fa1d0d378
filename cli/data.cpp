// embedmask data: look after annotation files.
#include "data.h"

#include <fmt/format.h>

#include <memory>

#include "base/file.h"
#include "command.h"
#include "data_check.h"
#include "data_convert.h"
#include "data_sets.h"
#include "data_stats.h"
#include "embedmask/error.h"
#include "side_by_side.h"

namespace embedmask::cli {
namespace {

struct ShowOptions {
    std::string data;
    std::string images;
    std::string out;
    std::string results;
    double score = 0.3;
    std::vector<std::int64_t> ids;
};

/// Overlays of ground truth, beside detections where there are any.
void show(const ShowOptions& options) {
    const Dataset data = read_dataset(options.data);
    std::vector<Result> results;
    if (!options.results.empty()) {
        results = read_results(options.results);
        require_known_ids(data, results, options.results);
    }
    for (const std::int64_t id : options.ids)
        if (data.image(id) == nullptr)
            throw Error(fmt::format("{} has no image {}", options.data, id));
    detail::make_folder(options.out);
    const SideBySide pictures(data, results, options.images, options.score);
    std::size_t written = 0;
    for (const ImageRecord& image : data.images) {
        if (!options.ids.empty() &&
            std::find(options.ids.begin(), options.ids.end(), image.id) == options.ids.end())
            continue;
        const auto name = std::filesystem::path(image.file_name).stem().string();
        write_jpeg(std::filesystem::path(options.out) / fmt::format("{}-{}.jpg", name, image.id),
                   pictures.draw(image));
        ++written;
    }
    fmt::print(stderr, "{} pictures in {}\n", written, options.out);
}

void add_check(CLI::App& data) {
    auto options = std::make_shared<CheckOptions>();
    CLI::App* command = add_command(data, "check", "What is wrong with an annotation file",
                                    {"embedmask data check instances.json --images photos/",
                                     "embedmask data check instances.json --fix mended.json"});
    command->add_option("ANN", options->data, "COCO annotation file")->required();
    command->add_option("--images", options->images, "folder of the photos: opens every one");
    command->add_option("--fix", options->fix, "write a repaired file");
    command->add_flag("--json", options->json, "findings as JSON");
    command->callback([options] {
        if (const int code = check_dataset(*options); code != 0) throw CLI::RuntimeError(code);
    });
}

void add_stats(CLI::App& data) {
    auto options = std::make_shared<StatsOptions>();
    CLI::App* command = add_command(data, "stats", "Counts and sizes, by category",
                                    {"embedmask data stats instances.json",
                                     "embedmask data stats instances.json --html stats.html"});
    command->add_option("ANN", options->data, "COCO annotation file")->required();
    command->add_option("--html", options->html, "write a page with histograms");
    command->add_flag("--json", options->json, "numbers as JSON");
    command->callback([options] { print_statistics(*options); });
}

void add_split(CLI::App& data) {
    auto options = std::make_shared<SplitOptions>();
    CLI::App* command = add_command(
        data, "split", "A training and a validation file, alike in their categories",
        {"embedmask data split instances.json --out instances",
         "embedmask data split instances.json --out instances --fraction 0.1 --seed 7"});
    command->add_option("ANN", options->data, "COCO annotation file")->required();
    command->add_option("--out", options->out, "OUT-train.json and OUT-val.json")->required();
    command->add_option("--fraction", options->fraction, "share of the images in val (0.2)");
    command->add_option("--seed", options->seed, "same seed, same split (1)");
    command->callback([options] { split_dataset(*options); });
}

void add_merge(CLI::App& data) {
    auto options = std::make_shared<MergeOptions>();
    CLI::App* command =
        add_command(data, "merge", "One annotation file of several",
                    {"embedmask data merge a.json b.json --out all.json",
                     "embedmask data merge a.json b.json --out all.json --renumber"});
    command->add_option("ANN", options->data, "COCO annotation files")->required();
    command->add_option("--out", options->out, "the merged file")->required();
    command->add_flag("--renumber", options->renumber, "new ids where two files use the same one");
    command->callback([options] { merge_datasets(*options); });
}

void add_filter(CLI::App& data) {
    auto options = std::make_shared<FilterOptions>();
    CLI::App* command = add_command(
        data, "filter", "Keep some categories or objects; ids stay as they are",
        {"embedmask data filter instances.json --categories person,car --used --out cars.json",
         "embedmask data filter instances.json --no-crowds --min-area 16 --out plain.json"});
    command->add_option("ANN", options->data, "COCO annotation file")->required();
    command->add_option("--out", options->out, "the filtered file")->required();
    command->add_option("--categories", options->categories, "names or ids to keep")
        ->delimiter(',');
    command->add_flag("--used", options->used, "drop images and categories without objects");
    command->add_flag("--no-crowds", options->no_crowds, "drop crowds");
    command->add_option("--min-area", options->min_area, "drop smaller objects, pixels");
    command->callback([options] { filter_dataset(*options); });
}

void add_show(CLI::App& data) {
    auto options = std::make_shared<ShowOptions>();
    CLI::App* command = add_command(
        data, "show", "Draw the ground truth, beside detections if given",
        {"embedmask data show instances.json --images photos/ --out drawn/",
         "embedmask data show ann.json --images photos/ --results segm.json --out drawn/ --id 42"});
    command->add_option("ANN", options->data, "COCO annotation file")->required();
    command->add_option("--images", options->images, "folder of the photos")->required();
    command->add_option("--out", options->out, "folder for the pictures")->required();
    command->add_option("--results", options->results, "COCO results file, drawn on the right");
    command->add_option("--score", options->score, "detections from this score on (0.3)");
    command->add_option("--id", options->ids, "only these images");
    command->callback([options] { show(*options); });
}

void add_convert(CLI::App& data) {
    auto options = std::make_shared<ConvertOptions>();
    CLI::App* command = add_command(
        data, "convert",
        "COCO to and from labelme, YOLO-seg, VOC pictures, mask pictures; from LVIS",
        {"embedmask data convert instances.json --to yolo --out labels/",
         "embedmask data convert labels/ --from yolo --images photos/ --out instances.json"});
    command->add_option("INPUT", options->input, "COCO file, or what is to be imported")
        ->required();
    command->add_option("--out", options->out, "folder, or the COCO file")->required();
    auto* to = command->add_option("--to", options->to, "labelme, yolo, voc, masks")
                   ->check(CLI::IsMember(kExportForms));
    command->add_option("--from", options->from, "labelme, yolo, voc, masks, lvis")
        ->check(CLI::IsMember(kImportForms))
        ->excludes(to);
    command->add_option("--images", options->images, "folder of the photos, for --from");
    command->callback([options] {
        if (options->to.empty() == options->from.empty())
            throw CLI::ValidationError("data convert needs --to or --from");
        options->to.empty() ? import_dataset(*options) : export_dataset(*options);
    });
}

}  // namespace

void add_data_command(CLI::App& app) {
    CLI::App* command =
        add_command(app, "data", "Check, count, convert, split, merge, filter and draw data sets",
                    {"embedmask data check instances.json --images photos/",
                     "embedmask data split instances.json --out instances"});
    command->require_subcommand(1);
    add_check(*command);
    add_stats(*command);
    add_convert(*command);
    add_split(*command);
    add_merge(*command);
    add_filter(*command);
    add_show(*command);
}

}  // namespace embedmask::cli
