// The public functions of embedmask/data.h; what they do with broken files is tested end to end.
#include "embedmask/data.h"

#include <gtest/gtest.h>

#include "embedmask/error.h"
#include "embedmask/image.h"
#include "test_data.h"

namespace embedmask {
namespace {

using testing::message_of;

class Data : public ::testing::Test {
protected:
    void SetUp() override {
        std::ofstream(path("all.json")) << R"({"info":{"year":2026},"images":[
 {"id":1,"width":20,"height":10,"file_name":"1.png"},{"id":2,"width":20,"height":10,"file_name":"2.png"},
 {"id":3,"width":20,"height":10,"file_name":"3.png"},{"id":4,"width":20,"height":10,"file_name":"4.png"}],
 "categories":[{"id":5,"name":"cat"},{"id":7,"name":"dog"}],
 "annotations":[
 {"id":1,"image_id":1,"category_id":5,"bbox":[0,0,9,9],"area":81,"segmentation":[[0,0,9,0,9,9,0,9]]},
 {"id":2,"image_id":2,"category_id":5,"bbox":[2,2,4,4],"area":16,"segmentation":[[2,2,6,2,6,6,2,6]]},
 {"id":3,"image_id":3,"category_id":5,"bbox":[0,0,9,9],"area":81,"iscrowd":1,
  "segmentation":{"size":[10,20],"counts":[0,200]}}]})";
        std::filesystem::create_directory(path("images"));
        for (const char* name : {"1.png", "2.png", "3.png", "4.png"}) {
            write_png(path("images") / name, Image{{20, 10}, std::vector<std::uint8_t>(600, 90)});
        }
    }

    [[nodiscard]] std::filesystem::path path(const std::string& name) const {
        return folder_.path() / name;
    }

    testing::TemporaryFolder folder_;
};

TEST_F(Data, CheckReturnsFindings) {
    const DatasetCheck check = check_dataset(path("all.json"), {.images = path("images")});
    EXPECT_EQ(check.problems(), 0U);
    EXPECT_FALSE(check.repaired);
    ASSERT_EQ(check.findings.size(), 2U) << "both harmless";
    EXPECT_EQ(check.findings[0].name, "unused category");
    EXPECT_EQ(check.findings[1].name, "image without objects");
    EXPECT_EQ(check.findings[1].count, 1U);

    std::filesystem::remove(path("images") / "2.png");
    const DatasetCheck missing = check_dataset(
        path("all.json"), {.images = path("images"), .repaired = path("repaired.json")});
    EXPECT_EQ(missing.problems(), 1U);
    EXPECT_TRUE(missing.repaired);
    EXPECT_EQ(read_dataset(path("repaired.json")).annotations.size(), 3U);
}

TEST_F(Data, SplitAndMergeGoThereAndBack) {
    const SplitReport split =
        split_dataset(path("all.json"), path("train.json"), path("val.json"), {.fraction = 0.5});
    EXPECT_EQ(split.train_images, 2U);
    EXPECT_EQ(split.val_images, 2U);
    EXPECT_EQ(read_dataset(path("val.json")).images.size(), 2U);
    EXPECT_EQ(merge_datasets({path("train.json"), path("val.json")}, path("merged.json")).written,
              (DatasetCounts{4, 3, 2}));
    EXPECT_THROW(merge_datasets({path("all.json"), path("val.json")}, path("twice.json")), Error);
    EXPECT_EQ(
        merge_datasets({path("all.json"), path("all.json")}, path("twice.json"), {.renumber = true})
            .written,
        (DatasetCounts{8, 6, 2}));
    EXPECT_EQ(check_dataset(path("twice.json")).findings.at(0).name, "two images share a file");
}

TEST_F(Data, MergeMapsCategoriesByName) {
    std::ofstream(path("other.json"))
        << R"({"images":[{"id":9,"width":20,"height":10,"file_name":"9.png"}],
 "categories":[{"id":5,"name":"dog"},{"id":2,"name":"cat"},{"id":7,"name":"cow"}],
 "annotations":[{"id":10,"image_id":9,"category_id":5,"bbox":[0,0,9,9]},
 {"id":11,"image_id":9,"category_id":2,"bbox":[0,0,9,9]},
 {"id":12,"image_id":9,"category_id":7,"bbox":[0,0,9,9]},
 {"id":13,"image_id":77,"category_id":7,"bbox":[0,0,9,9]}]})";
    const std::vector<std::filesystem::path> files{path("all.json"), path("other.json")};
    EXPECT_NE(message_of([&] { merge_datasets(files, path("m.json")); }).find("conflicts"),
              std::string::npos);
    const MergeReport report = merge_datasets(files, path("m.json"), {.by_name = true});
    EXPECT_EQ(report.left_out, 1U) << "its image is not listed";
    EXPECT_EQ(report.written, (DatasetCounts{5, 6, 3}));
    ASSERT_EQ(report.mapped.size(), 3U);
    EXPECT_EQ(report.mapped[0].name, "dog");
    EXPECT_EQ(report.mapped[0].from, 5);
    EXPECT_EQ(report.mapped[0].to, 7);
    const Dataset merged = read_dataset(path("m.json"));
    std::map<std::int64_t, std::string> names;
    for (const Category& category : merged.categories) {
        names[category.id] = category.name;
    }
    EXPECT_EQ(names, (std::map<std::int64_t, std::string>{{5, "cat"}, {7, "dog"}, {8, "cow"}}));
    EXPECT_EQ(names[merged.annotations[3].category_id], "dog");
    EXPECT_EQ(names[merged.annotations[4].category_id], "cat");
    EXPECT_EQ(names[merged.annotations[5].category_id], "cow");
}

TEST_F(Data, OutputsAreNeverInputs) {
    const auto all = path("all.json");
    EXPECT_THROW(split_dataset(all, all, path("val.json")), Error);
    EXPECT_THROW(split_dataset(all, path("train.json"), path("train.json")), Error);
    EXPECT_THROW(filter_dataset(all, all, {}), Error);
    EXPECT_THROW(merge_datasets({all}, all), Error);
    EXPECT_EQ(read_dataset(all).images.size(), 4U) << "untouched";
}

TEST_F(Data, OptionsOutOfRangeAreNamed) {
    try {
        split_dataset(path("all.json"), path("a.json"), path("b.json"), {.fraction = 1});
        FAIL() << "no error";
    } catch (const Error& error) {
        EXPECT_EQ(error.kind(), ErrorKind::usage);
        EXPECT_STREQ(error.what(), "SplitOptions::fraction 1: expected a number between 0 and 1");
    }
    EXPECT_THROW(merge_datasets({}, path("a.json")), Error);
    EXPECT_THROW(import_dataset(path("labels"), path("a.json"), {}), Error);
    EXPECT_THROW(export_dataset({}, path("labels"), LabelFormat::lvis), Error);
}

TEST_F(Data, FilterCountsWhatIsLeft) {
    const auto filter = [&](const FilterOptions& options) {
        return filter_dataset(path("all.json"), path("filtered.json"), options);
    };
    EXPECT_EQ(filter({}), (DatasetCounts{4, 3, 2}));
    EXPECT_EQ(filter({.no_crowds = true}), (DatasetCounts{4, 2, 2}));
    EXPECT_EQ(filter({.categories = {"cat", " cat ", "5"}}), (DatasetCounts{4, 3, 1}));
    EXPECT_EQ(filter({.categories = {"cat", "7"}, .used = true, .min_area = 20}),
              (DatasetCounts{2, 2, 1}));
    EXPECT_NE(message_of([&] { filter({.categories = {"cow"}}); }).find("no category \"cow\""),
              std::string::npos);
}

TEST_F(Data, StatisticsCountByCategory) {
    const DatasetStatistics statistics = dataset_statistics(read_dataset(path("all.json")));
    EXPECT_EQ(statistics.counts, (DatasetCounts{4, 3, 2}));
    EXPECT_EQ(statistics.images_without_objects, 1U);
    ASSERT_EQ(statistics.categories.size(), 2U);
    const CategoryStatistics& cats = statistics.categories[0];
    EXPECT_EQ(cats.name, "cat");
    EXPECT_EQ(cats.images, 3U);
    EXPECT_EQ(cats.objects, 3U);
    EXPECT_EQ(cats.crowds, 1U);
    EXPECT_EQ(cats.without_mask, 0U);
    EXPECT_EQ(cats.small, 3U);
    EXPECT_EQ(cats.median_area, 81);
    EXPECT_EQ(statistics.categories[1].median_area, 0);
    ASSERT_EQ(statistics.histograms.size(), 3U);
    const auto& bars = statistics.histograms[0].bars;
    ASSERT_EQ(bars.size(), 2U);
    EXPECT_EQ(bars[0].label, "0");
    EXPECT_EQ(bars[0].count, 1U);
    EXPECT_EQ(bars[1].label, "1-1");
    EXPECT_EQ(bars[1].count, 3U);
}

TEST_F(Data, FormatsAreKnownByTheirNames) {
    for (const LabelFormat format : kLabelFormats) {
        EXPECT_EQ(label_format(name_of(format)), format);
        EXPECT_TRUE(can_export(format) || can_import(format)) << name_of(format);
    }
    EXPECT_EQ(label_format("coco"), std::nullopt);
    EXPECT_EQ(label_format(""), std::nullopt);
}

TEST_F(Data, ExportsAreImportedAgain) {
    const Dataset before = read_dataset(path("all.json"));
    for (const LabelFormat format :
         {LabelFormat::labelme, LabelFormat::yolo, LabelFormat::voc, LabelFormat::masks}) {
        SCOPED_TRACE(name_of(format));
        const auto labels = path(name_of(format));
        const ExportReport report = export_dataset(before, labels, format);
        EXPECT_EQ(report.images, 4U);
        EXPECT_EQ(report.crowds_left_out, format == LabelFormat::voc ? 0U : 1U);
        EXPECT_EQ(report.objects_without_mask, 0U);
        const DatasetImport import =
            import_dataset(labels, path("back.json"), {.from = format, .images = path("images")});
        EXPECT_EQ(import.written, (DatasetCounts{4, 2, 2}));
        const Dataset after = read_dataset(path("back.json"));
        EXPECT_EQ(after.categories, before.categories);
        EXPECT_EQ(after.annotations.at(0).box, before.annotations.at(0).box);
    }
}

}  // namespace
}  // namespace embedmask
