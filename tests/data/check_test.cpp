// What `data check` finds in broken files, and what its repair keeps.
#include <gtest/gtest.h>

#include <fstream>
#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <sstream>

#include "base/atomic_file.h"
#include "embedmask/data.h"
#include "embedmask/error.h"
#include "test_data.h"

namespace embedmask {
namespace {

using nlohmann::json;

class Doctor : public ::testing::Test {
protected:
    /// Findings by name; the repaired file is in `fixed`.
    std::map<std::string, std::size_t> check(const std::string& text) {
        detail::write_file_atomically(folder_.path() / "ann.json", text);
        const auto repaired = folder_.path() / "fixed.json";
        std::map<std::string, std::size_t> counts;
        for (const Finding& finding :
             check_dataset(folder_.path() / "ann.json", {.repaired = repaired}).findings) {
            if (!finding.harmless) {
                counts[finding.name] = finding.count;
            }
        }
        fixed = testing::read_json(repaired);
        EXPECT_NO_THROW((void)read_dataset(repaired));
        return counts;
    }

    /// A file with two images of 64x48, the categories cat and dog, and these annotations.
    static std::string file_with(const std::string& annotations) {
        return R"({"images":[{"id":1,"file_name":"a.png","width":64,"height":48},
            {"id":2,"file_name":"b.png","width":64,"height":48}],
            "categories":[{"id":1,"name":"cat"},{"id":2,"name":"dog"}],"annotations":[)" +
               annotations + "]}";
    }
    static std::string object(const std::string& rest) {
        return R"({"id":1,"image_id":1,"category_id":1,)" + rest + "}";
    }

    testing::TemporaryFolder folder_;
    json fixed;
};

using Counts = std::map<std::string, std::size_t>;

TEST_F(Doctor, WrongTypesHideNothing) {
    EXPECT_EQ(check(file_with(
                  R"({"id":1,"image_id":1,"category_id":"1","bbox":[5,5,20,15],"iscrowd":null},
                     {"id":"2","image_id":"1","category_id":"dog","bbox":["5","5","20","15"]},
                     {"id":3,"image_id":77,"category_id":1,"bbox":[5,5,20,15],"area":"300"},
                     {"id":4,"image_id":1,"category_id":1,"bbox":{"x":5,"y":5,"width":20,"height":15}},
                     {"id":5,"image_id":1,"category_id":1,"bbox":[5,5,20,15],"area":NaN},
                     17, {"id":6,"category_id":1,"bbox":[5,5,20,15]},
                     {"id":7,"image_id":1,"category_id":1,"bbox":"none"},
                     {"id":8,"image_id":1,"category_id":1,"bbox":[5,5,20,15,1]})")),
              (Counts{{"\"category_id\" of the wrong type", 2},
                      {"\"iscrowd\" of the wrong type", 1},
                      {"\"id\" of the wrong type", 1},
                      {"\"image_id\" of the wrong type", 1},
                      {"\"bbox\" of the wrong type", 4},
                      {"\"area\" of the wrong type", 1},
                      {"annotation with an unknown image id", 1},
                      {"record that is not an object", 1},
                      {"text that JSON does not allow", 1},
                      {"annotation without a usable image id", 1},
                      {"annotation without a usable box or mask", 2}}));
    ASSERT_EQ(fixed["annotations"].size(), 4U);
    for (const json& annotation : fixed["annotations"]) {
        EXPECT_EQ(annotation["bbox"], json({5, 5, 20, 15})) << annotation;
        EXPECT_TRUE(annotation["category_id"].is_number_integer());
    }
    EXPECT_EQ(fixed["annotations"][1]["category_id"], 2) << "by name";
    EXPECT_EQ(fixed["annotations"][0]["iscrowd"], 0);
}

TEST_F(Doctor, ImagesAndCategoriesOfTheWrongForm) {
    EXPECT_EQ(check(R"({"images":[{"id":"1","file_name":"a.png","width":"64","height":48},
                 {"id":2,"width":-3,"height":48},{"id":3,"file_name":7,"width":64,"height":48}],
                 "categories":[{"id":1},{"name":"dog"}],"annotations":null})"),
              (Counts{{"\"id\" of the wrong type", 1},
                      {"\"width\" of the wrong type", 2},
                      {"\"file_name\" of the wrong type", 1},
                      {"image without a file name", 1},
                      {"category without a name", 1},
                      {"record without a usable id", 1},
                      {"list of another type", 1},
                      {"image without a size", 1}}));
    EXPECT_EQ(fixed["images"][0]["width"], 64);
    EXPECT_EQ(fixed["images"][2]["file_name"], "7");
    EXPECT_EQ(fixed["categories"], json::parse(R"([{"id":1,"name":"1"},{"id":2,"name":"dog"}])"));
}

TEST_F(Doctor, MasksOfOtherFormsAreKept) {
    const std::string box = R"("bbox":[5,5,20,15],"segmentation":)";
    const json ring = json::parse("[[5,5,25,5,25,20,5,20]]");
    const std::map<std::string, std::string> forms{
        {"[5,5,25,5,25,20,5,20]", "mask with one list too few or too many"},
        {"[[5,5],[25,5],[25,20],[5,20]]", "mask as points"},
        {"[[[5,5],[25,5],[25,20],[5,20]]]", "mask as points"},
        {R"([{"x":5,"y":5},{"x":25,"y":5},{"x":25,"y":20},{"x":5,"y":20}])", "mask as points"},
        {"[[5,5,25,20]]", "two-corner rectangle"},
        {"[[5,5,20,15]]", "two-corner rectangle"},
        {R"([["5","5",25,5,25,20,5,20]])", "\"segmentation\" of the wrong type"},
        {R"("[[5,5,25,5,25,20,5,20]]")", "\"segmentation\" of the wrong type"},
        {"[[5,5,25,5,25,20,5,20],[1,1,2]]",
         "polygon with fewer than 6 or an odd number of coordinates"}};
    for (const auto& [text, problem] : forms) {
        EXPECT_EQ(check(file_with(object(box + text))), (Counts{{problem, 1}})) << text;
        EXPECT_EQ(fixed["annotations"][0]["segmentation"], ring) << text;
    }
}

TEST_F(Doctor, AnObjectWithAGoodBoxIsKept) {
    const std::string box = R"("bbox":[5,5,20,15],"segmentation":)";
    const std::map<std::string, std::string> masks{
        {R"({"size":[48,64],"counts":[5]})", "broken mask"},
        {R"({"size":[48,64]})", "broken mask"},
        {"17", "broken mask"},
        {R"({"size":[4,5],"counts":[0,20]})", "mask size differs from the image size"},
        {"[[100,100,120,100,120,120]]", "mask without pixels"},
        {"[[1,1,2,2,3,1e300]]", "polygon that cannot be rasterised"}};
    for (const auto& [text, problem] : masks) {
        EXPECT_EQ(check(file_with(object(box + text))), (Counts{{problem, 1}})) << text;
        ASSERT_EQ(fixed["annotations"].size(), 1U) << text;
        EXPECT_EQ(fixed["annotations"][0]["bbox"], json({5, 5, 20, 15}));
        EXPECT_EQ(fixed["annotations"][0]["segmentation"], json::array()) << "unknown";
    }
    const std::string useless = object(R"("segmentation":[[100,100,120,100,120,120]])");
    check(file_with(useless + R"(,{"id":2,"image_id":1,"category_id":1,"bbox":[1,2,3,4]})"));
    EXPECT_EQ(fixed["annotations"].size(), 1U) << "neither box nor mask is usable";
    detail::write_file_atomically(folder_.path() / "ann.json", file_with(useless));
    const DatasetCheck nothing_left =
        check_dataset(folder_.path() / "ann.json", {.repaired = folder_.path() / "nothing.json"});
    EXPECT_FALSE(nothing_left.repaired);
    EXPECT_FALSE(std::filesystem::exists(folder_.path() / "nothing.json"));
}

TEST_F(Doctor, BoxesByTwoCorners) {
    const std::string mask = R"("segmentation":[[10,20,40,20,40,45,10,45]])";
    EXPECT_EQ(check(file_with(object(R"("bbox":[10,20,40,45],)" + mask))),
              (Counts{{"box given by two corners", 1}}));
    EXPECT_EQ(fixed["annotations"][0]["bbox"], json({10, 20, 30, 25}));
    EXPECT_EQ(check(file_with(object(R"("bbox":[10,20,30,25],)" + mask))), Counts());

    // Without masks, all boxes of the file decide, if nothing else speaks for x, y, width, height.
    const auto boxes = [&](const std::vector<std::string>& list, const std::string& more = "") {
        std::string text;
        for (std::size_t i = 0; i < list.size(); ++i) {
            text += (i == 0 ? "" : ",") +
                    nlohmann::json{{"id", i + 1}, {"image_id", 1}, {"category_id", 1}}.dump();
            text.back() = ',';
            text += R"("bbox":)" + list[i] + "}";
        }
        return check(file_with(text + more));
    };
    EXPECT_EQ(boxes({"[40,20,60,40]", "[30,20,50,40]", "[5,5,20,20]"}),
              (Counts{{"box given by two corners", 3}}));
    EXPECT_EQ(fixed["annotations"][0]["bbox"], json({40, 20, 20, 20}));
    EXPECT_EQ(boxes({"[40,20,60,40]", "[30,20,50,40]", "[30,5,20,20]"}),
              (Counts{{"box outside the image", 2}}))
        << "the third cannot be corners";
    EXPECT_EQ(fixed["annotations"][0]["bbox"], json({40, 20, 24, 28}));
    EXPECT_EQ(boxes({"[40,20,60,40]", "[5,5,20,20]"}), (Counts{{"box outside the image", 1}}))
        << "one box is not enough";
    EXPECT_EQ(boxes({"[40,20,60,40]", "[30,20,50,40]"},
                    R"(,{"id":9,"image_id":1,"category_id":1,"bbox":[10,20,31,26],)" + mask + "}"),
              (Counts{{"box outside the image", 2}}))
        << "a mask speaks against it";
    EXPECT_EQ(boxes({"[40,20,60,40]", "[30,20,50,40]"},
                    R"(,{"id":9,"image_id":1,"category_id":1,"bbox":[5,5,20,20],"area":400})"),
              (Counts{{"box outside the image", 2}}))
        << "an area speaks against it";

    EXPECT_EQ(boxes({"[40,40,-30,-20]"}), (Counts{{"box without an area", 1}}));
    EXPECT_EQ(fixed["annotations"][0]["bbox"], json({10, 20, 30, 20}));
    EXPECT_EQ(boxes({"[40,20,-30,20]"}), (Counts{{"box without an area", 1}}));
    EXPECT_EQ(fixed["annotations"][0]["bbox"], json({10, 20, 30, 20}));
}

TEST_F(Doctor, BoxesOfOtherForms) {
    for (const char* form :
         {R"({"x":5,"y":5,"width":20,"height":15})", R"({"x":5,"y":5,"w":20,"h":15})",
          R"({"xmin":5,"ymin":5,"xmax":25,"ymax":20})", "[[5,5],[25,20]]", "[[5,5,20,15]]",
          R"(["5","5","20","15"])", R"("[5,5,20,15]")"}) {
        EXPECT_EQ(check(file_with(object(std::string(R"("bbox":)") + form))),
                  (Counts{{"\"bbox\" of the wrong type", 1}}))
            << form;
        EXPECT_EQ(fixed["annotations"][0]["bbox"], json({5, 5, 20, 15})) << form;
    }
    const std::string good = R"(,{"id":2,"image_id":1,"category_id":1,"bbox":[1,2,3,4]})";
    for (const char* form : {"[5,5,20]", "[5,5,20,15,1]", R"({"x":5})", "7", R"("none")"}) {
        check(file_with(object(std::string(R"("bbox":)") + form) + good));
        EXPECT_EQ(fixed["annotations"].size(), 1U) << form;
    }
}

TEST_F(Doctor, TextForIds) {
    check(R"({"images":[{"id":"img_1","file_name":"a.png","width":64,"height":48},
                        {"id":7,"file_name":"b.png","width":64,"height":48}],
              "categories":[{"id":1,"name":"0"},{"id":2,"name":"1"},{"id":"c_3","name":"2"},
                            {"name":"dog"}],
              "annotations":[
              {"id":"x","image_id":"img_1","category_id":"c_3","bbox":[1,2,3,4]},
              {"id":18446744073709551615,"image_id":7,"category_id":"1","bbox":[1,2,3,4]},
              {"id":3,"image_id":7,"category_id":"dog","bbox":[1,2,3,4]},
              {"id":4,"image_id":18446744073709551615,"category_id":1,"bbox":[1,2,3,4]}]})");
    ASSERT_EQ(fixed["annotations"].size(), 3U);
    EXPECT_EQ(fixed["annotations"][0]["image_id"], fixed["images"][0]["id"]);
    EXPECT_EQ(fixed["annotations"][0]["category_id"], fixed["categories"][2]["id"]);
    EXPECT_EQ(fixed["annotations"][1]["category_id"], 1) << "an id goes before a name";
    EXPECT_EQ(fixed["annotations"][2]["category_id"], fixed["categories"][3]["id"]);
}

TEST_F(Doctor, TextThatJsonDoesNotAllow) {
    const std::string annotations = R"(,"annotations":[)" + object(R"("bbox":[1,2,3,4])") + "]}";
    for (const std::string& name :
         {std::string("caf\xE9"), std::string("tab\there"), std::string(R"(half \ud83d)")}) {
        const Counts found = check(
            R"({"images":[{"id":1,"file_name":")" + name +
            R"(","width":64,"height":48}],"categories":[{"id":1,"name":"cat"}])" + annotations);
        EXPECT_EQ(found, (Counts{{"text that JSON does not allow", 1}})) << name;
        EXPECT_EQ(fixed["annotations"].size(), 1U) << name;
    }
    EXPECT_EQ(fixed["images"][0]["file_name"], "half \xEF\xBF\xBD");
    for (const char* number : {"NaN", "-Infinity", "1e400"}) {
        EXPECT_EQ(check(file_with(object(R"("bbox":[1,2,3,4],"area":)" + std::string(number)))),
                  (Counts{{"text that JSON does not allow", 1}}));
        EXPECT_TRUE(fixed["annotations"][0]["area"].is_null());
    }
}

TEST_F(Doctor, ImagesWithoutASizeKeepTheirObjects) {
    const std::string images = R"({"images":[{"id":1,"file_name":"a.png"}],
        "categories":[{"id":1,"name":"cat"}],"annotations":[)";
    for (const char* mask :
         {"[[5,5,25,5,25,20,5,20]]", R"({"size":[30,30],"counts":[155,15,15,15,700]})"}) {
        check(images + object(std::string(R"("bbox":[0,0,0,0],"segmentation":)") + mask) + "]}");
        ASSERT_EQ(fixed["annotations"].size(), 1U) << mask;
        EXPECT_GT(fixed["annotations"][0]["bbox"][2], 0) << mask;
    }
}

TEST_F(Doctor, OneRepairIsEnough) {
    EXPECT_EQ(check(file_with(object(R"("bbox":[-50,-50,54,54],"area":10000)"))),
              (Counts{{"area contradicts the box", 1}, {"box outside the image", 1}}));
    EXPECT_EQ(fixed["annotations"][0]["bbox"], json({0, 0, 4, 4}));
    EXPECT_EQ(check(fixed.dump()), Counts());
}

TEST_F(Doctor, ImagesThatShareAnIdAreLeftToTheUser) {
    const std::string two = R"({"images":[{"id":1,"file_name":"a.png","width":64,"height":48},
        {"id":1,"file_name":"b.png","width":64,"height":48}],"categories":[{"id":1,"name":"cat"}],
        "annotations":[)";
    EXPECT_EQ(check(two + object(R"("bbox":[1,2,3,4])") + "]}"),
              (Counts{{"two images share an id", 1}}));
    EXPECT_EQ(fixed["images"].size(), 2U);
    EXPECT_THROW(split_dataset(folder_.path() / "ann.json", folder_.path() / "t.json",
                               folder_.path() / "v.json"),
                 Error);
}

TEST_F(Doctor, AreasThatContradict) {
    const std::string mask = R"("bbox":[5,5,20,15],"segmentation":[[5,5,25,5,25,20,5,20]],"area":)";
    for (const char* area : {"0", "-300", "3000000", "100"}) {
        EXPECT_EQ(check(file_with(object(mask + area))), (Counts{{"area contradicts the mask", 1}}))
            << area;
        EXPECT_EQ(fixed["annotations"][0]["area"], 300);
    }
    for (const char* area : {"300", "280.5", "null"}) {
        EXPECT_EQ(check(file_with(object(mask + area))), Counts()) << area;
    }
    const std::string box = R"("bbox":[5,5,20,15],"segmentation":[],"area":)";
    for (const char* area : {"0", "-1", "1000"}) {
        EXPECT_EQ(check(file_with(object(box + area))), (Counts{{"area contradicts the box", 1}}))
            << area;
        EXPECT_EQ(fixed["annotations"][0]["area"], 300);
    }
    EXPECT_EQ(check(file_with(object(box + "90"))), Counts()) << "an object need not fill its box";
}

TEST_F(Doctor, UntouchedRecordsAreCopiedByteForByte) {
    const std::string good =
        R"({"id" : 9,"image_id":1, "category_id":2.0,"bbox":[1.50,2,3,4] ,"extra":{"a":[1]}})";
    check(file_with(good + "," + object(R"("bbox":["1",2,3,4])")));
    const auto bytes = std::ifstream(folder_.path() / "fixed.json");
    std::stringstream text;
    text << bytes.rdbuf();
    EXPECT_NE(text.str().find(good), std::string::npos);
}

TEST_F(Doctor, NeverWritesOverItsInput) {
    const auto path = folder_.path() / "ann.json";
    detail::write_file_atomically(path, file_with(""));
    EXPECT_THROW((void)check_dataset(path, {.repaired = path}), Error);
}

// Files as tools write them: who wrote them is said, and what is wrong is repaired.
class OtherTools : public Doctor {
protected:
    std::string tool(const std::string& text) {
        detail::write_file_atomically(folder_.path() / "tool.json", text);
        return check_dataset(folder_.path() / "tool.json").tool;
    }
    static std::string file(const std::string& members, const std::string& image = "",
                            const std::string& annotation = "") {
        return "{" + members + R"("images":[{"id":1,"file_name":"a.png","width":64,"height":48)" +
               image +
               R"(}],"categories":[{"id":1,"name":"cat"}],"annotations":[{"id":1,"image_id":1,)"
               R"("category_id":1,"bbox":[1,2,3,4])" +
               annotation + "}]}";
    }
};

TEST_F(OtherTools, AreKnownByTheirMarks) {
    EXPECT_EQ(tool(file(R"("info":{"description":"Exported from roboflow.com"},)")), "Roboflow");
    EXPECT_EQ(tool(file(R"("info":{"description":"Exported from Darwin"},)")), "V7 Darwin");
    EXPECT_EQ(tool(file(R"("info":{"contributor":"Label Studio"},)")), "Label Studio");
    EXPECT_EQ(tool(file(R"("info":{"description":"COCO 2017 Dataset"},)")), "COCO");
    const std::string blank =
        R"("licenses":[{"name":"","id":0,"url":""}],"info":{"description":""},)";
    EXPECT_EQ(tool(file(blank)), "Datumaro");
    EXPECT_EQ(tool(file(blank, "", R"(,"attributes":{"occluded":false})")), "CVAT");
    EXPECT_EQ(tool(file("", R"(,"num_annotations":3,"annotating":[])")), "COCO Annotator");
    EXPECT_EQ(
        tool(file(R"("info":{"description":null},"licenses":[{"url":null,"id":0,"name":null}],)")),
        "labelme");
    EXPECT_EQ(tool(file("")), "");
}

TEST_F(OtherTools, TheRootCategoryOfRoboflowGoes) {
    const Counts found = check(
        R"({"images":[{"id":0,"file_name":"a.png","width":64,"height":48}],
            "categories":[{"id":0,"name":"cells","supercategory":"none"},
                          {"id":1,"name":"a","supercategory":"cells"},{"id":2,"name":"b","supercategory":"cells"}],
            "annotations":[{"id":1,"image_id":0,"category_id":2,"bbox":[1,2,3,4]}]})");
    EXPECT_EQ(found, (Counts{{"root category", 1}}));
    EXPECT_EQ(fixed["categories"].size(), 2U);
    EXPECT_EQ(fixed["categories"][0]["name"], "a");
    // A category that has objects is a parent like any other.
    EXPECT_EQ(check(R"({"images":[{"id":1,"file_name":"a.png","width":64,"height":48}],
            "categories":[{"id":1,"name":"cells"},{"id":2,"name":"a","supercategory":"cells"}],
            "annotations":[{"id":1,"image_id":1,"category_id":1,"bbox":[1,2,3,4]}]})"),
              Counts{});
}

TEST_F(OtherTools, RunLengthsBeyondTheMaskAreCutOff) {
    const std::string box = R"("bbox":[0,0,3,48],"area":144,"segmentation":)";
    const json expected = {{"size", {48, 64}}, {"counts", {0, 144, 2928}}};
    EXPECT_EQ(check(file_with(object(box + R"({"size":[48,64],"counts":[0,144,3000]})"))),
              (Counts{{"run lengths beyond the mask", 1}}));
    EXPECT_EQ(fixed["annotations"][0]["segmentation"], expected);
    const std::string text = compress({50, 64, {0, 144, 3056}});
    EXPECT_EQ(check(file_with(object(box + R"({"size":[48,64],"counts":")" + text + "\"}"))),
              (Counts{{"run lengths beyond the mask", 1}}));
    EXPECT_EQ(fixed["annotations"][0]["segmentation"], expected);
    EXPECT_EQ(check(file_with(object(box + R"({"size":[48,64],"counts":[0,144]})"))),
              (Counts{{"broken mask", 1}}))
        << "what is missing cannot be known";
}

TEST_F(OtherTools, RunLengthsWithoutASizeGetThatOfTheImage) {
    EXPECT_EQ(
        check(file_with(object(R"("bbox":[0,0,3,48],"area":144,"segmentation":[0,144,2928])"))),
        (Counts{{"run lengths without a size", 1}}));
    EXPECT_EQ(fixed["annotations"][0]["segmentation"],
              (json{{"size", {48, 64}}, {"counts", {0, 144, 2928}}}));
}

TEST_F(OtherTools, ObjectsInPlaceOfListsBecomeLists) {
    const std::string annotation =
        R"("annotations":[{"id":1,"image_id":1,"category_id":1,"bbox":[1,2,3,4]}]})";
    const std::string image = R"({"id":1,"file_name":"a.png","width":64,"height":48})";
    const std::string category = R"({"id":1,"name":"cat"})";
    for (const std::string& images : {image, R"({"a":)" + image + "}"}) {
        EXPECT_EQ(
            check(R"({"images":)" + images + R"(,"categories":[)" + category + "]," + annotation),
            (Counts{{"object in place of a list", 1}}));
        EXPECT_EQ(fixed["images"], json::parse("[" + image + "]"));
    }
    EXPECT_EQ(check(R"({"images":[)" + image + R"(],"categories":)" + category + "," + annotation),
              (Counts{{"object in place of a list", 1}}));
    EXPECT_EQ(fixed["categories"], json::parse("[" + category + "]"));
}

TEST_F(OtherTools, AnEmptyListOfCategoriesIsFilled) {
    EXPECT_EQ(
        check(R"({"images":[{"id":1,"file_name":"a.png","width":64,"height":48}],"categories":[],
            "annotations":[{"id":1,"image_id":1,"category_id":7,"bbox":[1,2,3,4]},
                           {"id":2,"image_id":1,"category_id":3,"bbox":[1,2,3,4]},
                           {"id":3,"image_id":1,"category_id":7,"bbox":[1,2,3,4]}]})"),
        (Counts{{"category that is not listed", 2}}));
    EXPECT_EQ(fixed["annotations"].size(), 3U);
    EXPECT_EQ(fixed["categories"], json::parse(R"([{"id":3,"name":"3"},{"id":7,"name":"7"}])"));
}

TEST_F(OtherTools, FilesOfOtherFormatsAreNamedWithTheirImport) {
    const std::map<std::string, std::string> expected = {
        {"\xEF\xBB\xBF<?xml version=\"1.0\"?><!-- a > b -->\n<annotations></annotations>",
         "a CVAT file"},
        {"<annotation><folder/></annotation>", "a Pascal VOC file"},
        {R"([{"id":1,"data":{"image":"a"},"annotations":[]}])", "an export of Label Studio"},
        {R"({"version":"5.0.1","shapes":[],"imagePath":"a.png"})", "a labelme file"},
        {R"({"_via_settings":{},"_via_img_metadata":{}})", "the VGG Image Annotator"},
        {R"({"type":"FeatureCollection","features":[]})", "a GeoJSON file"}};
    for (const auto& [text, what] : expected) {
        detail::write_file_atomically(folder_.path() / "f", text);
        for (const auto& read :
             {std::function([&] { (void)read_dataset(folder_.path() / "f"); }),
              std::function([&] { (void)check_dataset(folder_.path() / "f"); })}) {
            const std::string message = testing::message_of(read);
            EXPECT_NE(message.find("" + what), std::string::npos) << message;
        }
    }
    EXPECT_NE(testing::message_of([] { (void)parse_dataset("<annotationsx>", "f"); }).find("byte"),
              std::string::npos);
}

TEST_F(OtherTools, AParentIsNoRootUnlessRoboflowSaysSo) {
    EXPECT_EQ(check(R"({"images":[{"id":1,"file_name":"a.png","width":64,"height":48}],
            "categories":[{"id":1,"name":"person","supercategory":"being"},
                          {"id":2,"name":"head","supercategory":"person"}],
            "annotations":[{"id":1,"image_id":1,"category_id":2,"bbox":[1,2,3,4]}]})"),
              Counts{});
    EXPECT_EQ(fixed["categories"].size(), 2U);
}

TEST_F(OtherTools, AFileWithoutAnythingIsAProblem) {
    detail::write_file_atomically(folder_.path() / "v7.json",
                                  R"({"info":{"description":"Exported from Darwin"},"images":[
            {"id":1,"file_name":"a.png","width":64,"height":48}],"categories":[],"annotations":[]})");
    const DatasetCheck found = check_dataset(folder_.path() / "v7.json");
    EXPECT_EQ(found.tool, "V7 Darwin");
    EXPECT_EQ(found.problems(), 1U);
    EXPECT_EQ(found.findings.front().name, "neither annotations nor categories");
}

}  // namespace
}  // namespace embedmask
