// Faults of data as it comes, in labels and lists: what the program says, writes and returns.
//
//                        predict   predict   data convert          data convert    data
//                        INPUT     --data    --from                --to            show
// turned images          yes       yes       all formats           all formats     -
// objects without pixels -         -         labelme, lvis         masks, all      -
// label images           id map    -         voc, masks, id map    -               -
// groups, shapes         -         -         labelme               -               -
// lines of text          @list     -         classes.txt, yolo     -               -
// two objects, one file  -         -         -                     masks           -
// covered objects        -         -         -                     voc             -
// two classes            -         -         voc                   -               -
// look-alikes            @list     -         all formats           -               -
// long names             all       yes       all formats           all formats     yes
// names from Windows     @list     yes       labelme               all formats     yes
// files passed over      folder    -         images, labels        -               -
// bad paths              all       yes       images, labels        images          yes
// paths inside of files  labelme   labelme   -                     labelme         -
//
// The rules themselves are tested in tests/base, tests/image, tests/data and tests/report.
#include <gtest/gtest.h>

#include "base/atomic_file.h"
#include "e2e/program.h"
#include "embedmask/dataset.h"
#include "image/label_png.h"
#include "image/orientation.h"

namespace embedmask {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using testing::has;
using testing::label_png;
using testing::PngColor;
using testing::Ran;
using testing::read_json;
using testing::run;
using testing::turned_jpeg;

constexpr ImageSize kFrame{64, 48};
constexpr const char* kLite = "pedestrians-lite";
constexpr const char* kSmall = " --precision fp32 --short-side 64 --max-side 96 ";

class LabelFaults : public ::testing::Test {
protected:
    [[nodiscard]] std::string path(const std::string& name) const {
        return (folder_.path() / name).string();
    }
    void write(const std::string& name, std::string_view text) const {
        fs::create_directories(fs::path(path(name)).parent_path());
        detail::write_file_atomically(path(name), text);
    }
    void write(const std::string& name, const std::vector<std::uint8_t>& bytes) const {
        write(name, std::string(bytes.begin(), bytes.end()));
    }
    void add_image(const std::string& name, int orientation = 1) const {
        const Image image{kFrame, std::vector<std::uint8_t>(3UL * 64 * 48, 90)};
        write(name, turned_jpeg(image, orientation));
    }

    [[nodiscard]] Ran from(const std::string& format) const {
        return run("data convert " + path("labels") + " --from " + format + " --images " +
                   path("images") + " --out " + path("out.json"));
    }
    [[nodiscard]] Ran to(const std::string& format, const std::string& more = "") const {
        return run("data convert " + path("ann.json") + " --to " + format + " --out " +
                   path(format) + " " + more);
    }
    [[nodiscard]] json objects() const { return read_json(path("out.json"))["annotations"]; }

    static std::string polygon(const std::string& label, const std::string& points,
                               const std::string& more = "") {
        return R"({"label":")" + label + R"(","points":)" + points + more + "}";
    }
    void labelme(const std::string& name, const std::string& shapes) const {
        write("labels/" + name + ".json", R"({"shapes":[)" + shapes + "]}");
    }
    // An annotation file with one object per image.
    void annotate(const std::vector<std::string>& names) const {
        json data = {{"images", json::array()},
                     {"annotations", json::array()},
                     {"categories", {{{"id", 1}, {"name", "cat"}}}}};
        for (const std::string& name : names) {
            const std::size_t id = data["images"].size() + 1;
            data["images"].push_back({{"id", id},
                                      {"width", kFrame.width},
                                      {"height", kFrame.height},
                                      {"file_name", name}});
            data["annotations"].push_back({{"id", id},
                                           {"image_id", id},
                                           {"category_id", 1},
                                           {"iscrowd", 0},
                                           {"segmentation", {{10, 18, 50, 18, 50, 38, 10, 38}}}});
        }
        write("ann.json", data.dump());
    }

    testing::TemporaryFolder folder_;
};

constexpr const char* kSquare = "[[5,5],[25,5],[25,20],[5,20]]";

TEST_F(LabelFaults, LabelsOfTurnedImagesAreUpright) {
    add_image("images/a.jpg", 6);
    write("labels/classes.txt", "cat\n");
    write("labels/a.txt", "0 0.208333 0.15625 0.625 0.15625 0.625 0.78125 0.208333 0.78125\n");
    ASSERT_EQ(from("yolo").code, 0);
    EXPECT_EQ(objects()[0]["bbox"], json({10.0, 10.0, 20.0, 40.0}));
    EXPECT_EQ(objects()[0]["area"], 800);
    const json image = read_json(path("out.json"))["images"][0];
    EXPECT_EQ(image["width"], 48);
    EXPECT_EQ(image["height"], 64);
    EXPECT_EQ(image["exif"], "applied");
}

TEST_F(LabelFaults, StoredRowsAreTurnedWithTheImageAtHand) {
    add_image("images/a.jpg", 6);
    annotate({"a.jpg"});  // 64x48: the stored rows
    for (const std::string format : {"labelme", "yolo", "voc", "masks"}) {
        SCOPED_TRACE(format);
        ASSERT_EQ(to(format, "--images " + path("images")).code, 0);
        ASSERT_EQ(run("data convert " + path(format) + " --from " + format + " --images " +
                      path("images") + " --out " + path("out.json"))
                      .code,
                  0);
        EXPECT_EQ(objects()[0]["bbox"], json({10.0, 10.0, 20.0, 40.0}));
    }
    EXPECT_EQ(read_json(path("labelme/a.json"))["imageWidth"], 48);
    ASSERT_EQ(to("labelme").code, 0);
    EXPECT_EQ(read_json(path("labelme/a.json"))["imageWidth"], 64) << "the frame of the record";
}

TEST_F(LabelFaults, PredictionsOfTurnedImagesComeBack) {
    const Image sample = read_image(testing::kSamples + "/000000362682.jpg");
    for (const int orientation : {3, 6}) {
        SCOPED_TRACE(orientation);
        write("images/a.jpg",
              turned_jpeg(image::apply_orientation(sample, orientation == 6 ? 8 : 3), orientation));
        const Ran ran = run("predict coco-nano " + path("images") +
                            " --precision fp32 --score-threshold 0.8 --short-side 192 "
                            "--write coco,labelme,yolo,idmap --out " +
                            path("out"));
        ASSERT_EQ(ran.code, 0) << ran.talk;
        ASSERT_EQ(read_json(path("out/detections_segm.json")).size(), 1U);
        for (const auto& [folder, format, least] :
             {std::tuple("idmap", "masks", 0.9999), std::tuple("yolo", "yolo", 0.9),
              std::tuple("labelme", "labelme", 0.9)}) {
            SCOPED_TRACE(folder);
            const Ran back = run("data convert " + path("out/") + folder + " --from " + format +
                                 " --images " + path("images") + " --out " + path("back.json"));
            ASSERT_EQ(back.code, 0) << back.talk;
            // labelme files know no category ids.
            json truth = read_json(path("back.json"));
            const json found = read_json(path("out/detections_segm.json"));
            truth["annotations"][0]["category_id"] = found[0]["category_id"];
            truth["categories"] = {{{"id", found[0]["category_id"]}, {"name", "it"}}};
            write("truth.json", truth.dump());
            const Ran scored = run("eval --data " + path("truth.json") + " --results " +
                                   path("out/detections_segm.json") + " --type segm --json " +
                                   path("scores.json"));
            ASSERT_EQ(scored.code, 0) << scored.talk;
            EXPECT_GE(read_json(path("scores.json"))["stats"]["segm"][0].get<double>(), least);
        }
    }
}

TEST_F(LabelFaults, ObjectsWithoutPixelsAreCounted) {
    add_image("images/a.jpg");
    const std::string outside = polygon("cat", "[[100,100],[120,100],[120,120]]");
    const std::string line = polygon("dog", "[[5,5],[5,10],[5,20]]");
    labelme("a", polygon("cat", kSquare) + "," + outside + "," + line);
    Ran ran = from("labelme");
    EXPECT_EQ(ran.code, 0);
    EXPECT_TRUE(has(ran.talk, "left out: 2 objects without pixels: a.json (cat), a.json (dog)\n"))
        << ran.talk;
    EXPECT_EQ(objects().size(), 1U);
    fs::remove(path("out.json"));
    labelme("a", outside + "," + line);
    ran = from("labelme");
    EXPECT_EQ(ran.code, 1);
    EXPECT_TRUE(has(ran.talk, "none of 2 objects has a pixel")) << ran.talk;
    EXPECT_FALSE(fs::exists(path("out.json")));

    annotate({"a.jpg", "b.jpg"});
    json data = read_json(path("ann.json"));
    data["annotations"][1]["segmentation"] = {{100, 100, 120, 100, 120, 120}};
    write("lvis.json", data.dump());
    ran = run("data convert " + path("lvis.json") + " --from lvis --out " + path("out.json"));
    EXPECT_EQ(ran.code, 0);
    EXPECT_TRUE(has(ran.talk, "left out: 1 object without pixels: annotation 2 of image 2\n"));
    EXPECT_EQ(objects().size(), 1U);
    data["annotations"][1]["segmentation"] = {{100, 100, 120, 100, 120, 120}};
    write("ann.json", data.dump());
    ran = to("masks");
    EXPECT_EQ(ran.code, 0);
    EXPECT_TRUE(has(ran.talk, "left out: 1 object without pixels: annotation 2 of image 2\n"))
        << ran.talk;
    EXPECT_FALSE(fs::exists(path("masks/b-2-1.png")));
    data["annotations"].erase(0);
    write("ann.json", data.dump());
    for (const std::string format : {"labelme", "yolo", "voc", "masks"}) {
        fs::remove_all(path(format));
        ran = to(format);
        EXPECT_EQ(ran.code, 1);
        EXPECT_TRUE(has(ran.talk, "none of 1 masks has a pixel")) << ran.talk;
        EXPECT_FALSE(fs::exists(path(format)));
    }
}

TEST_F(LabelFaults, LabelImagesAreReadByTheirForm) {
    add_image("images/a.jpg");
    const auto grey = [](std::uint16_t left, std::uint16_t right) {
        std::vector<std::uint16_t> values(64UL * 48, 0);
        for (std::size_t y = 5; y < 20; ++y) {
            std::fill_n(values.begin() + static_cast<std::ptrdiff_t>(64 * y + 5), 20, left);
            std::fill_n(values.begin() + static_cast<std::ptrdiff_t>(64 * y + 30), 10, right);
        }
        return label_png(PngColor::gray, 8, kFrame, values);
    };
    write("labels/classes.txt", "cat\ndog\n");
    write("labels/SegmentationClass/a.png", grey(2, 1));
    write("labels/SegmentationObject/a.png", grey(7, 128));
    Ran ran = from("voc");
    ASSERT_EQ(ran.code, 0) << ran.talk;
    EXPECT_TRUE(has(ran.talk,
                    "1 image in SegmentationObject, 8-bit grey: the value is the number, 255 is "
                    "void\n"))
        << ran.talk;
    ASSERT_EQ(objects().size(), 2U);
    EXPECT_EQ(objects()[0]["category_id"], 2);
    EXPECT_EQ(objects()[0]["area"], 300);
    EXPECT_EQ(objects()[1]["category_id"], 1);
    EXPECT_EQ(objects()[1]["area"], 150);
    fs::remove_all(path("labels"));

    write("labels/a-1-4.png", grey(1, 0));
    ran = from("masks");
    ASSERT_EQ(ran.code, 0) << ran.talk;
    EXPECT_TRUE(has(ran.talk, "1 image, 8-bit grey: what is not 0 is the object\n")) << ran.talk;
    EXPECT_EQ(objects()[0]["bbox"], json({5.0, 5.0, 20.0, 15.0}));
    write("labels/a-1-4.png", grey(1, 2));
    ran = from("masks");
    EXPECT_EQ(ran.code, 1);
    EXPECT_TRUE(has(ran.talk, "no pixel above 127; the image has the values 0, 1, 2")) << ran.talk;
    fs::remove_all(path("labels"));

    write("labels/a.png", grey(3, 200));
    ran = from("masks");
    ASSERT_EQ(ran.code, 0) << ran.talk;
    EXPECT_TRUE(has(ran.talk,
                    "an id map, what is not 0 is the number of an object; one category, "
                    "since NAME.json is missing\n"))
        << ran.talk;
    EXPECT_EQ(objects().size(), 2U);
    EXPECT_EQ(read_json(path("out.json"))["categories"][0]["name"], "object");
}

TEST_F(LabelFaults, LabelmeInstancesAreLabelAndGroup) {
    add_image("images/a.jpg");
    const auto in_group = [](const char* group) { return std::string(",\"group_id\":") + group; };
    const char* other = "[[30,10],[50,10],[50,30],[30,30]]";
    labelme("a",
            polygon("cat", kSquare, in_group("1")) + "," + polygon("dog", other, in_group("1")));
    ASSERT_EQ(from("labelme").code, 0);
    ASSERT_EQ(objects().size(), 2U);
    EXPECT_EQ(objects()[0]["bbox"], json({5.0, 5.0, 20.0, 15.0}));
    EXPECT_EQ(objects()[1]["bbox"], json({30.0, 10.0, 20.0, 20.0}));
    for (const char* group : {"7", "\"left\""}) {
        labelme("a", polygon("cat", kSquare, in_group(group)) + "," +
                         polygon("cat", other, in_group(group)));
        ASSERT_EQ(from("labelme").code, 0);
        ASSERT_EQ(objects().size(), 1U) << group;
        EXPECT_EQ(objects()[0]["area"], 700);
    }
    labelme("a", polygon("cat", kSquare, in_group("null")) + "," +
                     polygon("cat", other, in_group("null")));
    ASSERT_EQ(from("labelme").code, 0);
    EXPECT_EQ(objects().size(), 2U);
}

TEST_F(LabelFaults, ShapesWithoutAreaAreCounted) {
    add_image("images/a.jpg");
    labelme("a", polygon("cat", kSquare) + "," +
                     polygon("cat", "[[1,2]]", R"(,"shape_type":"point")") + "," +
                     polygon("cat", "[[1,2],[3,4],[5,6]]", R"(,"shape_type":"linestrip")") + "," +
                     polygon("cat", "[[40,20],[50,20]]", R"(,"shape_type":"circle")"));
    const Ran ran = from("labelme");
    EXPECT_EQ(ran.code, 0) << ran.talk;
    EXPECT_TRUE(has(ran.talk, "left out: 1 linestrip, 1 point\n")) << ran.talk;
    ASSERT_EQ(objects().size(), 2U);
    EXPECT_NEAR(objects()[1]["area"].get<double>(), 310, 10);
}

TEST_F(LabelFaults, LinesEndInAnyWay) {
    add_image("images/a.jpg");
    add_image("images/b.jpg");
    write("list.txt",
          "\xef\xbb\xbf" + path("images/a.jpg") + "\r\n\r\n " + path("images/b.jpg") + " \r\n");
    const std::string predict = std::string("predict ") + kLite + kSmall + "--json ";
    const Ran listed = run(predict + "@" + path("list.txt"));
    EXPECT_EQ(listed.code, 0) << listed.talk;
    EXPECT_TRUE(has(listed.out, "b.jpg\""));
    const Ran piped = run("", "cat " + path("list.txt") + " | " + EMBEDMASK_PROGRAM + " " +
                                  predict + "- 2>/dev/null ; true");
    EXPECT_TRUE(has(piped.out, "a.jpg\"") && has(piped.out, "b.jpg\"")) << piped.text();

    write("labels/classes.txt",
          "\xef\xbb\xbf"
          "cat\r\n\r\ndog\r\n");
    write("labels/a.txt",
          "\xef\xbb\xbf"
          "1 0 0 0.5 0 0.5 0.5\r\n");
    ASSERT_EQ(from("yolo").code, 0);
    EXPECT_EQ(read_json(path("out.json"))["categories"][0]["name"], "cat");
    EXPECT_EQ(objects()[0]["category_id"], 2);
    write("labels/a.txt",
          "\xff\xfe"
          "1");
    EXPECT_TRUE(has(from("yolo").talk, "a.txt: found UTF-16 text: expected UTF-8"));
}

TEST_F(LabelFaults, LookAlikesAreNamed) {
    add_image("images/a.jpg");
    constexpr const char* kPage = "\n<!DOCTYPE html><html></html>";
    write("list.txt", kPage);
    Ran ran = run(std::string("predict ") + kLite + kSmall + "--json @" + path("list.txt"));
    EXPECT_EQ(ran.code, 1);
    EXPECT_TRUE(has(ran.talk, "list.txt: is a web page: expected a text file")) << ran.talk;
    write("labels/a.json", "version https://git-lfs.github.com/spec/v1\n");
    ran = from("labelme");
    EXPECT_EQ(ran.code, 1);
    EXPECT_TRUE(has(ran.talk, "a.json: is a Git LFS pointer: expected JSON")) << ran.talk;
    EXPECT_TRUE(has(ran.talk, "run git lfs pull")) << ran.talk;
    write("labels/a.png", "version https://git-lfs.github.com/spec/v1\n");
    fs::remove(path("labels/a.json"));
    ran = from("masks");
    EXPECT_TRUE(has(ran.talk, "a.png: is a Git LFS pointer: expected a PNG image")) << ran.talk;
    write("labels/classes.txt", kPage);
    write("labels/a.txt", "0 0 0 0.5 0 0.5 0.5\n");
    ran = from("yolo");
    EXPECT_EQ(ran.code, 1);
    EXPECT_TRUE(has(ran.talk, "classes.txt: is a web page: expected a text file")) << ran.talk;
}

TEST_F(LabelFaults, ClassesAreInRange) {
    add_image("images/a.jpg");
    write("labels/classes.txt", "cat\n");
    for (const char* index : {"1e300", "-1e300", "nan", "inf", "0.5"}) {
        write("labels/a.txt", std::string(index) + " 0 0 0.5 0 0.5 0.5\n");
        const Ran ran = from("yolo");
        EXPECT_EQ(ran.code, 1);
        EXPECT_TRUE(has(ran.talk, "a.txt, line 1: found ")) << ran.talk;
        EXPECT_TRUE(has(ran.talk, "expected a class index first")) << ran.talk;
    }
    write("labels/a.txt", "1 0 0 0.5 0 0.5 0.5\n");
    EXPECT_TRUE(has(from("yolo").talk, "found class 1: expected one of the 1 listed"));
}

TEST_F(LabelFaults, ObjectsNeedTheirOwnMaskImages) {
    annotate({"a.jpg", "b.jpg"});
    json data = read_json(path("ann.json"));
    data["annotations"][1]["id"] = 1;
    write("ann.json", data.dump());
    EXPECT_EQ(to("masks").code, 0) << "of two images";
    data["annotations"][1]["image_id"] = 1;
    write("ann.json", data.dump());
    fs::remove_all(path("masks"));
    const Ran ran = to("masks");
    EXPECT_EQ(ran.code, 1);
    EXPECT_TRUE(has(ran.talk, "image 1: two objects have the annotation id 1")) << ran.talk;
    EXPECT_TRUE(has(ran.talk, "`embedmask data check FILE --fix OUT.json` gives new ids"))
        << ran.talk;
    EXPECT_FALSE(fs::exists(path("masks")));
    EXPECT_EQ(to("yolo").code, 0);
    ASSERT_EQ(run("data check " + path("ann.json") + " --fix " + path("fixed.json")).code, 0);
    EXPECT_EQ(run("data convert " + path("fixed.json") + " --to masks --out " + path("masks")).code,
              0);
}

TEST_F(LabelFaults, CoveredObjectsAreCounted) {
    annotate({"a.jpg", "b.jpg"});
    json data = read_json(path("ann.json"));
    data["annotations"][1]["image_id"] = 1;
    data["annotations"][1]["segmentation"] = {{20, 20, 30, 20, 30, 30, 20, 30}};
    write("ann.json", data.dump());
    Ran ran = to("voc");
    EXPECT_EQ(ran.code, 0);
    EXPECT_TRUE(has(ran.talk, "left out: 1 object covered by others: annotation 2 of image 1\n"))
        << ran.talk;
    ran = to("masks");
    EXPECT_FALSE(has(ran.talk, "covered")) << ran.talk;
}

TEST_F(LabelFaults, ObjectsHaveOneClass) {
    add_image("images/a.jpg");
    std::vector<std::uint16_t> values(64UL * 48, 0);
    std::fill_n(values.begin(), 20, std::uint16_t{7});
    write("labels/SegmentationObject/a.png", label_png(PngColor::gray, 8, kFrame, values));
    std::fill_n(values.begin(), 20, std::uint16_t{1});
    values[5] = 255;
    write("labels/classes.txt", "cat\ndog\n");
    write("labels/SegmentationClass/a.png", label_png(PngColor::gray, 8, kFrame, values));
    EXPECT_EQ(from("voc").code, 0) << "void is no class";
    values[9] = 2;
    write("labels/SegmentationClass/a.png", label_png(PngColor::gray, 8, kFrame, values));
    const Ran ran = from("voc");
    EXPECT_EQ(ran.code, 1);
    EXPECT_TRUE(has(ran.talk, "object 7 has the classes 1 and 2 in SegmentationClass")) << ran.talk;
}

TEST_F(LabelFaults, LongNamesAreCut) {
    const std::string name = std::string(199, 'a') + "\xC3\xA9" + std::string(48, 'b');
    const std::string stem(199, 'a');
    add_image("images/" + name + ".jpg");
    annotate({name + ".jpg"});
    for (const std::string format : {"labelme", "yolo", "voc", "masks"}) {
        SCOPED_TRACE(format);
        const Ran ran = to(format);
        ASSERT_EQ(ran.code, 0) << ran.talk;
        const Ran back = run("data convert " + path(format) + " --from " + format + " --images " +
                             path("images") + " --out " + path("out.json"));
        ASSERT_EQ(back.code, 0) << back.talk;
        EXPECT_EQ(objects().size(), 1U);
    }
    EXPECT_TRUE(fs::exists(path("yolo/" + stem + ".txt")));
    EXPECT_TRUE(fs::exists(path("masks/" + stem + "-1-1.png")));
    const Ran shown = run("data show " + path("ann.json") + " --images " + path("images") +
                          " --out " + path("drawn"));
    EXPECT_EQ(shown.code, 0) << shown.talk;
    EXPECT_TRUE(fs::exists(path("drawn/" + stem + "-1.jpg")));
    annotate({name + ".jpg", name + "c.jpg"});
    const Ran ran = to("yolo");
    EXPECT_EQ(ran.code, 1);
    EXPECT_TRUE(has(ran.talk, "image 2: another image is also named a")) << ran.talk;
}

TEST_F(LabelFaults, ShardsNameImagesLikeTheWholeJob) {
    for (const char* name : {"A/x.jpg", "B/x.jpg", "B/y.jpg"}) {
        add_image(name);
    }
    const std::string predict = std::string("predict ") + kLite + kSmall + path("A") + " " +
                                path("B") + " --write overlay --out " + path("out");
    for (const char* shard : {"0/2", "1/2"}) {
        const Ran ran = run(predict + " --shard " + shard);
        EXPECT_EQ(ran.code, 0) << ran.talk;
    }
    for (const char* name : {"x", "x-2", "y"}) {
        EXPECT_TRUE(fs::exists(path(std::string("out/overlay/") + name + ".jpg"))) << name;
    }
}

TEST_F(LabelFaults, NamesFromWindowsAreSplit) {
    annotate({"..\\..\\label-studio\\1\\a.jpg", "C:\\images\\b.jpg"});
    for (const auto& [format, file] :
         {std::pair("yolo", "a.txt"), std::pair("labelme", "b.json"),
          std::pair("masks", "a-1-1.png"), std::pair("voc", "SegmentationClass/b.png")}) {
        ASSERT_EQ(to(format).code, 0);
        EXPECT_TRUE(fs::exists(path(std::string(format) + "/" + file))) << format;
    }
    EXPECT_EQ(read_json(path("labelme/b.json"))["imagePath"], "b.jpg");

    add_image("images/train/c.jpg");
    annotate({"train\\c.jpg"});
    const std::string data = path("ann.json") + " --images " + path("images");
    Ran ran = run("data show " + data + " --out " + path("drawn"));
    EXPECT_EQ(ran.code, 0) << ran.talk;
    EXPECT_TRUE(fs::exists(path("drawn/c-1.jpg")));
    ran = run(std::string("predict ") + kLite + kSmall + "--data " + data +
              " --write labelme --out " + path("out"));
    EXPECT_EQ(ran.code, 0) << ran.talk;
    EXPECT_EQ(read_json(path("out/labelme/c.json"))["imagePath"], "../../images/train/c.jpg");

    annotate({".."});
    ran = to("yolo");
    EXPECT_EQ(ran.code, 1);
    EXPECT_TRUE(has(ran.talk, "image 1: file_name \"..\": expected a path that ends with a file"))
        << ran.talk;

    fs::remove_all(path("images"));
    add_image("images/a.jpg");
    write("labels/other.json",
          R"({"imagePath":"D:\\set\\a.jpg","shapes":[)" + polygon("cat", kSquare) + "]}");
    EXPECT_EQ(from("labelme").code, 0);
    EXPECT_EQ(objects().size(), 1U);
}

TEST_F(LabelFaults, FilesPassedOverAreCounted) {
    for (const char* name : {"1.jpg", "2.jfif", "3.jpe", "4.MPO", "5"}) {
        add_image(std::string("images/") + name);
    }
    write("images/notes.txt", "");
    write("images/6.avif", "RIFF");
    fs::create_directory(path("images/more"));
    const Ran ran = run(std::string("predict ") + kLite + kSmall + "--json " + path("images"));
    EXPECT_EQ(ran.code, 0);
    EXPECT_EQ(std::count(ran.out.begin(), ran.out.end(), '\n'), 5);
    EXPECT_TRUE(has(ran.talk, "images: passed over 2 files: 1 .avif, 1 .txt; 1 folder\n"))
        << ran.talk;
    labelme("1", polygon("cat", kSquare));
    write("labels/2.xml", "");
    const Ran import = from("labelme");
    EXPECT_EQ(import.code, 0) << import.talk;
    EXPECT_TRUE(has(import.talk, "labels: passed over 1 file: 1 .xml\n")) << import.talk;
    EXPECT_TRUE(has(import.talk, "images: passed over 2 files")) << import.talk;
}

TEST_F(LabelFaults, BadPathsAreSkipped) {
    add_image("images/a.jpg");
    add_image("images/z.jpg");
    fs::create_symlink("loop.jpg", path("images/loop.jpg"));
    const std::string longest(300, 'a');
    const Ran predicted =
        run(std::string("predict ") + kLite + kSmall + "--json " + path("images") + " " + longest +
            " @" + path("nothing.txt") + " --out " + path("out"));
    EXPECT_EQ(predicted.code, 1);
    EXPECT_TRUE(has(predicted.talk, "loop.jpg: cannot open")) << predicted.talk;
    EXPECT_TRUE(has(predicted.talk, longest + ": cannot open")) << predicted.talk;
    EXPECT_TRUE(has(predicted.talk, "nothing.txt: cannot open")) << predicted.talk;
    EXPECT_TRUE(fs::exists(path("out/overlay/z.jpg")));
    EXPECT_TRUE(fs::exists(path("out/detections_segm.json")));

    for (const char* name : {"a", "loop", "z"}) {
        labelme(name, polygon("cat", kSquare));
    }
    fs::create_symlink("b.json", path("labels/b.json"));
    Ran ran = from("labelme");
    EXPECT_EQ(ran.code, 1);
    EXPECT_TRUE(has(ran.talk, "images/loop.jpg: cannot open")) << ran.talk;
    EXPECT_TRUE(has(ran.talk, "labels/b.json: cannot open")) << ran.talk;
    EXPECT_TRUE(has(ran.talk, "labels/loop.json: labels of ")) << ran.talk;
    EXPECT_EQ(objects().size(), 2U);

    annotate({"a.jpg", "loop.jpg", "missing.jpg"});
    const std::string data = path("ann.json") + " --images " + path("images");
    ran = run("data show " + data + " --out " + path("drawn"));
    EXPECT_EQ(ran.code, 1);
    EXPECT_TRUE(has(ran.talk, "wrote 1 image")) << ran.talk;
    EXPECT_TRUE(fs::exists(path("drawn/a-1.jpg")));
    ran = to("yolo", "--images " + path("images"));
    EXPECT_EQ(ran.code, 1);
    EXPECT_TRUE(has(ran.talk, "missing.jpg: cannot open")) << ran.talk;
    EXPECT_TRUE(fs::exists(path("yolo/a.txt")));
    EXPECT_FALSE(fs::exists(path("yolo/loop.txt")));
    ran = run(std::string("predict ") + kLite + kSmall + "--json --data " + data);
    EXPECT_EQ(ran.code, 1);
    EXPECT_TRUE(has(ran.talk, "2 of 3 images could not be read")) << ran.talk;
    ran = run("convert " + path("images/a.jpg") + " --categories " + longest + "," + longest +
              " --out " + path("model.safetensors"));
    EXPECT_FALSE(has(ran.talk, "filesystem error")) << ran.talk;
}

TEST_F(LabelFaults, AllMalformedFilesAreNamed) {
    for (const char* name : {"a", "b", "c"}) {
        add_image(std::string("images/") + name + ".jpg");
    }
    labelme("a", polygon("cat", kSquare));
    write("labels/b.json", "{");
    write("labels/c.json", "[]");
    const Ran ran = from("labelme");
    EXPECT_EQ(ran.code, 1);
    EXPECT_TRUE(has(ran.talk, "2 label files cannot be imported")) << ran.talk;
    EXPECT_TRUE(has(ran.talk, "b.json: malformed JSON")) << ran.talk;
    EXPECT_TRUE(has(ran.talk, "c.json: not a labelme file")) << ran.talk;
    EXPECT_FALSE(fs::exists(path("out.json")));
}

TEST_F(LabelFaults, LabelmeFilesLeadToTheirImages) {
    add_image("images/a.jpg");
    annotate({"a.jpg"});
    ASSERT_EQ(to("labelme", "--images " + path("images")).code, 0);
    const auto leads_to_image = [&](const std::string& file) {
        const fs::path image = fs::path(path(file)).parent_path() /
                               read_json(path(file))["imagePath"].get<std::string>();
        return fs::exists(image);
    };
    EXPECT_EQ(read_json(path("labelme/a.json"))["imagePath"], "../images/a.jpg");
    EXPECT_TRUE(leads_to_image("labelme/a.json"));
    ASSERT_EQ(run(std::string("predict ") + kLite + kSmall + path("images") +
                  " --write labelme --out " + path("out"))
                  .code,
              0);
    EXPECT_EQ(read_json(path("out/labelme/a.json"))["imagePath"], "../../images/a.jpg");
    EXPECT_TRUE(leads_to_image("out/labelme/a.json"));
}

}  // namespace
}  // namespace embedmask
