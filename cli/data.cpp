// embedmask data: maintain annotation files.
#include "data.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <memory>

#include "base/atomic_file.h"
#include "base/input_files.h"
#include "base/output_folder.h"
#include "base/standard_output.h"
#include "command.h"
#include "data/formats/label_folders.h"
#include "data/recorded_image.h"
#include "data/statistics_page.h"
#include "data_print.h"
#include "data_suspects.h"
#include "embedmask/data.h"
#include "embedmask/error.h"
#include "export_options.h"
#include "image/view.h"
#include "progress.h"
#include "report/side_by_side.h"

namespace embedmask::cli {
namespace {

struct ShowOptions {
    std::string data;
    std::string images;
    std::string out;
    std::string results;
    double score_threshold = 0.3;
    std::vector<std::int64_t> ids;
    bool force = false;
};

/// Overlays of the ground truth, next to the detections if there are any. Returns whether all
/// images could be read.
bool show(const ShowOptions& options) {
    const Dataset data = read_dataset(options.data);
    std::vector<Result> results;
    if (!options.results.empty()) {
        results = read_results(options.results);
        require_known_ids(data, results, options.results);
    }
    const ImageIndex index(data);
    for (const std::int64_t id : options.ids) {
        if (index.find(id) == nullptr) {
            throw Error(fmt::format("--id {}: {} has no such image", id, options.data));
        }
    }
    std::vector<const ImageRecord*> images;
    std::vector<std::string> names;
    std::size_t skipped = 0;
    detail::InputFiles inputs;
    inputs.add(options.data);
    inputs.add(options.results);
    data::add_images(inputs, data, options.images);
    for (const ImageRecord& image : data.images) {
        if (!options.ids.empty() && std::ranges::count(options.ids, image.id) == 0) {
            continue;
        }
        std::string name;
        try {
            name = data::label_stem(image.file_name);
        } catch (const Error& error) {
            print_error("skipped", error);
            ++skipped;
            continue;
        }
        images.push_back(&image);
        names.push_back(fmt::format("{}-{}.jpg", name, image.id));
    }
    detail::OutputFolder folder(options.out);
    folder.require_replaceable(names, inputs, options.force);
    folder.create();
    const report::SideBySide drawing(data, results, options.images, options.score_threshold);
    std::size_t written = 0;
    for (std::size_t i = 0; i < images.size(); ++i) {
        Image drawn;
        try {
            drawn = drawing.draw(*images[i]);
        } catch (const Error& error) {
            print_error("skipped", error);
            ++skipped;
            continue;
        }
        folder.write(names[i], image::as_text(encode_jpeg(drawn)));
        ++written;
    }
    detail::say("wrote {} to {}\n", counted(written, "image"), options.out);
    return skipped == 0;
}

/// Some files could not be read, as the output tells; the others are done.
void fail_if(bool skipped) {
    if (skipped) {
        throw CLI::RuntimeError(1);
    }
}

void add_check(CLI::App& data) {
    struct Flags {
        std::string annotations;
        CheckOptions options;
        bool json = false;
    };
    auto flags = std::make_shared<Flags>();
    CLI::App* command = add_command(data, "check", "Report what is wrong with an annotation file",
                                    {"embedmask data check instances.json --images images/",
                                     "embedmask data check instances.json --fix repaired.json"});
    command->add_option("ANN", flags->annotations, "COCO annotation file")
        ->type_name("")
        ->required();
    command->add_option("--images", flags->options.images, "Image folder; every image is opened")
        ->type_name("DIR");
    command->add_option("--fix", flags->options.repaired, "Write a repaired copy to this file")
        ->type_name("FILE");
    command->add_flag("--json", flags->json, "Print the findings as JSON");
    command->callback([flags] {
        const DatasetCheck check = check_dataset(flags->annotations, flags->options);
        print_check(flags->annotations, check, flags->json);
        if (check.repaired) {
            detail::say("repaired file: {}\n", flags->options.repaired.string());
        } else if (check.problems() > 0) {
            throw CLI::RuntimeError(1);
        }
    });
}

void add_stats(CLI::App& data) {
    struct Flags {
        std::string annotations;
        std::string html;
        bool json = false;
    };
    auto flags = std::make_shared<Flags>();
    CLI::App* command = add_command(data, "stats", "Count objects and sizes by category",
                                    {"embedmask data stats instances.json",
                                     "embedmask data stats instances.json --html stats.html"});
    command->add_option("ANN", flags->annotations, "COCO annotation file")
        ->type_name("")
        ->required();
    command->add_option("--html", flags->html, "Write an HTML page with histograms")
        ->type_name("FILE");
    command->add_flag("--json", flags->json, "Print the numbers as JSON");
    command->callback([flags] {
        detail::InputFiles inputs;
        inputs.add(flags->annotations);
        inputs.require_other(flags->html);
        const auto statistics =
            dataset_statistics(read_dataset(flags->annotations, {.keep_problems = true}));
        print_statistics(statistics, flags->json);
        if (!flags->html.empty()) {
            detail::write_file_atomically(flags->html, data::statistics_page(statistics));
        }
    });
}

void add_split(CLI::App& data) {
    struct Flags {
        std::string annotations;
        std::string out;
        bool force = false;
        SplitOptions options;
    };
    auto flags = std::make_shared<Flags>();
    CLI::App* command = add_command(
        data, "split", "Split into training and validation files with similar category shares",
        {"embedmask data split instances.json --out instances",
         "embedmask data split instances.json --out instances --fraction 0.1 --seed 7"});
    command->add_option("ANN", flags->annotations, "COCO annotation file")
        ->type_name("")
        ->required();
    command->add_option("--out", flags->out, "Prefix: writes OUT-train.json and OUT-val.json")
        ->type_name("PREFIX")
        ->required();
    command
        ->add_option("--fraction", flags->options.fraction,
                     "Share of images in the validation file")
        ->capture_default_str();
    command->add_option("--seed", flags->options.seed, "Random seed")->capture_default_str();
    command->add_flag("--force", flags->force,
                      "Replace output files that this program did not write");
    command->callback([flags] {
        const std::filesystem::path train = flags->out + "-train.json";
        const std::filesystem::path val = flags->out + "-val.json";
        const std::vector<std::string> names{train.filename().string(), val.filename().string()};
        detail::OutputFolder folder(train.parent_path());
        detail::InputFiles inputs;
        inputs.add(flags->annotations);
        folder.require_replaceable(names, inputs, flags->force);
        print_split(train, val, split_dataset(flags->annotations, train, val, flags->options));
        for (const std::string& name : names) {
            folder.record(name);
        }
    });
}

void add_merge(CLI::App& data) {
    struct Flags {
        std::vector<std::filesystem::path> annotations;
        std::filesystem::path out;
        MergeOptions options;
    };
    auto flags = std::make_shared<Flags>();
    CLI::App* command =
        add_command(data, "merge", "Merge several annotation files",
                    {"embedmask data merge a.json b.json --out all.json",
                     "embedmask data merge a.json b.json --out all.json --renumber"});
    command->add_option("ANN", flags->annotations, "COCO annotation files")
        ->type_name("")
        ->required();
    command->add_option("--out", flags->out, "Merged file to write")->type_name("FILE")->required();
    command->add_flag("--renumber", flags->options.renumber,
                      "Give new image and annotation ids where files use the same ones");
    command->add_flag("--by-name", flags->options.by_name,
                      "Map categories by name where files use different ids");
    command->callback([flags] {
        print_merge(flags->out, merge_datasets(flags->annotations, flags->out, flags->options));
    });
}

void add_filter(CLI::App& data) {
    struct Flags {
        std::filesystem::path annotations;
        std::filesystem::path out;
        FilterOptions options;
    };
    auto flags = std::make_shared<Flags>();
    CLI::App* command = add_command(
        data, "filter", "Keep some categories or objects; ids do not change",
        {"embedmask data filter instances.json --categories person,car --used --out cars.json",
         "embedmask data filter instances.json --no-crowds --min-area 16 --out plain.json"});
    command->add_option("ANN", flags->annotations, "COCO annotation file")
        ->type_name("")
        ->required();
    command->add_option("--out", flags->out, "Filtered file to write")
        ->type_name("FILE")
        ->required();
    command
        ->add_option("--categories", flags->options.categories,
                     "Categories to keep: names or ids, separated by commas")
        ->delimiter(',');
    command->add_flag("--used", flags->options.used, "Drop images and categories without objects");
    command->add_flag("--no-crowds", flags->options.no_crowds, "Drop crowds");
    command->add_option("--min-area", flags->options.min_area,
                        "Drop objects with a smaller area, in pixels");
    command->callback([flags] {
        print_counts(flags->out, filter_dataset(flags->annotations, flags->out, flags->options));
    });
}

void add_show(CLI::App& data) {
    auto options = std::make_shared<ShowOptions>();
    CLI::App* command = add_command(
        data, "show", "Draw the ground truth and, with --results, the detections next to it",
        {"embedmask data show instances.json --images images/ --out drawn/",
         "embedmask data show ann.json --images images/ --results segm.json --out drawn/ --id 42"});
    command->add_option("ANN", options->data, "COCO annotation file")->type_name("")->required();
    command->add_option("--images", options->images, "Image folder")->type_name("DIR")->required();
    command->add_option("--out", options->out, "Output folder")->type_name("DIR")->required();
    command->add_option("--results", options->results, "COCO results file, drawn on the right")
        ->type_name("FILE");
    auto* threshold =
        command->add_option("--score-threshold", options->score_threshold, "Lowest score drawn")
            ->capture_default_str();
    add_alias(*command, threshold, "--score", options->score_threshold);
    command->add_option("--id", options->ids, "Draw only these image ids");
    command->add_flag("--force", options->force,
                      "Replace files in the output folder that this program did not write");
    command->callback([options] { fail_if(!show(*options)); });
}

std::vector<std::string> format_names(bool (*accepts)(LabelFormat)) {
    std::vector<std::string> names;
    for (const LabelFormat format : kLabelFormats) {
        if (accepts(format)) {
            names.emplace_back(name_of(format));
        }
    }
    return names;
}

struct ConvertFlags {
    std::string input;
    std::string out;
    std::string to;
    std::string from;
    std::string images;
    ExportOptions exports;
};

void convert(const ConvertFlags& flags) {
    const auto target = label_format(flags.to);
    const auto source = label_format(flags.from);
    if (target.has_value() == source.has_value()) {
        throw CLI::ValidationError("data convert needs --to or --from");
    }
    if (target) {
        ExportOptions options = flags.exports;
        options.images = flags.images;
        const ExportReport report =
            export_dataset(read_dataset(flags.input), flags.out, *target, options);
        print_export(flags.out, report, *target);
        return fail_if(!report.skipped.empty());
    }
    const DatasetImport import =
        import_dataset(flags.input, flags.out, {.from = *source, .images = flags.images});
    print_import(flags.out, import);
    fail_if(!import.skipped.empty());
}

void add_convert(CLI::App& data) {
    const std::vector<std::string> exports = format_names(can_export);
    const std::vector<std::string> imports = format_names(can_import);
    auto flags = std::make_shared<ConvertFlags>();
    CLI::App* command = add_command(
        data, "convert", "Convert between COCO and the formats of other tools",
        {"embedmask data convert instances.json --to yolo --out labels/",
         "embedmask data convert annotations.xml --from cvat --images images/ --out instances.json",
         "embedmask data convert cells.json --to csv --pixel-size 0.65 --out cells.csv"});
    command->add_option("INPUT", flags->input, "COCO file to export, or labels to import")
        ->type_name("")
        ->required();
    command
        ->add_option("--out", flags->out,
                     "Folder to write (--to; for csv a file), or COCO file (--from)")
        ->type_name("PATH")
        ->required();
    auto* to = command->add_option("--to", flags->to, "Format to export:\n" + in_lines(exports))
                   ->check(CLI::IsMember(exports));
    command->add_option("--from", flags->from, "Format to import:\n" + in_lines(imports))
        ->check(CLI::IsMember(imports))
        ->excludes(to);
    command
        ->add_option("--images", flags->images,
                     "Image folder; required by --from, except for cvat, label-studio and\n"
                     "lvis; with --to, labels of images with an EXIF orientation are turned\n"
                     "upright")
        ->type_name("DIR");
    add_export_options(*command, flags->exports, "--to");
    command->add_flag("--force", flags->exports.force,
                      "Replace label files that this program did not write (--to)");
    command->callback([flags] { convert(*flags); });
}

}  // namespace

void add_data_command(CLI::App& app) {
    CLI::App* command =
        add_command(app, "data", "Check, count, convert, split, merge, filter and draw datasets",
                    {"embedmask data check instances.json --images images/",
                     "embedmask data split instances.json --out instances"});
    command->require_subcommand(1);
    add_check(*command);
    add_stats(*command);
    add_convert(*command);
    add_split(*command);
    add_merge(*command);
    add_filter(*command);
    add_show(*command);
    add_data_suspects(*command);
}

}  // namespace embedmask::cli
