// Pascal VOC annotation files.
#include <gtest/gtest.h>

#include "data/label_import.h"

namespace embedmask {
namespace {

using testing::LabelImport;

std::string file_with(const std::string& objects, const std::string& about = "") {
    return "<annotation><folder>VOC</folder><filename>a.png</filename>"
           "<size><width>20</width><height>10</height><depth>3</depth></size>" +
           about + objects + "</annotation>";
}

std::string object(const char* name, const char* box) {
    return std::string("<object><name>") + name +
           "</name><difficult>1</difficult><part><name>head</name><bndbox><xmin>1</xmin><ymin>1</"
           "ymin>"
           "<xmax>2</xmax><ymax>2</ymax></bndbox></part><bndbox>" +
           box + "</bndbox></object>";
}

constexpr const char* kBox = "<xmin>3</xmin><ymin>2</ymin><xmax>12</xmax><ymax>6.5</ymax>";

TEST(VocXml, PixelsCountFromOne) {
    LabelImport files;
    files.add_image("images/a.png", {20, 10});
    files.write("labels/a.xml", file_with(object("cat", kBox) + object("dog", kBox)));
    const Dataset data = files.import("labels", LabelFormat::voc_xml, "images");
    ASSERT_EQ(data.annotations.size(), 2U);
    EXPECT_EQ(data.annotations[0].box, (CocoBox{2, 1, 10, 5.5}));
    EXPECT_EQ(data.annotations[0].segmentation.format, Segmentation::Format::none);
    EXPECT_EQ(data.categories.at(1).name, "dog") << "parts are no objects";
    EXPECT_EQ(files.report.readings.at(0),
              "1 image: boxes given by their first and last pixels, from 1");
}

TEST(VocXml, ABoxAtZeroTellsThatEdgesCountFromZero) {
    LabelImport files;
    files.add_image("images/a.png", {20, 10});
    files.add_image("images/b.png", {20, 10});
    files.write("labels/a.xml", file_with(object("cat", kBox)));
    files.write(
        "labels/b.xml",
        file_with(object("cat", "<xmin>0</xmin><ymin>4</ymin><xmax>20</xmax><ymax>10</ymax>")));
    const Dataset data = files.import("labels", LabelFormat::voc_xml, "images");
    EXPECT_EQ(data.annotations.at(0).box, (CocoBox{3, 2, 9, 4.5}));
    EXPECT_EQ(data.annotations.at(1).box, (CocoBox{0, 4, 20, 6}));
    EXPECT_NE(files.report.readings.at(0).find("from 0"), std::string::npos);
}

TEST(VocXml, TheImageMayBeNamedInside) {
    LabelImport files;
    files.add_image("images/a.png", {20, 10});
    files.write("labels/other.xml", file_with(object("cat", kBox)));
    EXPECT_EQ(files.import("labels", LabelFormat::voc_xml, "images").annotations.size(), 1U);
    files.add_image("images/a.png", {21, 10});
    EXPECT_NE(files.failure("labels", LabelFormat::voc_xml, "images").find("20x10"),
              std::string::npos);
}

TEST(VocXml, MalformedFilesAreNamed) {
    LabelImport files;
    files.add_image("images/a.png", {20, 10});
    const auto says = [&](const std::string& text) {
        files.write("labels/a.xml", text);
        return files.failure("labels", LabelFormat::voc_xml, "images");
    };
    EXPECT_NE(says(file_with(object("cat", "<xmin>3</xmin><ymin>2</ymin><xmax>12</xmax>")))
                  .find("(object): <ymax> is missing"),
              std::string::npos);
    EXPECT_NE(
        says(file_with(object("cat", "<xmin>9</xmin><ymin>2</ymin><xmax>3</xmax><ymax>4</ymax>")))
            .find("found the corners (9, 2) and (3, 4)"),
        std::string::npos);
    EXPECT_NE(says(file_with("<object><name>a</name></object>")).find("<bndbox> is missing"),
              std::string::npos);
    EXPECT_NE(says(file_with("<object></object>")).find("<name> is missing"), std::string::npos);
    EXPECT_NE(says("<annotations/>").find("expected <annotation>"), std::string::npos);
    EXPECT_NE(says("<annotation><object>").find("malformed XML"), std::string::npos);
    EXPECT_NE(
        says("<!DOCTYPE a [<!ENTITY x SYSTEM \"/etc/passwd\">]><annotation/>").find("entities"),
        std::string::npos);
}

TEST(VocXml, PolygonsCountAndPartsAreCounted) {
    LabelImport files;
    files.add_image("images/a.png", {20, 10});
    files.write(
        "labels/a.xml",
        file_with("<object><name>cat</name><polygon><x1>1</x1><y1>1</y1><x2>5</x2><y2>1</y2>"
                  "<x3>5</x3><y3>4</y3><x4>1</x4><y4>4</y4></polygon><bndbox><xmin>0</xmin>"
                  "<ymin>0</ymin><xmax>9</xmax><ymax>9</ymax></bndbox></object>" +
                  object("dog", kBox)));
    const Dataset data = files.import("labels", LabelFormat::voc_xml, "images");
    EXPECT_EQ(data.annotations.at(0).segmentation.polygons,
              (std::vector<std::vector<double>>{{1, 1, 5, 1, 5, 4, 1, 4}}));
    EXPECT_EQ(data.annotations.at(1).box, (CocoBox{2, 1, 10, 5.5}))
        << "the box at 0 does not count";
    EXPECT_EQ(files.report.shapes_left_out, (testing::Counts{{"part", 1}}));
    EXPECT_EQ(files.report.readings.size(), 2U);
    EXPECT_EQ(files.report.readings.at(1), "1 object marked as difficult: read like the others");
}

TEST(VocXml, TwoFilesForOneImageAreAnError) {
    LabelImport files;
    files.add_image("images/a.png", {20, 10});
    files.write("labels/a.xml", file_with(object("cat", kBox)));
    files.write("labels/b.xml", file_with(object("cat", kBox)));
    EXPECT_EQ(files.failure("labels", LabelFormat::voc_xml, "images"),
              "labels/b.xml: the labels of this image are in labels/a.xml, too");
    // The same for labelme; a name with another ending is another image.
    const std::string shapes =
        R"({"shapes":[{"label":"a","points":[[1,1],[5,1],[5,4]]}],"imagePath":")";
    files.write("me/a.json", shapes + "a.png\"}");
    files.write("me/b.json", shapes + "..\\\\images\\\\a.png\"}");
    EXPECT_EQ(files.failure("me", LabelFormat::labelme, "images"),
              "me/b.json: the labels of this image are in me/a.json, too");
    files.write("me/b.json", shapes + "a.png[1]\"}");
    EXPECT_NE(files.failure("me", LabelFormat::labelme, "images").find("is named b"),
              std::string::npos);
}

}  // namespace
}  // namespace embedmask
