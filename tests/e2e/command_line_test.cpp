// The program as people use it: what it prints, what it writes, how it fails.
#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <sstream>

#include "base/atomic_file.h"
#include "base/file.h"
#include "e2e/program.h"
#include "embedmask/image.h"
#include "embedmask/results.h"
#include "test_data.h"

namespace embedmask {
namespace {

namespace fs = std::filesystem;

using testing::expect_help_fits_a_screen;
using testing::has;
using testing::Ran;
using testing::run;

using testing::kSamples;
const std::string kImage = kSamples + "/000000252219.jpg";
const std::string kModel = std::string(EMBEDMASK_SOURCE_DIR) + "/models/pedestrians.safetensors";
// Small inputs keep these tests quick.
const std::string kQuick = " --short-side 128 ";

TEST(CommandLine, HelpAndUsageErrors) {
    const Ran help = run("--help");
    EXPECT_EQ(help.code, 0);
    EXPECT_TRUE(has(help.out, "predict"));
    for (const char* command :
         {"predict", "eval", "eval merge", "data", "data check", "data stats", "data split",
          "data merge", "data filter", "data show", "data convert", "convert", "info", "bench"}) {
        expect_help_fits_a_screen(command);
    }
    EXPECT_TRUE(has(run("--version").out, "OpenVINO"));
    EXPECT_EQ(run("").code, 2);
    EXPECT_EQ(run("predict").code, 2);
    EXPECT_EQ(run("predict " + kModel + " " + kImage).code, 2) << "nothing to write";
    const Ran wrong = run("predict " + kModel + " x.jpg --wrong-flag");
    EXPECT_EQ(wrong.code, 2);
    EXPECT_TRUE(has(wrong.talk, "--wrong-flag"));
    EXPECT_EQ(run("predict " + kModel + " x.jpg --json --score-threshold 7").code, 2);
    EXPECT_EQ(run("nonsense").code, 2);
}

TEST(CommandLine, PredictWritesEveryForm) {
    const testing::TemporaryFolder folder;
    const fs::path out = folder.path() / "out";
    const Ran ran = run("predict " + kModel + " " + kImage + kQuick + "--out " + out.string() +
                        " --write coco,overlay,idmap,labelme,yolo --explain " +
                        (folder.path() / "explain").string());
    ASSERT_EQ(ran.code, 0) << ran.talk;
    EXPECT_TRUE(has(ran.talk, "network"));
    const auto boxes = read_results(out / "detections_bbox.json");
    const auto masks = read_results(out / "detections_segm.json");
    ASSERT_FALSE(masks.empty());
    EXPECT_EQ(boxes.size(), masks.size());
    EXPECT_EQ(masks[0].image_id, 252219);
    EXPECT_FALSE(masks[0].box) << "no bbox beside a mask (spec §7.7)";
    const ImageSize size = read_image(kImage).size;
    EXPECT_EQ(masks[0].segmentation.rle.width, size.width);
    EXPECT_EQ(read_image(out / "overlay" / "000000252219.jpg").size, size);
    EXPECT_EQ(read_image(out / "idmap" / "000000252219.png").size, size);
    EXPECT_TRUE(fs::exists(out / "labelme" / "000000252219.json"));
    EXPECT_TRUE(fs::exists(out / "yolo" / "000000252219.txt"));
    EXPECT_TRUE(fs::exists(folder.path() / "explain" / "000000252219-embeddings.png"));
}

TEST(CommandLine, JsonLinesListsGlobsAndOrder) {
    const testing::TemporaryFolder folder;
    std::string list;
    for (const char* name : {"000000520707.jpg", "000000252219.jpg", "000000000761.jpg"}) {
        list += kSamples + "/" + name + "\n";
    }
    detail::write_file_atomically(folder.path() / "list", list);
    const Ran ran = run("predict " + kModel + " @" + (folder.path() / "list").string() + kQuick +
                        "--json --categories person");
    ASSERT_EQ(ran.code, 0) << ran.talk;
    std::vector<std::int64_t> ids;
    std::istringstream lines(ran.out);
    for (std::string line; std::getline(lines, line);) {
        const auto json = nlohmann::json::parse(line);
        ids.push_back(json["image_id"]);
        for (std::size_t i = 1; i < json["detections"].size(); ++i) {
            EXPECT_GE(json["detections"][i - 1]["score"], json["detections"][i]["score"]);
        }
    }
    EXPECT_EQ(ids, (std::vector<std::int64_t>{520707, 252219, 761})) << "results in input order";
    const Ran glob = run("predict " + kModel + " '" + kSamples + "/*0707.jpg'" + kQuick + "--json");
    EXPECT_EQ(std::count(glob.out.begin(), glob.out.end(), '\n'), 1) << glob.talk;
}

TEST(CommandLine, FormerNamesOfOptionsStillWork) {
    const std::string start = "predict " + kModel + kQuick + "--json " + kImage;
    const Ran now = run(start + " --categories person");
    ASSERT_EQ(now.code, 0) << now.talk;
    EXPECT_EQ(run(start + " --classes person").out, now.out);
    EXPECT_EQ(run(start + " --classes person --categories person").code, 2);
    EXPECT_FALSE(has(run("predict --help").out, "--classes"));
}

TEST(CommandLine, ShardsCoverEveryImageOnce) {
    std::multiset<std::int64_t> ids;
    const auto collect = [&](const Ran& ran) {
        EXPECT_EQ(ran.code, 0) << ran.talk;
        std::istringstream lines(ran.out);
        for (std::string line; std::getline(lines, line);) {
            ids.insert(nlohmann::json::parse(line)["image_id"].get<std::int64_t>());
        }
    };
    const std::string command = "predict " + kModel + " " + kSamples + kQuick + "--json --shard ";
    collect(run(command + "0/2"));
    collect(run(command + "auto", "RANK=1 WORLD_SIZE=2"));
    EXPECT_EQ(ids.size(), 12U);
    EXPECT_EQ(std::set<std::int64_t>(ids.begin(), ids.end()).size(), 12U);
    EXPECT_EQ(run(command + "2/2").code, 1);
    EXPECT_EQ(run(command + "x").code, 1);
    EXPECT_TRUE(has(run(command + "auto").talk, "SLURM_ARRAY_TASK_ID"));
}

TEST(CommandLine, BadImagesAreReportedCountedAndSkipped) {
    const testing::TemporaryFolder folder;
    const auto bytes = detail::read_file(kImage);
    const auto write = [&](const char* name, std::string_view content) {
        detail::write_file_atomically(folder.path() / name, content);
    };
    write("cut.jpg", {reinterpret_cast<const char*>(bytes.data()), bytes.size() / 2});
    write("empty.png", "");
    write("text.jpg", "this is no image");
    fs::create_directory(folder.path() / "folder.jpg");
    const Ran ran = run("predict " + kModel + " " + kImage + " " + folder.path().string() + "/*" +
                        kQuick + "--json --out " + (folder.path() / "out").string());
    EXPECT_EQ(ran.code, 1);
    for (const char* name : {"cut.jpg", "empty.png", "text.jpg", "folder.jpg", "4 of 5 images"}) {
        EXPECT_TRUE(has(ran.talk, name)) << name << "\n" << ran.talk;
    }
    EXPECT_TRUE(has(ran.out, "\"error\""));
    EXPECT_TRUE(fs::exists(folder.path() / "out" / "detections_segm.json"));
    EXPECT_EQ(run("predict " + kModel + " " + kImage + " --json --max-pixels 1000").code, 1);
}

TEST(CommandLine, NamesOfImagesNeedNotBeUtf8) {
    const testing::TemporaryFolder folder;
    fs::copy(kImage, folder.path() / "caf\xE9.jpg");
    const Ran ran =
        run("predict " + kModel + " " + folder.path().string() + kQuick +
            "--json --write coco,overlay,labelme --out " + (folder.path() / "out").string());
    EXPECT_EQ(ran.code, 0) << ran.talk;
    EXPECT_TRUE(nlohmann::json::parse(ran.out).contains("detections"));
    EXPECT_TRUE(fs::exists(folder.path() / "out" / "overlay" / "caf\xE9.jpg"));
}

TEST(CommandLine, ImagesNeverShareAnId) {
    const testing::TemporaryFolder folder;
    fs::create_directories(folder.path() / "x");
    for (const char* name : {"2.jpg", "a.jpg", "x/2.jpg"}) {
        fs::copy(kImage, folder.path() / name);
    }
    const auto ids = [&](const std::string& names) {
        std::vector<std::int64_t> found;
        std::istringstream lines(run("predict " + kModel + " " + names + kQuick + "--json").out);
        for (std::string line; std::getline(lines, line);) {
            found.push_back(nlohmann::json::parse(line)["image_id"]);
        }
        return found;
    };
    const std::string two = (folder.path() / "2.jpg").string() + " ";
    EXPECT_EQ(ids(two + kImage), (std::vector<std::int64_t>{2, 252219}));
    EXPECT_EQ(ids(two + (folder.path() / "a.jpg").string()), (std::vector<std::int64_t>{1, 2}));
    EXPECT_EQ(ids(two + (folder.path() / "x/2.jpg").string()), (std::vector<std::int64_t>{1, 2}));
}

TEST(CommandLine, OptionsOfSeveralValuesLeaveTheImagesAlone) {
    const Ran ran = run("predict " + kModel + kQuick + "--json --categories person " + kImage);
    EXPECT_EQ(ran.code, 0) << ran.talk;
}

TEST(CommandLine, AnnotationFilesGiveOrderIdsAndSizes) {
    const testing::TemporaryFolder folder;
    const auto annotate = [&](int width) {
        const nlohmann::json json = {
            {"images",
             {{{"id", 9000000000},
               {"file_name", "000000520707.jpg"},
               {"width", 640},
               {"height", 480}},
              {{"id", 5}, {"file_name", "000000252219.jpg"}, {"width", width}, {"height", 428}}}}};
        detail::write_file_atomically(folder.path() / "ann.json", json.dump());
        return run("predict " + kModel + " --data " + (folder.path() / "ann.json").string() +
                   " --images " + kSamples + kQuick + "--json");
    };
    const ImageSize size = read_image(kImage).size;
    const Ran good = annotate(size.width);
    ASSERT_EQ(good.code, 0) << good.talk;
    EXPECT_LT(good.out.find("9000000000"), good.out.find("\"image_id\":5"));
    const Ran bad = annotate(17);
    EXPECT_EQ(bad.code, 1);
    EXPECT_TRUE(has(bad.talk, "17")) << bad.talk;
}

TEST(CommandLine, ModelAndOutputErrorsNameWhatIsWrong) {
    EXPECT_TRUE(
        has(run("predict nothing x.jpg --json").talk, "installed models: coco-nano, pedestrians"));
    const testing::TemporaryFolder folder;
    const auto bytes = detail::read_file(kModel);
    const fs::path cut = folder.path() / "cut.safetensors";
    detail::write_file_atomically(cut,
                                  {reinterpret_cast<const char*>(bytes.data()), bytes.size() / 3});
    const Ran ran = run("predict " + cut.string() + " x.jpg --json");
    EXPECT_EQ(ran.code, 1);
    EXPECT_TRUE(has(ran.talk, "cut.safetensors") && has(ran.talk, "to fix:")) << ran.talk;
    EXPECT_TRUE(has(run("predict " + kImage + " x.jpg --json").talk, "safetensors"));
    const Ran unwritable =
        run("predict " + kModel + " " + kImage + " --out " + cut.string() + "/x");
    EXPECT_EQ(unwritable.code, 1);
    EXPECT_TRUE(has(run("predict " + kModel + " " + kImage + " --json --categories persn").talk,
                    "did you mean \"person\"?"));
}

TEST(CommandLine, InfoAndConvert) {
    EXPECT_TRUE(has(run("info " + kModel).out, "person"));
    EXPECT_EQ(nlohmann::json::parse(run("info " + kModel + " --json").out)["categories"].size(),
              1U);
    EXPECT_TRUE(has(run("info --preset lite").out, "GMAC"));
    EXPECT_TRUE(has(run("info --presets").out, "table2"));
    EXPECT_EQ(run("info --preset g3 --size 100x100").code, 1);
    const testing::TemporaryFolder folder;
    const std::string out = (folder.path() / "m.safetensors").string();
    // A model file is a safetensors file with the authors' names, so it converts again.
    const Ran incomplete = run("convert " + kModel + " --categories a,b,c --out " + out);
    EXPECT_EQ(incomplete.code, 1);
    EXPECT_TRUE(has(incomplete.out, "shape mismatch"));
    EXPECT_FALSE(fs::exists(out));
    EXPECT_EQ(run("convert " + kModel + " --categories a --set embed_dimm=4 --out " + out).code, 1);
    EXPECT_EQ(run("convert missing.safetensors --categories a --out " + out).code, 1);
    const std::string weights = std::string(EMBEDMASK_TEST_DATA) + "/weights/";
    const Ran checkpoint =
        run("convert " + weights + "ckpt_legacy.pth --categories a --out " + out);
    EXPECT_EQ(checkpoint.code, 1);
    EXPECT_TRUE(has(checkpoint.out, "torch legacy"));
    EXPECT_TRUE(has(run("convert " + weights + "c2_tiny.pkl --categories a --out " + out).out,
                    "[2, 3, 2, 2] in c2_tiny.pkl, expected [64, 3, 7, 7]"));
    EXPECT_TRUE(has(run("convert " + kImage + " --categories a --out " + out).talk,
                    "which is not a known weight format"));
}

}  // namespace
}  // namespace embedmask
