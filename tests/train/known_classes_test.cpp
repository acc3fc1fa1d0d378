#include "train/known_classes.h"

#include <gtest/gtest.h>

namespace embedmask::train {
namespace {

using Rows = std::vector<std::int64_t>;

const std::vector<Category> kKnown = {
    {1, "person"}, {3, "motorcycle"}, {62, "couch"}, {77, "cell phone"}, {53, "apple"}};

TEST(KnownClasses, MatchByNameWhateverTheirIdsAndOrder) {
    const KnownClasses found = known_classes({{7, "couch"}, {8, "widget"}, {9, "person"}}, kKnown);
    EXPECT_EQ(found.rows, (Rows{2, -1, 0}));
    EXPECT_EQ(found.text,
              "classes   2 of 3 known to the weights: \"couch\", \"person\"; new: \"widget\"\n");
}

TEST(KnownClasses, OtherSpellingsAreMappedAndStated) {
    const KnownClasses found =
        known_classes({{1, "Cell_Phone"}, {2, "motorbike"}, {3, "SOFA"}}, kKnown);
    EXPECT_EQ(found.rows, (Rows{3, 1, 2}));
    EXPECT_NE(found.text.find("\"motorbike\" (from \"motorcycle\")"), std::string::npos)
        << found.text;
}

TEST(KnownClasses, AMisspeltNameIsNewAndTheNearestIsNamed) {
    const KnownClasses found = known_classes({{1, "aple"}}, kKnown);
    EXPECT_EQ(found.rows, Rows{-1});
    EXPECT_NE(found.text.find("new: \"aple\" (did you mean \"apple\"?)"), std::string::npos)
        << found.text;
}

TEST(KnownClasses, ASynonymOfAnUnknownNameIsNew) {
    EXPECT_EQ(known_classes({{1, "aeroplane"}}, kKnown).rows, Rows{-1});
    EXPECT_EQ(known_classes({}, kKnown).rows, Rows{});
}

TEST(KnownClasses, SynonymsMatchInBothDirections) {
    EXPECT_EQ(known_classes({{1, "motorcycle"}, {2, "sofa"}}, {{1, "motorbike"}, {2, "sofa"}}).rows,
              (Rows{0, 1}));
}

TEST(KnownClasses, ALongerNameIsNoMisspelling) {
    const KnownClasses found = known_classes({{1, "appletree"}}, kKnown);
    EXPECT_EQ(found.text.find("did you mean"), std::string::npos) << found.text;
}

}  // namespace
}  // namespace embedmask::train
