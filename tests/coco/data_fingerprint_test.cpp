#include "coco/data_fingerprint.h"

#include <gtest/gtest.h>

namespace embedmask {
namespace {

constexpr const char* kData = R"({"images":[{"id":1,"width":9,"height":8,"file_name":"a.jpg"}],
 "categories":[{"id":3,"name":"cat"}],
 "annotations":[{"id":5,"image_id":1,"category_id":3,"bbox":[0,1,2,3],"area":6,"iscrowd":0,
                 "segmentation":[[0,1,2,1,2,4,0,4]]}]})";

std::uint64_t of(std::string text, const std::string& what = {}, const std::string& other = {}) {
    if (!what.empty()) {
        text.replace(text.find(what), what.size(), other);
    }
    return detail::fingerprint(parse_dataset(text, what));
}

TEST(DataFingerprint, IgnoresTheNameAndTheLayoutOfTheFile) {
    EXPECT_EQ(of(kData), of(kData, R"("id":5,"image_id":1)", R"( "image_id" : 1.0, "id":5)"));
    EXPECT_EQ(of(kData), of(kData, "[0,1,2,3]", "[0.0, 1e0, 2.0, 3]"));
    EXPECT_EQ(of(kData), of(kData, R"("area":6)", R"("note":"x","area":6)"));
}

TEST(DataFingerprint, ChangesWithEveryValueThatCounts) {
    const std::pair<const char*, const char*> changes[] = {
        {R"("width":9)", R"("width":10)"},
        {R"("height":8)", R"("height":7)"},
        {R"({"id":3)", R"({"id":4)"},
        {R"("id":5)", R"("id":6)"},
        {R"("category_id":3)", R"("category_id":4)"},
        {"[0,1,2,3]", "[0,1,2,4]"},
        {R"("bbox":[0,1,2,3],)", ""},
        {R"("area":6)", R"("area":7)"},
        {R"("area":6,)", ""},
        {R"("iscrowd":0)", R"("iscrowd":1)"},
        {"[[0,1,2,1", "[[0,1,3,1"},
        {"[[0,1,2,1,2,4,0,4]]", "[]"}};
    for (const auto& [what, other] : changes) {
        EXPECT_NE(of(kData), of(kData, what, other)) << other;
    }
}

}  // namespace
}  // namespace embedmask
