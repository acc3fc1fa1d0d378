// What `predict --write` writes for other tools comes back as it was predicted.
#include "report/prediction_files.h"

#include <gtest/gtest.h>

#include <set>

#include "data/recorded_image.h"
#include "data/turned.h"
#include "embedmask/data.h"
#include "embedmask/evaluation.h"
#include "embedmask/polygon.h"
#include "image/label_png.h"
#include "image/orientation.h"
#include "test_data.h"

namespace embedmask::report {
namespace {

namespace fs = std::filesystem;

constexpr ImageSize kStored{64, 48};
constexpr OutputFormat kLabels[] = {OutputFormat::labelme, OutputFormat::yolo, OutputFormat::idmap};

class PredictionFiles : public ::testing::TestWithParam<int> {
protected:
    void SetUp() override {
        fs::create_directory(images());
        const auto file = testing::turned_jpeg(
            {kStored, std::vector<std::uint8_t>(3UL * 64 * 48, 90)}, GetParam());
        std::ofstream(images() / "a.jpg", std::ios::binary)
            .write(reinterpret_cast<const char*>(file.data()),
                   static_cast<std::streamsize>(file.size()));
    }

    [[nodiscard]] fs::path path(const std::string& name) const { return folder_.path() / name; }
    [[nodiscard]] fs::path images() const { return path("images"); }

    // Two objects that do not overlap.
    static Prediction prediction(ImageSize size) {
        Prediction predicted;
        predicted.size = size;
        for (const auto& [label, ring] :
             {std::pair(1, std::vector<double>{2, 1, 30, 1, 30, 12, 16, 12, 16, 40, 2, 40}),
              std::pair(0, std::vector<double>{31, 20, 40, 20, 40, 45, 31, 45})}) {
            Detection detection;
            detection.mask = rasterize_ring(ring, size.height, size.width);
            detection.box = bounding_box(detection.mask);
            detection.label = label;
            detection.category_id = categories()[static_cast<std::size_t>(label)].id;
            detection.score = predicted.detections.empty() ? 0.9F : 0.8F;
            predicted.detections.push_back(std::move(detection));
        }
        return predicted;
    }

    static std::vector<Category> categories() { return {{3, "cat"}, {7, "dog"}}; }

    // Writes a prediction, imports its labels, and compares them with it.
    void expect_round_trip(const data::ImageFile& file, const Prediction& predicted, int turn) {
        const fs::path out = path("out");
        PerImageWriter writer(out, kLabels, 0.3F, categories());
        writer.set_names(writer.unique_names({file}));
        writer.create();
        writer.write(0, file, data::read_image_file(file), predicted);
        const nlohmann::json labelme = testing::read_json(out / "labelme" / "a.json");
        EXPECT_TRUE(fs::exists(out / "labelme" / labelme["imagePath"].get<std::string>()));
        for (const auto& [folder, format] :
             {std::pair("labelme", LabelFormat::labelme), std::pair("yolo", LabelFormat::yolo),
              std::pair("idmap", LabelFormat::masks)}) {
            SCOPED_TRACE(folder);
            (void)import_dataset(out / folder, path("back.json"),
                                 {.from = format, .images = images()});
            const Dataset back = read_dataset(path("back.json"));
            const ImageRecord& image = back.images.at(0);
            std::map<std::string, Rle> found;
            for (const Annotation& item : back.annotations) {
                const auto name = [&] {
                    for (const Category& category : back.categories) {
                        if (category.id == item.category_id) {
                            return category.name;
                        }
                    }
                    return std::string();
                }();
                found[name] = to_mask(item.segmentation, image.height, image.width);
            }
            EXPECT_EQ(found, (std::map<std::string, Rle>{
                                 {"dog", data::turned(predicted.detections[0].mask, turn)},
                                 {"cat", data::turned(predicted.detections[1].mask, turn)}}));
        }
        fs::remove_all(out);
    }

    testing::TemporaryFolder folder_;
};

TEST_P(PredictionFiles, AreUprightForUprightImages) {
    const ImageSize upright = image::oriented_size(kStored, GetParam());
    expect_round_trip({.path = images() / "a.jpg", .image_id = 1}, prediction(upright), 1);
    const ImageRecord record{1, upright.width, upright.height, "a.jpg", true};
    expect_round_trip(data::recorded_file(images(), record), prediction(upright), 1);
}

TEST_P(PredictionFiles, AreUprightForStoredRows) {
    const ImageRecord record{1, kStored.width, kStored.height, "a.jpg"};
    expect_round_trip(data::recorded_file(images(), record), prediction(kStored), GetParam());
}

INSTANTIATE_TEST_SUITE_P(Orientations, PredictionFiles, ::testing::Range(1, 9));

TEST(PredictionFileNames, StayInTheirFolder) {
    const testing::TemporaryFolder folder;
    const OutputFormat formats[] = {OutputFormat::yolo, OutputFormat::idmap};
    PerImageWriter writer(folder.path(), formats, 0.3F, {{1, "cat"}});
    writer.set_names(
        writer.unique_names({{.path = "x/..\\..\\a.jpg"},
                             {.path = "x/a.jpg"},
                             {.path = "x/classes.jpg"},
                             {.path = "x/categories.jpg"},
                             {.path = "x/.."},
                             {.path = "x/" + std::string(199, 'a') + "\xC3\xA9" + "b.jpg"}}));
    EXPECT_EQ(writer.names()[0], "a");
    EXPECT_EQ(writer.names()[1], "a-2");
    EXPECT_EQ(writer.names()[2], "classes-2") << "classes.txt lists the categories";
    EXPECT_EQ(writer.names()[3], "categories-2") << "categories.json, likewise";
    EXPECT_EQ(writer.names()[4], "image");
    EXPECT_EQ(writer.names()[5], std::string(199, 'a')) << "room for endings, whole characters";
}

TEST(PredictionFileNames, HaveThePage) {
    const testing::TemporaryFolder folder;
    std::ofstream(folder.path() / "a.tif") << "a file";
    const PerImageWriter writer("out", {}, 0.3F, {});
    const auto names = writer.unique_names({{.path = folder.path() / "a.tif[0]"},
                                            {.path = folder.path() / "a.tif[12]"},
                                            {.path = folder.path() / "a.tif"},
                                            {.path = folder.path() / "a-12.png"}});
    EXPECT_EQ(names, (std::vector<std::string>{"a-0", "a-12", "a", "a-12-2"}));
}

TEST(PredictionFileNames, AreUniqueHoweverManyAreEqual) {
    const PerImageWriter writer("out", {}, 0.3F, {});
    std::vector<data::ImageFile> images{{.path = "x/a-3.jpg"}};
    images.resize(30'001, {.path = "x/a.jpg"});
    const auto names = writer.unique_names(images);
    EXPECT_EQ(names[0], "a-3");
    EXPECT_EQ(names[1], "a");
    EXPECT_EQ(names[2], "a-2");
    EXPECT_EQ(names[3], "a-4");
    EXPECT_EQ(names.back(), "a-30001");
    EXPECT_EQ(std::set(names.begin(), names.end()).size(), names.size());
}

}  // namespace
}  // namespace embedmask::report
