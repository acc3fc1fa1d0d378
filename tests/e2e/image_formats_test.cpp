// Images of every format through the program.
#include <gif_lib.h>
#include <gtest/gtest.h>
#include <webp/encode.h>

#include <algorithm>
#include <map>
#include <sstream>

#include "base/atomic_file.h"
#include "e2e/program.h"
#include "embedmask/image.h"
#include "image/tiff_files.h"
#include "test_data.h"

namespace embedmask {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using testing::has;
using testing::kSamples;
using testing::Ran;
using testing::run;
using testing::tiff_file;
using testing::TiffSpec;
using Bytes = std::vector<std::uint8_t>;

const std::string kNano = "predict coco-nano --short-side 320 --score-threshold 0.3 --json ";

class ImageFormats : public ::testing::Test {
protected:
    void SetUp() override {
        gray_ = resize(read_image(kSamples + "/000000252219.jpg"), {480, 320});
        for (std::size_t i = 0; i < gray_.rgb.size(); i += 3) {
            std::fill_n(gray_.rgb.data() + i, 3, gray_.rgb[i + 1]);
        }
    }

    [[nodiscard]] std::string path(const std::string& name) const {
        return (folder_.path() / name).string();
    }
    void write(const std::string& name, const Bytes& bytes) const {
        fs::create_directories(fs::path(path(name)).parent_path());
        std::ofstream(path(name), std::ios::binary)
            .write(reinterpret_cast<const char*>(bytes.data()),
                   static_cast<std::streamsize>(bytes.size()));
    }

    [[nodiscard]] int level(int x, int y) const {
        return gray_.rgb[3UL * (static_cast<std::size_t>(y) * 480 + static_cast<std::size_t>(x))];
    }

    // Grey of 16 bits: `low` is black, `high` white.
    [[nodiscard]] Bytes deep(int low, int high, int pages = 1) const {
        TiffSpec spec;
        spec.size = gray_.size;
        spec.bits = 16;
        spec.channels = 1;
        spec.photometric = PHOTOMETRIC_MINISBLACK;
        spec.compression = COMPRESSION_LZW;
        spec.pages = pages;
        return tiff_file(spec, [&](int x, int y, int, int page) {
            // Later pages are black.
            return page > 0 ? low : low + level(x, y) * (high - low + 1) / 256;
        });
    }

    [[nodiscard]] Bytes webp() const {
        std::uint8_t* data = nullptr;
        const std::size_t size = WebPEncodeLosslessRGB(gray_.rgb.data(), 480, 320, 1440, &data);
        Bytes bytes(data, data + size);
        WebPFree(data);
        return bytes;
    }

    [[nodiscard]] Bytes gif() const {
        Bytes bytes;
        int error = 0;
        GifFileType* gif = EGifOpen(
            &bytes,
            [](GifFileType* file, const GifByteType* data, int size) {
                auto* out = static_cast<Bytes*>(file->UserData);
                out->insert(out->end(), data, data + size);
                return size;
            },
            &error);
        std::array<GifColorType, 256> colors{};
        for (std::size_t i = 0; i < colors.size(); ++i) {
            const auto value = static_cast<GifByteType>(i);
            colors[i] = {value, value, value};
        }
        ColorMapObject* map = GifMakeMapObject(256, colors.data());
        EGifPutScreenDesc(gif, 480, 320, 8, 0, map);
        EGifPutImageDesc(gif, 0, 0, 480, 320, false, nullptr);
        for (int y = 0; y < 320; ++y) {
            Bytes row;
            for (int x = 0; x < 480; ++x) {
                row.push_back(static_cast<std::uint8_t>(level(x, y)));
            }
            EGifPutLine(gif, row.data(), 480);
        }
        EGifCloseFile(gif, &error);
        GifFreeMapObject(map);
        return bytes;
    }

    [[nodiscard]] Bytes bmp() const {
        Bytes bytes = {
            'B', 'M', 0, 0,    0, 0, 0, 0,    0,    0,    54,   0, 0, 0,  40,
            0,   0,   0, 0xE0, 1, 0, 0, 0xC0, 0xFE, 0xFF, 0xFF, 1, 0, 24, 0};  // 480 x -320
        bytes.resize(54);
        bytes.insert(bytes.end(), gray_.rgb.begin(), gray_.rgb.end());
        return bytes;
    }

    [[nodiscard]] Bytes ppm() const {
        const std::string header = "P6\n480 320\n255\n";
        Bytes bytes(header.begin(), header.end());
        bytes.insert(bytes.end(), gray_.rgb.begin(), gray_.rgb.end());
        return bytes;
    }

    // The detections of each file, without the ids of the images.
    static std::map<std::string, json> lines(const Ran& ran) {
        std::map<std::string, json> found;
        std::istringstream text(ran.out);
        for (std::string line; std::getline(text, line);) {
            const json content = json::parse(line);
            found[fs::path(content["file"].get<std::string>()).filename().string()] =
                content.contains("error") ? content : content["detections"];
        }
        return found;
    }

    testing::TemporaryFolder folder_;
    Image gray_;
};

TEST_F(ImageFormats, GiveTheSameDetections) {
    write("a/png.png", encode_png(gray_));
    write("a/webp.dat", webp());
    write("a/gif", gif());
    write("a/bmp.jpg", bmp());
    write("a/ppm.ppm", ppm());
    write("a/tiff.tif", deep(0, 65535));
    write("a/notes.jpg", {'t', 'e', 'x', 't'});
    write("a/notes.txt", {'t', 'e', 'x', 't'});
    const Ran ran = run(kNano + path("a"));
    EXPECT_EQ(ran.code, 1) << "notes.jpg is no image";
    auto found = lines(ran);
    ASSERT_EQ(found.size(), 7U) << ran.out;
    EXPECT_TRUE(has(found["notes.jpg"]["error"], "expected a JPEG, PNG, WebP, TIFF, GIF, BMP or"));
    found.erase("notes.jpg");
    ASSERT_FALSE(found["png.png"].empty());
    for (const auto& [name, detections] : found) {
        EXPECT_EQ(detections, found["png.png"]) << name;
    }
    EXPECT_TRUE(has(ran.talk, "passed over 1 file: 1 .txt\n")) << ran.talk;
}

TEST_F(ImageFormats, PagesHaveOutputsOfTheirOwn) {
    write("s.tif", deep(0, 65535, 3));
    write("t.tif", deep(0, 65535, 2));
    const std::string model = "predict coco-nano --short-side 320 ";
    const Ran ran = run(model + path("s.tif[0]") + " " + path("s.tif[2]") + " " + path("s.tif") +
                        " " + path("t.tif") + " --out " + path("out"));
    ASSERT_EQ(ran.code, 0) << ran.talk;
    for (const char* name : {"s-0.jpg", "s-2.jpg", "s.jpg", "t.jpg"}) {
        EXPECT_TRUE(fs::exists(fs::path(path("out")) / "overlay" / name)) << name;
    }
    EXPECT_TRUE(has(ran.talk,
                    "2 files with several pages: only the first one is read; pass FILE[1] "
                    "for the second\n"))
        << ran.talk;
    const Ran named = run(kNano + path("s.tif[0]") + " " + path("s.tif[2]"));
    EXPECT_FALSE(has(named.talk, "several pages")) << named.talk;
    auto found = lines(named);
    EXPECT_FALSE(found["s.tif[0]"].empty());
    EXPECT_TRUE(found["s.tif[2]"].empty()) << "a black page";
    const Ran beyond = run(kNano + path("s.tif[3]"));
    EXPECT_EQ(beyond.code, 1);
    EXPECT_TRUE(has(beyond.talk, "s.tif[3]: found 3 pages: expected page 3")) << beyond.talk;
    EXPECT_TRUE(has(beyond.talk, "pages count from 0: the last one is [2]")) << beyond.talk;
    // The page of a record.
    std::ofstream(path("ann.json"))
        << R"({"images": [{"id": 7, "file_name": "s.tif[0]", "width": 480, "height": 320}],)"
           R"("annotations": [], "categories": []})";
    const Ran recorded = run(kNano + "--data " + path("ann.json") + " --images " + path(""));
    EXPECT_EQ(lines(recorded)["s.tif[0]"], found["s.tif[0]"]) << recorded.talk;
}

TEST_F(ImageFormats, ARangeMakesDarkImagesReadable) {
    write("a.png", encode_png(gray_));
    write("b.tif", deep(0, 4095));  // 12 bits in 16: nearly black
    const json expected = lines(run(kNano + path("a.png")))["a.png"];
    ASSERT_FALSE(expected.empty());
    EXPECT_NE(lines(run(kNano + path("b.tif")))["b.tif"], expected);
    EXPECT_EQ(lines(run(kNano + path("b.tif") + " --range 0:4095"))["b.tif"], expected);
    EXPECT_FALSE(lines(run(kNano + path("b.tif") + " --range percentile"))["b.tif"].empty());
    EXPECT_EQ(lines(run(kNano + path("a.png") + " --range 0:9"))["a.png"], expected)
        << "8 bits have no range";
    const Ran wrong = run(kNano + path("a.png") + " --range 9:3");
    EXPECT_EQ(wrong.code, 2);
    EXPECT_TRUE(has(wrong.talk, "--range 9:3: expected MIN:MAX with MIN below MAX")) << wrong.talk;
}

TEST_F(ImageFormats, ReportsNameTheRange) {
    write("images/b.tif", deep(0, 4095));
    std::ofstream(path("ann.json"))
        << R"({"images": [{"id": 1, "file_name": "b.tif", "width": 480, "height": 320}],)"
           R"("annotations": [{"id": 1, "image_id": 1, "category_id": 1, "bbox": [9, 9, 90, 90],)"
           R"("area": 8100, "iscrowd": 0, "segmentation": [[9, 9, 99, 9, 99, 99, 9, 99]]}],)"
           R"("categories": [{"id": 1, "name": "person"}]})";
    const std::string eval = "eval coco-nano --short-side 320 --categories person --data " +
                             path("ann.json") + " --images " + path("images") +
                             " --ignore-unknown ";
    const Ran ran = run(eval + "--range 0:4095 --json " + path("a.json"));
    ASSERT_EQ(ran.code, 0) << ran.talk;
    EXPECT_EQ(testing::read_json(path("a.json"))["settings"]["model"]["range"], "0:4095");
    const Ran plain = run(eval + "--json " + path("b.json"));
    ASSERT_EQ(plain.code, 0) << plain.talk;
    EXPECT_FALSE(testing::read_json(path("b.json"))["settings"]["model"].contains("range"));
}

}  // namespace
}  // namespace embedmask
