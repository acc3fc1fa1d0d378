// Annotation files as CVAT exports them.
#include <gtest/gtest.h>

#include "data/formats/cvat_runs.h"
#include "data/label_import.h"
#include "embedmask/error.h"
#include "render/masks.h"

namespace embedmask {
namespace {

using testing::Counts;
using testing::LabelImport;
using testing::Rows;
using testing::rows_of;

constexpr ImageSize kImage{8, 6};

std::string file_with(const std::string& shapes, const std::string& before = "") {
    return before + R"(<annotations><version>1.1</version>
<meta><task><id>7</id><labels>
 <label><name>cell</name><type>any</type><attributes></attributes></label>
 <label><name>edge</name></label>
 <label><name>knee</name><parent>leg</parent></label></labels></task></meta>
<image id="0" name="plate/a.png" width="8" height="6">)" +
           shapes + R"(</image>
<image id="1" name="plate/b.png" width="8" height="6"></image></annotations>)";
}

TEST(Cvat, ShapesOfAnExport) {
    LabelImport files;
    files.write("annotations.xml", file_with(R"(
  <polygon label="cell" source="manual" occluded="0" points="1.00,1.00;4.00,1.00;4.00,3.00;1.00,3.00" z_order="0"></polygon>
  <box label="edge" source="manual" occluded="0" xtl="2.5" ytl="1.25" xbr="6.75" ybr="5" z_order="0"></box>
  <mask label="cell" source="semi-auto" occluded="0" rle="1, 2, 1, 3" left="3" top="2" width="3" height="3" z_order="0"></mask>
  <ellipse label="cell" cx="4" cy="3" rx="2" ry="2"></ellipse>
  <polygon label="cell" group_id="3" points="0,0;2,0;2,1;0,1"><attribute name="is_crowd">true</attribute></polygon>
  <polygon label="cell" group_id="3" points="6,4;8,4;8,6;6,6"></polygon>
  <polygon label="edge" group_id="3" points="6,0;8,0;8,2;6,2"></polygon>
  <polyline label="edge" points="0,0;5,5"></polyline><points label="edge" points="1,1;2,2"></points>
  <points label="edge" points="3,3"></points><tag label="cell"></tag>)"));
    const Dataset data = files.import("annotations.xml", LabelFormat::cvat);
    ASSERT_EQ(data.categories.size(), 2U) << "a part of a skeleton is no category";
    EXPECT_EQ(data.categories[0], (Category{1, "cell"}));
    ASSERT_EQ(data.images.size(), 2U);
    EXPECT_EQ(data.images[0].id, 1) << "frames count from 0, ids from 1";
    EXPECT_EQ(data.images[1].file_name, "plate/b.png");
    ASSERT_EQ(data.annotations.size(), 6U);
    EXPECT_EQ(data.annotations[0].segmentation.polygons,
              (std::vector<std::vector<double>>{{1, 1, 4, 1, 4, 3, 1, 3}}));
    EXPECT_EQ(data.annotations[1].box, (CocoBox{2.5, 1.25, 4.25, 3.75}));
    EXPECT_EQ(data.annotations[1].segmentation.format, Segmentation::Format::none);
    // Row by row within the box; what the runs leave out is background.
    EXPECT_EQ(rows_of(data.annotations[2], kImage),
              (Rows{"........", "........", "....##..", "....##..", "...#....", "........"}));
    EXPECT_EQ(rows_of(data.annotations[3], kImage)[2], "..####..");
    EXPECT_EQ(data.annotations[4].segmentation.polygons.size(), 2U) << "one label, one group";
    EXPECT_TRUE(data.annotations[4].crowd);
    EXPECT_EQ(data.annotations[5].category_id, 2);
    EXPECT_EQ(files.report.shapes_left_out, (Counts{{"points", 2}, {"polyline", 1}, {"tag", 1}}));
}

TEST(Cvat, ATurnedBoxIsAPolygon) {
    LabelImport files;
    files.write(
        "a.xml",
        file_with(R"(<box label="cell" xtl="2" ytl="2" xbr="6" ybr="4" rotation="90"></box>)"));
    const Dataset data = files.import("a.xml", LabelFormat::cvat);
    EXPECT_EQ(rows_of(data.annotations.at(0), kImage),
              (Rows{"........", "...##...", "...##...", "...##...", "...##...", "........"}));
}

TEST(Cvat, ImagesAreFoundByPathOrName) {
    LabelImport files;
    files.write("a.xml", file_with(R"(<box label="cell" xtl="0" ytl="0" xbr="6" ybr="4"></box>)"));
    files.add_image("images/a.png", kImage);
    EXPECT_EQ(files.failure("a.xml", LabelFormat::cvat, "images"),
              "a.xml: the image folder images has none of these images: plate/b.png");
    files.add_image("images/plate/b.png", kImage);
    const Dataset data = files.import("a.xml", LabelFormat::cvat, "images");
    EXPECT_EQ(data.images.at(0).file_name, "a.png");
    EXPECT_EQ(data.images.at(1).file_name, "plate/b.png");
    files.add_image("images/a.png", {9, 6});
    EXPECT_NE(
        files.failure("a.xml", LabelFormat::cvat, "images").find("labelled on an image of 8x6"),
        std::string::npos);
}

TEST(Cvat, MalformedFilesAreNamed) {
    LabelImport files;
    const auto says = [&](const std::string& shapes, const std::string& before = "") {
        files.write("a.xml", file_with(shapes, before));
        return files.failure("a.xml", LabelFormat::cvat);
    };
    const auto mask = [](const std::string& runs, const char* size = R"(width="3" height="2")") {
        return R"(<mask label="cell" rle=")" + runs + R"(" left="1" top="1" )" + size + "></mask>";
    };
    const std::map<std::string, std::string> expected = {
        {mask("1, 7"), "found run lengths of more than 6 pixels: expected at most the 3x2"},
        {mask("1, 18446744073709551615"), "found run lengths of more than 6 pixels"},
        {mask("1, x"), "found the run length \"x\": expected a number"},
        {mask("1, -2"), "found the run length \"-2\""},
        {mask("1", R"(width="1000000000" height="1000000000")"), "expected at most the 8x6"},
        {mask("1", R"(width="3")"), "\"height\" is missing"},
        {R"(<polygon label="cell" points="1,1;2,2"></polygon>)",
         "found 2 points: expected at least 3"},
        {R"(<polygon label="cell" points="1,1;2,2;3,x"></polygon>)", "at number 6"},
        {R"(<polygon label="cell" points="1,1,2;2,3,3"></polygon>)", "at number 2"},
        {R"(<polygon label="cell" points="1,1;2,2;3"></polygon>)", "at number 5"},
        {R"(<polygon points="1,1;2,2;3,1"></polygon>)", "\"label\" is missing"},
        {R"(<box label="cell" xtl="nan" ytl="0" xbr="1" ybr="1"></box>)", "found \"nan\""},
        {R"(<ellipse label="cell" cx="1" cy="1" rx="-1" ry="1"></ellipse>)", "found the radii -1"},
    };
    for (const auto& [shapes, part] : expected) {
        const std::string message = says(shapes);
        EXPECT_NE(message.find(part), std::string::npos) << shapes << "\n" << message;
        EXPECT_TRUE(message.starts_with("a.xml, byte ")) << message;
        EXPECT_NE(message.find("plate/a.png"), std::string::npos) << message;
    }
    EXPECT_EQ(says("", "<!DOCTYPE x [<!ENTITY a \"aaaa\"><!ENTITY b \"&a;&a;\">]>"),
              "a.xml: found declarations of entities: expected none");
    files.write("a.xml", "<annotations><image id=\"0\"");
    EXPECT_NE(files.failure("a.xml", LabelFormat::cvat).find("malformed XML at byte "),
              std::string::npos);
    files.write("a.xml", "<annotation></annotation>");
    EXPECT_EQ(files.failure("a.xml", LabelFormat::cvat),
              "a.xml: found the root element <annotation>: expected <annotations>");
    files.write("a.xml", "<annotations><track id=\"0\" label=\"a\"></track></annotations>");
    EXPECT_NE(files.failure("a.xml", LabelFormat::cvat).find("tracks of a video"),
              std::string::npos);
    files.write("a.xml", "<annotations></annotations>");
    EXPECT_NE(files.failure("a.xml", LabelFormat::cvat).find("found no <image>"),
              std::string::npos);
    files.write("a.xml", "");
    EXPECT_NE(files.failure("a.xml", LabelFormat::cvat).find("malformed XML"), std::string::npos);
}

TEST(Cvat, NothingInsideItsImageIsRefused) {
    LabelImport files;
    files.write("a.xml",
                file_with(R"(<polygon label="cell" points="20,20;30,20;30,30"></polygon>)"));
    EXPECT_NE(files.failure("a.xml", LabelFormat::cvat).find("none of 1 objects has a pixel"),
              std::string::npos);
}

TEST(CvatRuns, GoThereAndBack) {
    const Rle mask = testing::drawn_mask({"......", ".##.#.", "..##..", "....#.", "......"});
    const data::CvatMask written = data::cvat_mask(mask);
    EXPECT_EQ(written.left, 1);
    EXPECT_EQ(written.top, 1);
    EXPECT_EQ(written.size, (ImageSize{4, 3}));
    EXPECT_EQ(written.runs, "0, 2, 1, 1, 1, 2, 4, 1") << "rows of the box, background first";
    EXPECT_EQ(data::mask_of_cvat(written.runs, written.size, written.left, written.top, {6, 5}),
              mask);
    EXPECT_EQ(data::mask_of_cvat("0, 4", {2, 2}, 5, 4, {6, 5}),
              testing::drawn_mask({"......", "......", "......", "......", ".....#"}))
        << "what is outside of the image is cut off";
    EXPECT_THROW((void)data::cvat_mask(testing::drawn_mask({"..", ".."})), Error);
}

TEST(Cvat, BoxesOfAGroupStayAlone) {
    LabelImport files;
    files.write("a.xml", file_with(R"(
  <box label="cell" group_id="2" xtl="0" ytl="0" xbr="2" ybr="2"></box>
  <box label="cell" group_id="2" xtl="4" ytl="3" xbr="9.5" ybr="5"></box>)"));
    const Dataset data = files.import("a.xml", LabelFormat::cvat);
    ASSERT_EQ(data.annotations.size(), 2U);
    EXPECT_EQ(data.annotations[1].box, (CocoBox{4, 3, 5.5, 2}));
    EXPECT_EQ(files.report.readings,
              (std::vector<std::string>{"1 box beyond the image: `data check --fix` clips them"}));
}

TEST(Cvat, TwoImagesAreNotOneFile) {
    LabelImport files;
    std::string text = file_with("");
    text.replace(text.find("plate/b.png"), 11, "other/a.png");
    files.write("a.xml", text);
    files.add_image("images/a.png", kImage);
    EXPECT_EQ(files.failure("a.xml", LabelFormat::cvat, "images"),
              "a.xml: the images plate/a.png and other/a.png are one file: images/a.png");
}

TEST(Cvat, SizesAndEncodingsAreChecked) {
    LabelImport files;
    std::string text = file_with("");
    text.replace(text.find("width=\"8\""), 9, "width=\"0\"");
    files.write("a.xml", text);
    EXPECT_NE(files.failure("a.xml", LabelFormat::cvat).find("found an image of 0x6 pixels"),
              std::string::npos);
    const std::string latin =
        "<box label=\"caf\xE9\" xtl=\"0\" ytl=\"0\" xbr=\"2\" ybr=\"2\"></box>";
    files.write("a.xml", file_with(latin, "<?xml version=\"1.0\" encoding='ISO-8859-1'?>"));
    EXPECT_EQ(files.import("a.xml", LabelFormat::cvat).categories.at(2).name, "caf\xC3\xA9");
    files.write("a.xml", file_with(latin, "<?xml version=\"1.0\" encoding=\"GBK\"?>"));
    EXPECT_EQ(files.failure("a.xml", LabelFormat::cvat),
              "a.xml: found the encoding gbk: expected UTF-8");
    files.write("a.xml", file_with(latin));
    EXPECT_NE(files.failure("a.xml", LabelFormat::cvat).find("is not UTF-8"), std::string::npos);
}

}  // namespace
}  // namespace embedmask
