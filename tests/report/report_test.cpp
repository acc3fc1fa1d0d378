// Reports carry the names of their numbers, all settings, and the fingerprint of the data.
#include "report/report.h"

#include <gtest/gtest.h>

#include "base/atomic_file.h"
#include "base/file.h"
#include "embedmask/error.h"
#include "predictor/tiny_model.h"
#include "report/compare.h"
#include "report/csv.h"
#include "report/html.h"
#include "report/json.h"
#include "scoring/score.h"
#include "test_data.h"

namespace embedmask::report {
namespace {

using nlohmann::json;
using testing::message_of;

constexpr const char* kTruth = R"({
 "images":[{"id":1,"file_name":"a.png","width":64,"height":48},
           {"id":2,"file_name":"b.png","width":64,"height":48}],
 "categories":[{"id":1,"name":"cat"},{"id":2,"name":"dog, \"big\""},{"id":3,"name":"unused"}],
 "annotations":[
  {"id":1,"image_id":1,"category_id":1,"bbox":[5,5,20,15],"area":300},
  {"id":2,"image_id":1,"category_id":2,"bbox":[30,10,20,20],"area":400},
  {"id":3,"image_id":2,"category_id":1,"bbox":[10,10,30,30],"area":900}]})";
constexpr const char* kFound = R"([
 {"image_id":1,"category_id":1,"bbox":[5,5,20,15],"score":0.9},
 {"image_id":1,"category_id":2,"bbox":[31,10,20,20],"score":0.8},
 {"image_id":2,"category_id":1,"bbox":[12,12,30,30],"score":0.7}])";

std::vector<std::string> split(const std::string& text, char separator) {
    std::vector<std::string> parts(1);
    bool quoted = false;
    for (const char c : text) {
        quoted = quoted != (c == '"');
        if (c == separator && !quoted) {
            parts.emplace_back();
        } else {
            parts.back().push_back(c);
        }
    }
    return parts;
}

class Reports : public ::testing::Test {
protected:
    Reports()
        : dataset_(parse_dataset(kTruth, "ann.json")),
          results_{parse_results(kFound, "res.json"), {}} {}

    [[nodiscard]] Report report(const EvaluationOptions& evaluation, bool analysis = false) const {
        scoring::ScoreOptions options;
        options.types = {IouType::bbox};
        options.evaluation = evaluation;
        options.evaluation.per_image = true;
        options.tide = analysis;
        options.confusion = analysis;
        Report report{"ann.json",
                      "res.json",
                      &dataset_,
                      scoring::score_results(dataset_, results_, options, "res.json"),
                      {}};
        scoring::add_error_analysis(report.types, dataset_, results_, options);
        return report;
    }
    [[nodiscard]] std::filesystem::path file(const std::string& name) const {
        return folder_.path() / name;
    }
    [[nodiscard]] std::filesystem::path written(const std::string& name,
                                                const EvaluationOptions& options) const {
        write_json(file(name), report(options));
        return file(name);
    }
    static std::string text(const std::filesystem::path& path) {
        const auto bytes = detail::read_file(path);
        return {bytes.begin(), bytes.end()};
    }
    /// Rewrites a report as `change` says.
    [[nodiscard]] std::filesystem::path changed(const std::string& name,
                                                const std::filesystem::path& path,
                                                const std::function<void(json&)>& change) const {
        json content = testing::read_json(path);
        change(content);
        detail::write_file_atomically(file(name), content.dump());
        return file(name);
    }

    testing::TemporaryFolder folder_;
    Dataset dataset_;
    scoring::ResultSets results_;
};

TEST_F(Reports, TheListOfTwelveStaysWithTheSettingsOfCoco) {
    const json content = testing::read_json(written("r.json", {}));
    ASSERT_TRUE(content["stats"]["bbox"].is_array());
    EXPECT_EQ(content["stats"]["bbox"].size(), 12U);
    for (const char* name : kStatNames) {
        EXPECT_TRUE(content["per_category"]["bbox"][0].contains(name)) << name;
    }
    const json& settings = content["settings"];
    EXPECT_EQ(settings["types"], json({"bbox"}));
    EXPECT_EQ(settings["iou_thresholds"].size(), 10U);
    EXPECT_EQ(settings["area_ranges"][1], json({{"name", "small"}, {"low", 0}, {"high", 1024}}));
    EXPECT_EQ(settings["max_detections"], json({1, 10, 100}));
    EXPECT_EQ(settings["class_agnostic"], false);
    EXPECT_EQ(settings["bootstrap_samples"], 0);
    EXPECT_EQ(content["data_fingerprint"], data_fingerprint(dataset_));
    EXPECT_EQ(data_fingerprint(dataset_).size(), 18U);
}

TEST_F(Reports, OtherSettingsNameTheirNumbers) {
    const EvaluationOptions options{.iou_thresholds = {0.3},
                                    .area_ranges = {{"all", 0, 1e10}, {"a,\"b\"", 0, 350}},
                                    .max_detections = {1, 10, 100, 1000}};
    const json content = testing::read_json(written("r.json", options));
    const std::set<std::string> expected{"AP",   "AP30",  "AP a,\"b\"", "AR1",
                                         "AR10", "AR100", "AR1000",     "AR a,\"b\""};
    std::set<std::string> names;
    for (const auto& [name, value] : content["stats"]["bbox"].items()) {
        names.insert(name);
        EXPECT_GE(value, 0) << name << ": no column of -1";
    }
    EXPECT_EQ(names, expected);
    for (const std::string& name : expected) {
        EXPECT_TRUE(content["per_category"]["bbox"][1].contains(name)) << name;
    }
    write_csv(file("r.csv"), report(options));
    const auto lines = split(text(file("r.csv")), '\n');
    ASSERT_EQ(lines.size(), 6U) << "the head, all, three categories, the end";
    const auto head = split(lines[0], ',');
    EXPECT_EQ(head[4], "AP30");
    EXPECT_EQ(head[5], R"("AP a,""b""")");
    for (const std::string& line : {lines[1], lines[2], lines[3], lines[4]}) {
        EXPECT_EQ(split(line, ',').size(), head.size()) << line;
    }
    const auto row = split(lines[1], ',');
    const auto column = [&](const std::string& name) {
        return row.at(static_cast<std::size_t>(std::ranges::find(head, name) - head.begin()));
    };
    EXPECT_EQ(column("iou_thresholds"), "\"0.3\"");
    EXPECT_EQ(column("max_detections"), "\"1 10 100 1000\"");
    EXPECT_EQ(column("area_ranges"), R"("all=0:10000000000; a,""b""=0:350")");
    EXPECT_EQ(column("data_fingerprint"), "\"" + data_fingerprint(dataset_) + "\"");

    EXPECT_TRUE(write_html(file("r.html"), report(options, true), results_.boxes, {}).empty());
    const std::string page = text(file("r.html"));
    EXPECT_NE(page.find("<div>AR1000<b>"), std::string::npos);
    EXPECT_NE(page.find("<div>AP30<b>"), std::string::npos);
    EXPECT_NE(page.find(data_fingerprint(dataset_)), std::string::npos);
    EXPECT_EQ(page.find("AP75"), std::string::npos);
}

TEST_F(Reports, SettingsOfAModelRunAreWritten) {
    Report of_model = report({});
    of_model.model = scoring::ModelSettings{"fp32", 0.05, 0.5, 416, 693, {"cat", "dog"}};
    write_json(file("m.json"), of_model);
    EXPECT_EQ(testing::read_json(file("m.json"))["settings"]["model"],
              json({{"precision", "fp32"},
                    {"score_threshold", 0.05},
                    {"mask_threshold", 0.5},
                    {"short_side", 416},
                    {"max_side", 693},
                    {"categories", {"cat", "dog"}}}));
    write_csv(file("m.csv"), of_model);
    EXPECT_NE(text(file("m.csv")).find(R"("fp32","0.05","0.5","416","693","cat; dog")"),
              std::string::npos);
}

TEST_F(Reports, ReportsOfOtherSettingsAreNotCompared) {
    const auto before = written("a.json", {});
    const std::pair<EvaluationOptions, const char*> others[] = {
        {{.iou_thresholds = {0.3}}, "--iou is \"0.5 0.55"},
        {{.area_ranges = {{"all", 0, 1e10}, {"tiny", 0, 9}}}, "--area"},
        {{.max_detections = {1, 10, 300}}, "--max-dets is \"1 10 100\""},
        {{.class_agnostic = true}, "--class-agnostic is \"false\""}};
    for (const auto& [options, message] : others) {
        const auto after = written("b.json", options);
        EXPECT_NE(message_of([&] { compare_reports(before, after); }).find(message),
                  std::string::npos)
            << message_of([&] { compare_reports(before, after); });
        EXPECT_NO_THROW(compare_reports(after, after));
    }
    // The decimals of 0.5:0.95:0.05 differ from those of COCO in the last bits.
    EXPECT_NO_THROW(compare_reports(
        before, written("b.json", {.iou_thresholds = {0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85,
                                                      0.9, 0.95}})));
    EXPECT_TRUE(compare_reports(before, before).warnings.empty());
}

TEST_F(Reports, OtherDataAndUnknownSettingsAreAWarning) {
    const auto before = written("a.json", {});
    const auto other =
        changed("b.json", before, [](json& content) { content["data_fingerprint"] = "0x1"; });
    auto comparison = compare_reports(before, other);
    ASSERT_EQ(comparison.warnings.size(), 1U);
    EXPECT_NE(comparison.warnings[0].find("different data"), std::string::npos);
    const auto old = changed("c.json", before, [](json& content) {
        content.erase("settings");
        content.erase("data_fingerprint");
    });
    comparison = compare_reports(old, before);
    ASSERT_EQ(comparison.warnings.size(), 1U);
    EXPECT_NE(comparison.warnings[0].find("c.json: no settings"), std::string::npos);
    EXPECT_EQ(comparison.types.at(0).stats.size(), 12U);
}

TEST_F(Reports, UndefinedValuesAreNotSubtracted) {
    const auto before = written("a.json", {});
    const auto after = changed("b.json", before, [](json& content) {
        content["stats"]["bbox"][1] = -1;
        content["per_category"]["bbox"][0]["AP"] = -1;
        content["per_category"]["bbox"][1]["AP"] = 0.25;
        content["images"]["bbox"].erase(0);
    });
    const Comparison comparison = compare_reports(before, after);
    const TypeComparison& item = comparison.types.at(0);
    EXPECT_FALSE(item.stats[1].is_defined());
    EXPECT_TRUE(item.stats[0].is_defined());
    ASSERT_EQ(item.categories.numbers.size(), 1U);
    EXPECT_EQ(item.categories.numbers[0].after, 0.25);
    ASSERT_EQ(item.categories.undefined.size(), 1U);
    EXPECT_EQ(item.categories.undefined[0].name, "cat");
    ASSERT_EQ(item.images.undefined.size(), 1U);
    EXPECT_EQ(item.images.undefined[0].name, "image 1");
    EXPECT_TRUE(item.images.numbers.empty());
}

TEST_F(Reports, ManyCategoriesAreWrittenSparsely) {
    for (std::int64_t id = 10; id < 3000; ++id) {
        dataset_.categories.push_back({id, "", ""});
    }
    write_json(file("r.json"), report({}, true));
    const json content = testing::read_json(file("r.json"));
    const json& confusion = content["confusion"]["bbox"];
    EXPECT_FALSE(confusion.contains("counts"));
    EXPECT_EQ(confusion["cells"], json({{0, 0, 2}, {1, 1, 1}}));
    EXPECT_EQ(content["per_category"]["bbox"].size(), 2993U);
    EXPECT_TRUE(content["curves"]["bbox"].empty());
}

TEST_F(Reports, FewCategoriesKeepAllCounts) {
    write_json(file("r.json"), report({}, true));
    const json counts = testing::read_json(file("r.json"))["confusion"]["bbox"]["counts"];
    EXPECT_EQ(counts, json({{2, 0, 0, 0}, {0, 1, 0, 0}, {0, 0, 0, 0}, {0, 0, 0, 0}}));
}

TEST_F(Reports, TideTellsWhyItsNumberIsAnother) {
    EXPECT_EQ(tide_note(report({}, true).types[0]), "");
    EXPECT_EQ(tide_note(report({}).types[0]), "") << "no TIDE";
    Report cut = report({}, true);
    cut.types[0].tide->cut_images = 2;
    EXPECT_NE(tide_note(cut.types[0]).find("(2 images have more)"), std::string::npos);
    cut.types[0].tide->ap = 62.38;
    EXPECT_NE(tide_note(cut.types[0]).find("its AP50 of 62.38 is not the 100.00 of the table"),
              std::string::npos);
    cut.types[0].tide->cut_images = 0;
    EXPECT_NE(tide_note(cut.types[0]), "") << "never without a word";
}

TEST_F(Reports, AnImageThatCannotBeReadIsReplacedByTheReason) {
    write_png(file("a.png"), testing::pattern(64, 48));
    const auto problems =
        write_html(file("r.html"), report({}, true), results_.boxes, folder_.path());
    ASSERT_EQ(problems.size(), 1U);
    EXPECT_NE(problems[0].find("b.png"), std::string::npos);
    const std::string page = text(file("r.html"));
    EXPECT_NE(page.find("<p>" + problems[0].substr(0, 10)), std::string::npos);
    EXPECT_NE(page.find("base64"), std::string::npos);
    EXPECT_NE(page.find("</html>"), std::string::npos);
    std::filesystem::create_symlink("b.png", file("b.png"));
    EXPECT_EQ(write_html(file("r.html"), report({}), results_.boxes, folder_.path()).size(), 1U)
        << "a link to itself";
}

}  // namespace
}  // namespace embedmask::report
