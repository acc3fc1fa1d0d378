// Formats that are only written: GeoJSON and measurements; and the files beside pre-labels.
#include <gtest/gtest.h>

#include <cmath>
#include <sstream>

#include "embedmask/data.h"
#include "embedmask/error.h"
#include "mask/filled_rings.h"
#include "render/masks.h"
#include "test_data.h"

namespace embedmask {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using testing::message_of;

// An object with a hole and a second part, a polygon, a box and a crowd.
Dataset cells() {
    Dataset data;
    data.source = "cells.json";
    data.has_annotations = true;
    data.categories = {{4, "cell"}, {9, "de,bris \"x\""}};
    data.images = {{7, 12, 6, "plate 1.png"}};
    const Rle mask = testing::drawn_mask({"............", ".####.......", ".#..#...##..",
                                          ".####...##..", "............", "............"});
    Annotation holed;
    holed.id = 11;
    holed.image_id = 7;
    holed.category_id = 4;
    holed.segmentation = {Segmentation::Format::rle, {}, mask};
    Annotation polygon = holed;
    polygon.id = 12;
    polygon.category_id = 9;
    polygon.segmentation = {Segmentation::Format::polygons, {{1, 1, 5, 1, 5, 4, 1, 4}}, {}};
    Annotation box = holed;
    box.id = 13;
    box.box = CocoBox{2, 2, 3.5, 2};
    box.segmentation = {};
    Annotation crowd = holed;
    crowd.id = 14;
    crowd.crowd = true;
    data.annotations = {holed, polygon, box, crowd};
    return data;
}

std::string text_of(const fs::path& path) {
    std::ostringstream text;
    text << std::ifstream(path, std::ios::binary).rdbuf();
    return text.str();
}

TEST(GeoJson, OutlinesAndHolesGiveTheMask) {
    const testing::TemporaryFolder folder;
    const Dataset data = cells();
    const ExportReport report = export_dataset(data, folder.path(), LabelFormat::geojson);
    EXPECT_EQ(report.crowds_left_out, 1U);
    const json file = testing::read_json(folder.path() / "plate 1.geojson");
    EXPECT_EQ(file["type"], "FeatureCollection");
    ASSERT_EQ(file["features"].size(), 3U);
    const json& holed = file["features"][0];
    EXPECT_EQ(holed["geometry"]["type"], "MultiPolygon");
    EXPECT_EQ(holed["properties"]["objectType"], "annotation");
    EXPECT_EQ(holed["properties"]["classification"]["name"], "cell");
    EXPECT_EQ(holed["properties"]["annotation_id"], 11);
    std::vector<mask::Ring> rings;
    for (const json& polygon : holed["geometry"]["coordinates"]) {
        for (const json& points : polygon) {
            EXPECT_EQ(points.front(), points.back()) << "rings are closed";
            mask::Ring& ring = rings.emplace_back();
            for (std::size_t i = 0; i + 1 < points.size(); ++i) {
                ring.push_back({points[i][0], points[i][1]});
            }
        }
    }
    EXPECT_EQ(rings.size(), 3U);
    EXPECT_EQ(testing::to_rle(testing::fill(rings, 12, 6), 12, 6),
              data.annotations[0].segmentation.rle);
    EXPECT_EQ(file["features"][1]["geometry"]["coordinates"],
              json::parse("[[[1,1],[5,1],[5,4],[1,4],[1,1]]]"));
    EXPECT_EQ(file["features"][2]["geometry"]["coordinates"],
              json::parse("[[[2,2],[5.5,2],[5.5,4],[2,4],[2,2]]]"));
}

TEST(Measurements, OneLinePerObjectInTheUnitOfThePixels) {
    const testing::TemporaryFolder folder;
    const fs::path path = folder.path() / "cells.csv";
    const ExportReport report =
        export_dataset(cells(), path, LabelFormat::csv, {.pixel_size = 0.5});
    EXPECT_EQ(report.objects_without_mask, 1U);
    std::istringstream lines(text_of(path));
    std::string line;
    std::getline(lines, line);
    EXPECT_EQ(
        line,
        "image_id,file_name,annotation_id,category_id,category,score,area,perimeter,centroid_x,"
        "centroid_y,box_x,box_y,box_width,box_height,feret_max,feret_min,feret_angle");
    std::getline(lines, line);
    EXPECT_TRUE(line.starts_with("7,plate 1.png,11,4,cell,1,3.5,")) << line;
    std::getline(lines, line);
    // 4 x 3 pixels of side 0.5.
    EXPECT_TRUE(line.starts_with("7,plate 1.png,12,9,\"de,bris \"\"x\"\"\",1,3,")) << line;
    EXPECT_TRUE(line.ends_with(",1.5,1.25,0.5,0.5,2,1.5,2.5,1.5,36.87") ||
                line.ends_with(",1.5,1.25,0.5,0.5,2,1.5,2.5,1.5,143.13"))
        << line;
    EXPECT_FALSE(std::getline(lines, line));
    EXPECT_FALSE(fs::exists(folder.path() / "categories.json")) << "one file, which the user names";
    EXPECT_NE(message_of([&] {
                  (void)export_dataset(cells(), path, LabelFormat::csv, {.pixel_size = 0});
              }).find("pixel_size 0"),
              std::string::npos);
}

TEST(PreLabels, ComeWithTheSetUpOfTheirProject) {
    const testing::TemporaryFolder folder;
    (void)export_dataset(cells(), folder.path() / "cvat", LabelFormat::cvat);
    const json labels = testing::read_json(folder.path() / "cvat" / "labels.json");
    EXPECT_EQ(labels[1]["name"], "de,bris \"x\"");
    (void)export_dataset(cells(), folder.path() / "ls", LabelFormat::label_studio,
                         {.image_prefix = "https://host/i?f="});
    const std::string config = text_of(folder.path() / "ls" / "config.xml");
    EXPECT_NE(config.find("<BrushLabels name=\"brush\" toName=\"image\">"), std::string::npos);
    EXPECT_NE(config.find("<Label value=\"de,bris &quot;x&quot;\"/>"), std::string::npos);
    const json tasks = testing::read_json(folder.path() / "ls" / "tasks.json");
    EXPECT_EQ(tasks[0]["data"]["image"], "https://host/i?f=plate%201.png");
    // What Label Studio needs of a result to show it.
    for (const json& result : tasks[0]["predictions"][0]["result"]) {
        EXPECT_EQ(result["to_name"], "image");
        EXPECT_NE(config.find("name=\"" + result["from_name"].get<std::string>() + "\""),
                  std::string::npos);
        EXPECT_EQ(result["original_width"], 12);
        EXPECT_EQ(result["value"][result["type"].get<std::string>()].size(), 1U);
    }
}

TEST(PreLabels, FilesOfOthersAreNotReplaced) {
    const testing::TemporaryFolder folder;
    std::ofstream(folder.path() / "annotations.xml") << "corrected by hand";
    EXPECT_NE(message_of([&] {
                  (void)export_dataset(cells(), folder.path(), LabelFormat::cvat);
              }).find("annotations.xml"),
              std::string::npos);
    EXPECT_EQ(text_of(folder.path() / "annotations.xml"), "corrected by hand");
    (void)export_dataset(cells(), folder.path(), LabelFormat::cvat, {.force = true});
    (void)export_dataset(cells(), folder.path(), LabelFormat::cvat);  // into its own folder again
    Dataset twice = cells();
    twice.categories[1].name = "cell";
    EXPECT_NE(message_of([&] {
                  (void)export_dataset(twice, folder.path() / "b", LabelFormat::cvat);
              }).find("duplicate category name \"cell\": cvat files"),
              std::string::npos);
}

}  // namespace
}  // namespace embedmask
