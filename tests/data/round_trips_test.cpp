// COCO → format → COCO for random datasets: what each format holds comes back bit for bit, and what
// it cannot hold is counted.
//
//               ids of        ids of       polygons   masks with   boxes without   crowds
//               annotations   categories              holes        a mask
// labelme       yes           yes          yes        yes          counted         counted
// yolo          -             yes          as masks   filled       counted         counted
// voc           -             yes          as masks   yes          counted         void
// masks         yes           yes          as masks   yes          counted         counted
// cvat          yes           yes          yes        yes          yes             yes
// label-studio  yes           yes          one ring   yes          yes             counted
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <random>

#include "embedmask/data.h"
#include "embedmask/image.h"
#include "embedmask/polygon.h"
#include "test_data.h"

namespace embedmask {
namespace {

namespace fs = std::filesystem;

struct Holds {
    bool ids = false;       // of annotations
    bool polygons = false;  // of one ring
    bool parts = false;     // polygons of several rings
    bool boxes = false;     // without a mask
    bool crowds = false;
    bool holes = false;
};

Holds holds(LabelFormat format) {
    switch (format) {
        case LabelFormat::labelme:
            return {.ids = true, .polygons = true, .parts = true, .holes = true};
        case LabelFormat::yolo:
            return {};
        case LabelFormat::voc:
            return {.holes = true};
        case LabelFormat::masks:
            return {.ids = true, .holes = true};
        case LabelFormat::cvat:
            return {.ids = true,
                    .polygons = true,
                    .parts = true,
                    .boxes = true,
                    .crowds = true,
                    .holes = true};
        case LabelFormat::label_studio:
            return {.ids = true, .polygons = true, .boxes = true, .holes = true};
        default:
            return {};
    }
}

// Random images with objects of every kind that do not overlap, since a pixel of VOC has one
// object.
class Generator {
public:
    explicit Generator(unsigned seed) : random_(seed) {}

    Dataset dataset() {
        Dataset data;
        data.source = "generated";
        data.has_annotations = true;
        data.categories = {{3, "cat"}, {8, "a \"b\" & <c>, d"}, {90, "größe"}};
        std::int64_t id = 100;
        for (int i = 0; i < 4; ++i) {
            const ImageSize size{number(60, 90), number(50, 80)};
            data.images.push_back({number(1, 9) + 10 * i, size.width, size.height, fmt_name(i)});
            for (const int left : {2, 20, 38}) {
                for (const int top : {3, 26}) {
                    Annotation object = this->object({left, top});
                    object.id = id += number(1, 5);
                    object.image_id = data.images.back().id;
                    object.category_id = data.categories[static_cast<std::size_t>(number(0, 2))].id;
                    fit(object, size);
                    data.annotations.push_back(std::move(object));
                }
            }
        }
        return data;
    }

private:
    struct Place {
        int left;
        int top;
    };

    static std::string fmt_name(int i) {
        return std::string(1, static_cast<char>('a' + i)) + " & b.png";
    }

    int number(int least, int most) {
        return least + static_cast<int>(random_() % static_cast<unsigned>(most - least + 1));
    }

    // Two decimals, as in COCO.
    double coordinate(int least, int most) { return number(100 * least, 100 * most) / 100.0; }

    std::vector<double> ring(int left, int top, int right, int bottom) {
        return {coordinate(left, left + 2),   coordinate(top, top + 2),
                coordinate(right - 2, right), coordinate(top, top + 2),
                coordinate(right - 2, right), coordinate(bottom - 2, bottom),
                coordinate(left, left + 2),   coordinate(bottom - 2, bottom)};
    }

    // In a cell of 16 x 20 pixels.
    Annotation object(Place place) {
        const auto [left, top] = place;
        Annotation object;
        object.box = CocoBox{coordinate(left, left + 3), coordinate(top, top + 3),
                             coordinate(2, 12), coordinate(2, 15)};
        switch (number(0, 4)) {
            case 0:
                object.segmentation.format = Segmentation::Format::polygons;
                object.segmentation.polygons = {ring(left, top, left + 14, top + 18)};
                break;
            case 1:
                object.segmentation.format = Segmentation::Format::polygons;
                object.segmentation.polygons = {ring(left, top, left + 6, top + 8),
                                                ring(left + 8, top + 10, left + 14, top + 18)};
                break;
            case 2:
                blob_ = place;
                object.segmentation.format = Segmentation::Format::rle;
                break;
            case 3:
                object.crowd = true;
                blob_ = place;
                object.segmentation.format = Segmentation::Format::rle;
                break;
            default:
                break;  // a box
        }
        return object;
    }

    // Run lengths need the size of the image: a rectangle with two holes.
    void fit(Annotation& object, ImageSize size) {
        if (object.segmentation.format != Segmentation::Format::rle) {
            return;
        }
        std::vector<std::uint8_t> bits(static_cast<std::size_t>(size.width) *
                                       static_cast<std::size_t>(size.height));
        for (int y = blob_.top; y < blob_.top + 18; ++y) {
            for (int x = blob_.left; x < blob_.left + 14; ++x) {
                const bool hole = (x == blob_.left + 4 && y < blob_.top + 9 && y > blob_.top) ||
                                  (x == blob_.left + 9 && y == blob_.top + 12);
                bits[static_cast<std::size_t>(y * size.width + x)] = hole ? 0 : 1;
            }
        }
        object.segmentation.rle = encode_rows(bits, size.height, size.width);
    }

    std::mt19937 random_;
    Place blob_{};
};

class RoundTrips : public ::testing::TestWithParam<LabelFormat> {
protected:
    [[nodiscard]] fs::path path(const std::string& name) const { return folder_.path() / name; }

    void add_images(const Dataset& data) const {
        fs::create_directories(path("images"));
        for (const ImageRecord& image : data.images) {
            const auto pixels = static_cast<std::size_t>(image.width * image.height);
            write_png(path("images") / image.file_name,
                      Image{{image.width, image.height}, std::vector<std::uint8_t>(3 * pixels)});
        }
    }

    testing::TemporaryFolder folder_;
};

bool is_box(const Annotation& object) {
    return object.segmentation.format == Segmentation::Format::none;
}

Rle filled(const Annotation& object, const ImageRecord& image) {
    Rle mask = to_mask(object.segmentation, image.height, image.width);
    if (object.segmentation.format != Segmentation::Format::rle) {
        return mask;
    }
    const CocoBox box = bounding_box(mask);
    return rasterize_ring(
        std::vector<double>{box.x, box.y, box.x + box.width, box.y, box.x + box.width,
                            box.y + box.height, box.x, box.y + box.height},
        image.height, image.width);
}

TEST_P(RoundTrips, KeepWhatTheFormatHolds) {
    const LabelFormat format = GetParam();
    const Holds kept = holds(format);
    std::size_t compared = 0;
    for (unsigned seed = 1; seed <= 12; ++seed) {
        SCOPED_TRACE(seed);
        const Dataset before = Generator(seed).dataset();
        fs::remove_all(path("images"));
        add_images(before);
        const fs::path labels = path("labels" + std::to_string(seed));
        const ExportReport report = export_dataset(before, labels, format);
        const auto boxes =
            static_cast<std::size_t>(std::ranges::count_if(before.annotations, is_box));
        const auto crowds = static_cast<std::size_t>(std::ranges::count_if(
            before.annotations, [](const Annotation& object) { return object.crowd; }));
        EXPECT_EQ(report.objects_without_mask, kept.boxes ? 0 : boxes);
        EXPECT_EQ(report.crowds_left_out, kept.crowds || format == LabelFormat::voc ? 0 : crowds);
        const DatasetImport import =
            import_dataset(labels, path("back.json"), {.from = format, .images = path("images")});
        EXPECT_TRUE(import.without_pixels.empty());
        const Dataset after = read_dataset(path("back.json"));
        EXPECT_EQ(after.categories, before.categories);
        ASSERT_EQ(after.images.size(), before.images.size());
        std::map<std::int64_t, const ImageRecord*> new_images;
        for (std::size_t i = 0; i < after.images.size(); ++i) {
            EXPECT_EQ(after.images[i].file_name, before.images[i].file_name);
            new_images[before.images[i].id] = &after.images[i];
        }
        std::size_t expected = 0;
        for (const Annotation& object : before.annotations) {
            if ((object.crowd && !kept.crowds) || (is_box(object) && !kept.boxes)) {
                continue;
            }
            ++expected;
            const ImageRecord& image = *new_images.at(object.image_id);
            const Rle mask = kept.holes ? to_mask(object.segmentation, image.height, image.width)
                                        : filled(object, image);
            const auto found =
                std::ranges::find_if(after.annotations, [&](const Annotation& other) {
                    if (kept.ids) {
                        return other.id == object.id;
                    }
                    return other.image_id == image.id &&
                           to_mask(other.segmentation, image.height, image.width) == mask;
                });
            ASSERT_NE(found, after.annotations.end()) << object.id;
            EXPECT_EQ(found->image_id, image.id);
            EXPECT_EQ(found->category_id, object.category_id);
            EXPECT_EQ(found->crowd, object.crowd);
            if (is_box(object)) {
                EXPECT_TRUE(is_box(*found));
                EXPECT_EQ(found->box, object.box) << "bit for bit";
                continue;
            }
            EXPECT_EQ(to_mask(found->segmentation, image.height, image.width), mask);
            EXPECT_EQ(found->area, static_cast<double>(area(mask)));
            const std::size_t rings = object.segmentation.polygons.size();
            if ((rings == 1 && kept.polygons) || (rings > 1 && kept.parts)) {
                EXPECT_EQ(found->segmentation.polygons, object.segmentation.polygons)
                    << "bit for bit";
            }
            ++compared;
        }
        EXPECT_EQ(after.annotations.size(), expected);
    }
    EXPECT_GT(compared, 80U);
}

INSTANTIATE_TEST_SUITE_P(Formats, RoundTrips,
                         ::testing::Values(LabelFormat::labelme, LabelFormat::yolo,
                                           LabelFormat::voc, LabelFormat::masks, LabelFormat::cvat,
                                           LabelFormat::label_studio),
                         [](const auto& test) {
                             std::string name = name_of(test.param);
                             std::erase(name, '-');
                             return name;
                         });

// Files that list their images need no image folder.
TEST(RoundTripsWithoutImages, KeepImageIds) {
    const testing::TemporaryFolder folder;
    const Dataset before = Generator(7).dataset();
    for (const LabelFormat format : {LabelFormat::cvat, LabelFormat::label_studio}) {
        SCOPED_TRACE(name_of(format));
        const fs::path labels = folder.path() / name_of(format);
        (void)export_dataset(before, labels, format);
        (void)import_dataset(labels, folder.path() / "back.json", {.from = format});
        const Dataset after = read_dataset(folder.path() / "back.json");
        ASSERT_EQ(after.images.size(), before.images.size());
        for (std::size_t i = 0; i < after.images.size(); ++i) {
            EXPECT_EQ(after.images[i].id, before.images[i].id);
            EXPECT_EQ(after.images[i].width, before.images[i].width);
            EXPECT_EQ(after.images[i].height, before.images[i].height);
        }
    }
}

}  // namespace
}  // namespace embedmask
