#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <sstream>

#include "data/formats/label_folders.h"
#include "data/formats/labelme.h"
#include "data/formats/yolo.h"
#include "embedmask/error.h"
#include "mask/filled_rings.h"
#include "render/masks.h"

namespace embedmask::data {
namespace {

using testing::drawn_mask;
using testing::fill;
using testing::to_rle;

LabeledObject object_of(const Rle& mask, const char* label, int category) {
    return {&mask, label, category, 0.875F};
}

TEST(Labelme, OnePolygonPerPart) {
    const Rle two = drawn_mask({"##...", "##..#", "....#"});
    const Rle one = drawn_mask({".....", ".###.", "....."});
    const std::vector<LabeledObject> objects{object_of(two, "person", 0),
                                             object_of(one, "traffic light", 9)};
    const auto file =
        nlohmann::json::parse(labelme_text("images/a b.jpg", {5, 3}, objects, {.tolerance = 0}));
    EXPECT_EQ(file["imagePath"], "images/a b.jpg");
    EXPECT_EQ(file["imageWidth"], 5);
    EXPECT_EQ(file["imageHeight"], 3);
    EXPECT_TRUE(file["imageData"].is_null());
    ASSERT_EQ(file["shapes"].size(), 3U);
    EXPECT_EQ(file["shapes"][0]["group_id"], 0);
    EXPECT_EQ(file["shapes"][1]["group_id"], 0);
    EXPECT_TRUE(file["shapes"][2]["group_id"].is_null());
    EXPECT_EQ(file["shapes"][2]["label"], "traffic light");
    EXPECT_EQ(file["shapes"][2]["shape_type"], "polygon");
    EXPECT_EQ(file["shapes"][2]["description"], "score 0.8750");
    EXPECT_EQ(file["shapes"][2]["points"], nlohmann::json::parse("[[4,1],[4,2],[1,2],[1,1]]"));
    EXPECT_NO_THROW((void)labelme_text("not\xFFutf8.jpg", {5, 3}, objects));
    EXPECT_THROW((void)labelme_text("a.jpg", {3, 5}, objects), Error);
}

TEST(Classes, OneLinePerCategory) {
    const std::vector<Category> categories{{1, "cat"}, {2, "big\r\ndog"}, {3, "a\nb"}};
    EXPECT_EQ(classes_text(categories), "cat\nbig  dog\na b\n");
}

TEST(Stems, AreCutBetweenCharacters) {
    EXPECT_EQ(label_stem("x/" + std::string(200, 'a') + ".jpg"), std::string(200, 'a'));
    EXPECT_EQ(cut_stem(std::string(199, 'a') + "\xC3\xA9"), std::string(199, 'a'));
    EXPECT_EQ(cut_stem(std::string(197, 'a') + "\xF0\x9F\x90\x88"), std::string(197, 'a'));
    EXPECT_GE(cut_stem(std::string(250, '\x80')).size(), 197U) << "not UTF-8";
}

TEST(Yolo, OneLinePerInstance) {
    const Rle two = drawn_mask({"##......", "##......", "........", "......##", "......##"});
    const Rle none{5, 8, {40}};
    const std::vector<LabeledObject> objects{object_of(none, "cat", 3), object_of(two, "dog", 7)};
    std::istringstream text(yolo_text({8, 5}, objects, 0));
    std::string line;
    ASSERT_TRUE(std::getline(text, line)) << "a mask without pixels has no line";
    std::istringstream numbers(line);
    int category = -1;
    numbers >> category;
    EXPECT_EQ(category, 7);
    mask::Ring ring;
    mask::Point point;
    while (numbers >> point.x >> point.y) {
        EXPECT_GE(point.x, 0);
        EXPECT_LE(point.x, 1);
        ring.push_back({point.x * 8, point.y * 5});
    }
    EXPECT_EQ(ring.size(), 10U) << "4 + 4 corners and the way back";
    EXPECT_EQ(to_rle(fill({ring}, 8, 5), 8, 5), two) << "cuts have no area";
    EXPECT_FALSE(std::getline(text, line));
}

}  // namespace
}  // namespace embedmask::data
