// Labels of turned images: masks, outlines and boxes turn like the image, in every format.
#include <gtest/gtest.h>

#include <algorithm>

#include "data/image_files.h"
#include "data/turned.h"
#include "embedmask/data.h"
#include "embedmask/polygon.h"
#include "image/label_png.h"
#include "image/orientation.h"
#include "test_data.h"

namespace embedmask {
namespace {

namespace fs = std::filesystem;

constexpr ImageSize kStored{16, 10};

// Marks the pixels of a mask in an image, to turn it like one.
Image drawn(const Rle& mask) {
    Image image{{mask.width, mask.height}, {}};
    for (const std::uint8_t bit : decode_rows(mask)) {
        image.rgb.insert(image.rgb.end(), 3, bit == 0 ? 0 : 255);
    }
    return image;
}

TEST(Turned, LabelsTurnLikeTheImage) {
    const std::vector<double> ring = {2, 1, 9, 1, 9, 4, 5, 4, 5, 8, 2, 8};
    const Rle mask = rasterize_ring(ring, kStored.height, kStored.width);
    ASSERT_EQ(area(mask), 33U);
    for (int orientation = 1; orientation <= 8; ++orientation) {
        SCOPED_TRACE(orientation);
        const Image upright = image::apply_orientation(drawn(mask), orientation);
        const Rle turned = data::turned(mask, orientation);
        EXPECT_EQ(drawn(turned).rgb, upright.rgb);
        EXPECT_EQ(rasterize_ring(data::turned(ring, kStored, orientation), upright.size.height,
                                 upright.size.width),
                  turned);
        EXPECT_EQ(data::turned(bounding_box(mask), kStored, orientation), bounding_box(turned));
    }
}

class TurnedLabels : public ::testing::TestWithParam<int> {
protected:
    void SetUp() override {
        fs::create_directory(images());
        for (const auto& [name, size] :
             {std::pair("wide", kStored), std::pair("square", kSquare)}) {
            const auto file = testing::turned_jpeg(
                {size, std::vector<std::uint8_t>(
                           3UL * static_cast<std::size_t>(size.width * size.height), 90)},
                GetParam());
            std::ofstream(images() / (std::string(name) + ".jpg"), std::ios::binary)
                .write(reinterpret_cast<const char*>(file.data()),
                       static_cast<std::streamsize>(file.size()));
        }
    }

    [[nodiscard]] fs::path path(const std::string& name) const { return folder_.path() / name; }
    [[nodiscard]] fs::path images() const { return path("images"); }

    // Two objects per image, in the frame of the stored rows.
    static Dataset stored_labels() {
        Dataset data;
        data.source = "stored";
        data.has_annotations = true;
        data.categories = {{3, "cat"}, {7, "dog"}};
        data.images = {{1, kSquare.width, kSquare.height, "square.jpg"},
                       {2, kStored.width, kStored.height, "wide.jpg"}};
        for (const ImageRecord& image : data.images) {
            for (const auto& [category, ring] :
                 {std::pair(3, std::vector<double>{2, 1, 9, 1, 9, 4, 5, 4, 5, 8, 2, 8}),
                  std::pair(7, std::vector<double>{9, 5, 10, 5, 10, 9, 9, 9})}) {
                Annotation annotation;
                annotation.id = static_cast<std::int64_t>(data.annotations.size()) + 1;
                annotation.image_id = image.id;
                annotation.category_id = category;
                annotation.segmentation.format = Segmentation::Format::polygons;
                annotation.segmentation.polygons = {ring};
                data.annotations.push_back(std::move(annotation));
            }
        }
        return data;
    }

    // The masks of `data` on upright images, by image and category.
    [[nodiscard]] std::map<std::pair<std::string, std::int64_t>, Rle> upright_masks(
        const Dataset& data, bool stored) const {
        std::map<std::pair<std::string, std::int64_t>, Rle> masks;
        const ImageIndex index(data);
        for (const Annotation& annotation : data.annotations) {
            const ImageRecord& image = *index.find(annotation.image_id);
            const Rle mask = to_mask(annotation.segmentation, image.height, image.width);
            masks[{image.file_name, annotation.category_id}] =
                stored ? data::turned(mask, GetParam()) : mask;
        }
        return masks;
    }

    static constexpr ImageSize kSquare{12, 12};
    testing::TemporaryFolder folder_;
};

constexpr LabelFormat kFormats[] = {LabelFormat::labelme, LabelFormat::yolo,
                                    LabelFormat::voc,     LabelFormat::masks,
                                    LabelFormat::cvat,    LabelFormat::label_studio};

TEST_P(TurnedLabels, GoThereAndBackThroughEveryFormat) {
    const auto expected = upright_masks(stored_labels(), true);
    ASSERT_EQ(expected.size(), 4U);
    for (const LabelFormat format : kFormats) {
        SCOPED_TRACE(name_of(format));
        const ExportReport report =
            export_dataset(stored_labels(), path(name_of(format)), format, {.images = images()});
        EXPECT_TRUE(report.skipped.empty());
        const fs::path back = path("back.json");
        (void)import_dataset(path(name_of(format)), back, {.from = format, .images = images()});
        const Dataset after = read_dataset(back);
        EXPECT_EQ(upright_masks(after, false), expected);
        for (const ImageRecord& image : after.images) {
            EXPECT_EQ(image.upright, GetParam() != 1);
        }
        // The record decides how its image is read.
        for (const data::ImageFile& file : data::annotated_images(back, images())) {
            EXPECT_EQ(data::remaining_orientation(file), 1);
            EXPECT_EQ(data::read_image_file(file).size, *file.expected_size);
        }
        // And again, from records of upright images.
        (void)export_dataset(after, path("again"), format, {.images = images()});
        (void)import_dataset(path("again"), path("again.json"),
                             {.from = format, .images = images()});
        EXPECT_EQ(upright_masks(read_dataset(path("again.json")), false), expected);
        fs::remove_all(path("again"));
    }
}

// Label files that record the stored size were drawn by a tool that ignores EXIF.
TEST_P(TurnedLabels, MayReferToStoredRows) {
    if (GetParam() < 5) {
        return;  // no other size
    }
    Dataset data = stored_labels();
    data.images = {data.images[1]};
    std::erase_if(data.annotations, [](const Annotation& item) { return item.image_id == 1; });
    for (const LabelFormat format : {LabelFormat::labelme, LabelFormat::voc, LabelFormat::masks,
                                     LabelFormat::cvat, LabelFormat::label_studio}) {
        SCOPED_TRACE(name_of(format));
        (void)export_dataset(data, path(name_of(format)), format);
        (void)import_dataset(path(name_of(format)), path("back.json"),
                             {.from = format, .images = images()});
        EXPECT_EQ(upright_masks(read_dataset(path("back.json")), false), upright_masks(data, true));
    }
}

INSTANTIATE_TEST_SUITE_P(Orientations, TurnedLabels, ::testing::Range(1, 9));

}  // namespace
}  // namespace embedmask
