// Faults of output files, folders and streams, tried with every command in which they can occur.
//
// | kind                                | predict | eval | merge (eval) | check | stats | split |
// merge | filter | show | convert | train |
// |-------------------------------------|---------|------|--------------|-------|-------|-------|-------|--------|------|---------|-------|
// | an output is an input               | x       | x    | x            | x     | x     | x     | x
// | x      | x    | x       | x     | | a derived name belongs to others    | x       | x    | - |
// -     | -     | x     | -     | -      | x    | x       | x     | | the same command again | x |
// x    | -            | x     | x     | x     | x     | x      | x    | x       | -     | | a full
// disk behind stdout           | x       | x    | x            | x     | x     | x     | x     | x
// | x    | x       | -     | | links, pipes and devices            | one writer for all:
// tests/base/atomic_file_test.cpp; here through eval and filter               | | signals | x |
// filter, whose output is a pipe that nobody reads                                               |
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <thread>

#include "base/atomic_file.h"
#include "base/file.h"
#include "e2e/program.h"
#include "embedmask/dataset.h"
#include "embedmask/image.h"
#include "embedmask/results.h"
#include "test_data.h"

namespace embedmask {
namespace {

namespace fs = std::filesystem;

using testing::has;
using testing::Ran;
using testing::run;

/// Everything in a folder: content by relative name.
std::map<std::string, std::string> contents_of(const fs::path& folder) {
    std::map<std::string, std::string> contents;
    for (const auto& entry : fs::recursive_directory_iterator(folder)) {
        if (entry.is_regular_file()) {
            const auto bytes = detail::read_file(entry.path());
            contents[fs::relative(entry.path(), folder).string()] = {bytes.begin(), bytes.end()};
        }
    }
    return contents;
}

class DataFiles : public ::testing::Test {
protected:
    void SetUp() override {
        fs::create_directory(at("images"));
        for (const char* name : {"a.png", "b.png", "c.png"}) {
            write_png(folder_.path() / "images" / name,
                      Image{{64, 48}, std::vector<std::uint8_t>(64 * 48 * 3, 90)});
        }
        write("ann.json", R"({"images":[{"id":1,"file_name":"a.png","width":64,"height":48},
            {"id":2,"file_name":"b.png","width":64,"height":48}],
            "categories":[{"id":1,"name":"person"}],"annotations":[
            {"id":1,"image_id":1,"category_id":1,"bbox":[5,5,20,15],"area":300,"iscrowd":0,
             "segmentation":[[5,5,25,5,25,20,5,20]]},
            {"id":2,"image_id":2,"category_id":1,"bbox":[5,5,20,15],"area":300,"iscrowd":0,
             "segmentation":[[5,5,25,5,25,20,5,20]]}]})");
        write("res.json", R"([{"image_id":1,"category_id":1,"score":0.9,"bbox":[5,5,20,15]}])");
    }

    [[nodiscard]] std::string at(const std::string& name) const {
        return (folder_.path() / name).string();
    }
    void write(const std::string& name, const std::string& text) const {
        detail::write_file_atomically(folder_.path() / name, text);
    }
    /// Replaces "@name" by the path of a file in the folder.
    [[nodiscard]] std::string with_paths(std::string command) const {
        for (std::size_t i = command.find('@'); i != std::string::npos; i = command.find('@', i)) {
            command.replace(i, 1, folder_.path().string() + "/");
        }
        return command;
    }
    [[nodiscard]] Ran embedmask(const std::string& command) const {
        return run(with_paths(command));
    }

    /// What `reader` prints if it reads the program's stdout.
    [[nodiscard]] std::string piped_output(const std::string& command,
                                           const std::string& reader) const {
        FILE* pipe = popen(
            with_paths(std::string(EMBEDMASK_PROGRAM) + " " + command + " 2>/dev/null | " + reader)
                .c_str(),
            "r");
        std::string text;
        for (int c = 0; (c = std::fgetc(pipe)) != EOF;) {
            text.push_back(static_cast<char>(c));
        }
        pclose(pipe);
        return text;
    }

    /// Starts the program, sends it a signal once `file` exists, and returns its exit code. stderr
    /// goes to the file "log".
    [[nodiscard]] int interrupted(const std::string& command, const std::string& file,
                                  int signal) const {
        const std::string line =
            with_paths("exec " + std::string(EMBEDMASK_PROGRAM) + " " + command + " 2>@log");
        const pid_t child = ::fork();
        if (child == 0) {
            std::signal(signal, SIG_DFL);  // a test in the background may have it ignored
            ::execl("/bin/sh", "sh", "-c", line.c_str(), nullptr);
            std::_Exit(127);
        }
        int status = 0;
        while (!fs::exists(at(file)) && ::waitpid(child, &status, WNOHANG) == 0) {
            std::this_thread::sleep_for(std::chrono::milliseconds(5));
        }
        ::kill(child, signal);
        ::waitpid(child, &status, 0);
        return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
    }

    testing::TemporaryFolder folder_;
    const std::string kPredict =
        "predict coco-nano @images --precision fp32 --short-side 64 --max-side 96 ";
    const std::string kEval = "eval --results @res.json --data @ann.json --type bbox ";
};

TEST_F(DataFiles, AnOutputIsNeverAnInput) {
    fs::create_symlink("ann.json", at("link.json"));
    fs::create_directory(at("labels"));
    write("labels/a.txt", "0 0.1 0.1 0.5 0.1 0.5 0.5\n");
    write("labels/classes.txt", "person\n");
    write("set-train.json", "of the user");
    fs::rename(at("ann.json"), at("set-val.json"));
    fs::create_symlink("set-val.json", at("ann.json"));
    write_png(at("images/a-1.jpg"), Image{{64, 48}, std::vector<std::uint8_t>(64 * 48 * 3, 90)});
    write("shown.json", R"({"images":[{"id":1,"file_name":"a.png"},{"id":3,"file_name":"a-1.jpg"}],
                            "categories":[],"annotations":[]})");
    fs::create_directory(at("images/overlay"));
    fs::copy(at("images/a.png"), at("images/overlay/p.jpg"));
    fs::copy(std::string(EMBEDMASK_SOURCE_DIR) + "/models/coco-nano.safetensors",
             at("m.safetensors"));
    fs::create_directory(at("images/sub"));
    fs::copy(at("images/a.png"), at("images/sub/d.png"));
    write("sub.json", R"({"images":[{"id":1,"file_name":"sub/d.png","width":64,"height":48}],
        "categories":[{"id":1,"name":"person"}],"annotations":[]})");
    const auto before = contents_of(folder_.path());
    for (const std::string& command :
         {kEval + "--json @ann.json", kEval + "--csv @res.json", kEval + "--html @link.json",
          std::string("data check @ann.json --fix @link.json"),
          std::string("data check @sub.json --images @images --fix @images/sub/d.png"),
          std::string("eval --results @res.json --data @sub.json --images @images --type bbox "
                      "--json @images/sub/d.png"),
          std::string("data stats @ann.json --html @link.json"),
          std::string("data split @ann.json --out @set --force"),
          std::string("data merge @ann.json --out @ann.json"),
          std::string("data filter @ann.json --out @link.json"),
          std::string("data show @shown.json --images @images --out @images --force"),
          std::string("data convert @labels --from yolo --images @images --out @labels/a.txt"),
          std::string("data convert @labels --from yolo --images @images --out @images/a.png"),
          std::string("predict coco-nano @images/overlay/p.jpg --out @images --force --short-side "
                      "64 --max-side 96"),
          std::string("convert @m.safetensors --out @m.safetensors")}) {
        const Ran ran = embedmask(command);
        EXPECT_EQ(ran.code, 1) << command << "\n" << ran.text();
        EXPECT_TRUE(has(ran.talk, "is an input of this command")) << command << "\n" << ran.talk;
        EXPECT_TRUE(contents_of(folder_.path()) == before) << command;
    }
    fs::create_directory(at("d"));
    fs::create_symlink("d", at("e"));
    EXPECT_EQ(embedmask(kEval + "--json @d/r --csv @e/r").code, 1);
    const Ran twice = embedmask(kEval + "--json @r --csv @./r");
    EXPECT_EQ(twice.code, 1);
    EXPECT_TRUE(has(twice.talk, "the output of --json and of --csv")) << twice.talk;
}

TEST_F(DataFiles, DerivedNamesBelongToTheirOwners) {
    const std::map<std::string, std::vector<std::string>> commands{
        {"data split @ann.json --out @new/s", {"new/s-train.json", "new/s-val.json"}},
        {"data show @ann.json --images @images --out @new", {"new/a-1.jpg"}},
        {"data convert @ann.json --to labelme --out @new", {"new/a.json", "new/classes.txt"}},
        {"data convert @ann.json --to yolo --out @new", {"new/b.txt", "new/categories.json"}},
        {"data convert @ann.json --to voc --out @new", {"new/SegmentationClass/a.png"}},
        {"data convert @ann.json --to masks --out @new", {"new/a-1-1.png"}},
        {kPredict + "--out @new --write coco,overlay,idmap,labelme,yolo",
         {"new/detections_bbox.json", "new/overlay/a.jpg", "new/idmap/b.png", "new/labelme/c.json",
          "new/yolo/classes.txt"}},
        {kPredict + "--explain @new", {"new/a-embeddings.png", "new/a-1-person.png"}},
        {"eval coco-nano --data @all.json --images @images --short-side 64 --max-side 96 --shard "
         "0/1 --out @new",
         {"new/evaluation.shard-0-of-1.json", "new/detections_segm.shard-0-of-1.json"}}};
    detail::write_file_atomically(
        at("all.json"), R"({"images":[{"id":1,"file_name":"a.png","width":64,"height":48}],
            "categories":)" +
                            [] {
                                const Ran info = run("info coco-nano --json");
                                return nlohmann::json::parse(info.out)["categories"].dump();
                            }() +
                            R"(,"annotations":[]})");
    for (const auto& [command, names] : commands) {
        for (const std::string& name : names) {
            fs::remove_all(at("new"));
            fs::create_directories(fs::path(at(name)).parent_path());
            write(name, "precious");
            const auto before = contents_of(folder_.path());
            const Ran refused = embedmask(command);
            EXPECT_EQ(refused.code, 1) << command << "\n" << refused.text();
            EXPECT_TRUE(has(refused.talk, fs::path(name).filename().string())) << refused.talk;
            EXPECT_TRUE(has(refused.talk, "--force")) << refused.talk;
            EXPECT_TRUE(contents_of(folder_.path()) == before) << command << ": " << name;
        }
        const Ran forced = embedmask(command + " --force");
        EXPECT_EQ(forced.code, 0) << command << "\n" << forced.text();

        fs::remove_all(at("new"));
        fs::create_directory(at("new"));
        EXPECT_EQ(embedmask(command).code, 0) << command;
        const Ran again = embedmask(command);
        EXPECT_EQ(again.code, 0) << "again: " << command << "\n" << again.talk;
    }
}

TEST_F(DataFiles, ATrainingRunReplacesOnlyItsOwnFiles) {
    if (!fs::exists(fs::path(EMBEDMASK_PROGRAM).parent_path() / "embedmask-train")) {
        GTEST_SKIP() << "this build has no libtorch";
    }
    const std::string settings =
        " --data @ann.json --images @images --set start_model=\"\" --set input.short_train=[64] "
        "--set input.short_test=64 --set input.max=96 --set solver.batch=2 --set workers=1 "
        "--set solver.max_iter=1 --precision fp32 --threads 1 ";
    fs::create_directory(at("run"));
    const Ran preset = embedmask("info --preset lite");
    write("run/config.toml", preset.out);
    const auto before = contents_of(folder_.path());
    const Ran input = embedmask("train @run/config.toml" + settings + "--out @run");
    EXPECT_EQ(input.code, 1);
    EXPECT_TRUE(has(input.talk, "is an input of this command")) << input.talk;
    const Ran foreign = embedmask("train lite" + settings + "--out @run");
    EXPECT_EQ(foreign.code, 1);
    EXPECT_TRUE(has(foreign.talk, "config.toml")) << foreign.talk;
    EXPECT_EQ(contents_of(folder_.path())["run/config.toml"], before.at("run/config.toml"));

    // Masks without pixels, boxes without area: counted, or refused.
    nlohmann::json ann = testing::read_json(at("ann.json"));
    ann["annotations"][0]["segmentation"] = {{100, 100, 120, 100, 120, 120}};
    write("ann.json", ann.dump());
    const Ran counted = embedmask("train lite" + settings + "--out @new --dry-run");
    EXPECT_EQ(counted.code, 0) << counted.talk;
    EXPECT_TRUE(has(counted.talk, "1 of 2 objects have a mask without pixels and are left out"))
        << counted.talk;
    ann["annotations"][1]["segmentation"] = {{{1, 1}, {9, 1}, {9, 9}}};
    write("ann.json", ann.dump());
    const Ran refused = embedmask("train lite" + settings + "--out @new");
    EXPECT_EQ(refused.code, 1);
    EXPECT_FALSE(fs::exists(at("new/last.safetensors")));
}

TEST_F(DataFiles, NamedFilesAreReplaced) {
    for (const std::string& command :
         {kEval + "--json @out", std::string("data check @ann.json --fix @out"),
          std::string("data stats @ann.json --html @out"),
          std::string("data merge @ann.json --out @out"),
          std::string("data filter @ann.json --out @out")}) {
        write("out", "old");
        const Ran ran = embedmask(command);
        EXPECT_EQ(ran.code, 0) << command << "\n" << ran.talk;
        EXPECT_NE(contents_of(folder_.path())["out"], "old") << command;
    }
}

TEST_F(DataFiles, AFullDiskBehindStdoutIsAnError) {
    for (const std::string& command :
         {kEval, kEval + "--json @r.json", std::string("data check @ann.json"),
          std::string("data check @ann.json --json"), std::string("data stats @ann.json"),
          std::string("data stats @ann.json --json"), std::string("data split @ann.json --out @s"),
          std::string("info coco-nano"), std::string("info --presets --json"),
          std::string("--help"), std::string("--version"), std::string("eval --help"),
          std::string("eval --compare @r.json @r.json"), kPredict + "--json"}) {
        const Ran ran = embedmask(command + " >/dev/full");
        EXPECT_EQ(ran.code, 1) << command << "\n" << ran.talk;
        EXPECT_TRUE(has(ran.talk, "No space left on device") ||
                    has(ran.talk, "stdout: cannot write"))
            << command << "\n"
            << ran.talk;
    }
}

TEST_F(DataFiles, ReportsGoThroughLinksAndPipes) {
    write("real.json", "old");
    fs::create_symlink("real.json", at("report.json"));
    EXPECT_EQ(embedmask(kEval + "--json @report.json").code, 0);
    EXPECT_TRUE(fs::is_symlink(at("report.json")));
    EXPECT_TRUE(testing::read_json(at("real.json")).contains("stats"));
    const std::string piped = piped_output(kEval + "--csv /dev/stdout", "cat");
    EXPECT_TRUE(has(piped, "type,id,name,AP")) << piped;
    EXPECT_TRUE(has(piped, "Average Precision")) << piped;
    EXPECT_EQ(embedmask(kEval + "--csv /dev/null").code, 0);
    EXPECT_EQ(embedmask("data filter @ann.json --out /dev/full").code, 1);
    EXPECT_TRUE(fs::is_character_file("/dev/null") && fs::is_character_file("/dev/full"));
}

TEST_F(DataFiles, InterruptedPredictionsKeepTheFinishedImages) {
    fs::create_directory(at("many"));
    for (int i = 0; i < 400; ++i) {
        fs::create_hard_link(at("images/a.png"), at("many/" + std::to_string(i) + ".png"));
    }
    for (const int signal : {SIGINT, SIGTERM}) {
        fs::remove_all(at("out"));
        EXPECT_EQ(interrupted("predict coco-nano @many --out @out --short-side 320 --max-side 400",
                              "out/overlay/0.jpg", signal),
                  128 + signal);
        const auto log = contents_of(folder_.path())["log"];
        EXPECT_TRUE(has(log, " of 400 images done")) << log;
        EXPECT_NO_THROW((void)read_results(at("out/detections_segm.json")));
        for (const auto& [name, text] : contents_of(at("out"))) {
            EXPECT_FALSE(name.ends_with(".tmp")) << name;
        }
    }
}

TEST_F(DataFiles, SignalsLeaveNoTemporaryFiles) {
    // The reader of the pipe is gone before the program has written everything.
    nlohmann::json large = testing::read_json(at("ann.json"));
    for (int i = 0; i < 20000; ++i) {
        large["images"].push_back(
            {{"id", 10 + i}, {"file_name", "x"}, {"width", 9}, {"height", 9}});
    }
    write("large.json", large.dump());
    EXPECT_EQ(piped_output("data filter @large.json --out /dev/stdout", "head -c 10").size(), 10U);
    EXPECT_EQ(piped_output("predict coco-nano @images --json --out @out --short-side 64 "
                           "--max-side 96",
                           "true"),
              "");
    // An evaluation has a temporary file for each results file of its part.
    nlohmann::json ann = {
        {"images", nlohmann::json::array()},
        {"categories", nlohmann::json::parse(run("info coco-nano --json").out).at("categories")},
        {"annotations", nlohmann::json::array()}};
    for (int i = 0; i < 400; ++i) {
        ann["images"].push_back({{"id", i}, {"file_name", "a.png"}, {"width", 64}, {"height", 48}});
    }
    write("many.json", ann.dump());
    EXPECT_EQ(interrupted("eval coco-nano --data @many.json --images @images --shard 0/1 "
                          "--short-side 320 --max-side 400 --out @parts",
                          "parts", SIGTERM),
              -SIGTERM);
    EXPECT_TRUE(fs::exists(at("parts")));
    for (const auto& [name, text] : contents_of(folder_.path())) {
        EXPECT_FALSE(name.ends_with(".tmp")) << name;
    }
}

TEST_F(DataFiles, FilesOfAnotherKindAreNamed) {
    write("pointer", "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 99\n");
    write("pointer.toml", "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 99\n");
    write("page", "<!DOCTYPE html><html><body>Please sign in</body></html>");
    for (const std::string& command :
         {std::string("info @pointer"),
          std::string("convert @pointer --preset lite --categories person --out @m.safetensors"),
          std::string("predict @pointer @images --json"), std::string("data check @pointer"),
          std::string("data stats @pointer"), std::string("info --preset @pointer.toml"),
          std::string("eval --results @pointer --data @ann.json"),
          std::string("eval --results @res.json --data @pointer")}) {
        const Ran ran = embedmask(command);
        EXPECT_EQ(ran.code, 1) << command;
        EXPECT_TRUE(has(ran.talk, "Git LFS pointer") && has(ran.talk, "git lfs pull"))
            << command << "\n"
            << ran.talk;
    }
    EXPECT_TRUE(has(embedmask("info @page").talk, "a web page"));
}

TEST_F(DataFiles, RepeatedAndBlankNamesInLists) {
    for (const char* list : {"person,person", "person,1", "'person, 1'", "' person'"}) {
        const Ran ran =
            embedmask(std::string("data filter @ann.json --categories ") + list + " --out @f.json");
        EXPECT_EQ(ran.code, 0) << list << "\n" << ran.talk;
        EXPECT_EQ(read_dataset(at("f.json")).annotations.size(), 2U) << list;
    }
}

TEST_F(DataFiles, MergeByNameSaysWhatItMaps) {
    write("other.json", R"({"images":[{"id":7,"file_name":"c.png","width":64,"height":48}],
        "categories":[{"id":3,"name":"person"}],"annotations":[
        {"id":9,"image_id":7,"category_id":3,"bbox":[1,1,5,5]}]})");
    const Ran refused = embedmask("data merge @ann.json @other.json --out @m.json");
    EXPECT_EQ(refused.code, 1);
    EXPECT_TRUE(has(refused.talk, "--by-name")) << refused.talk;
    const Ran ran = embedmask("data merge @ann.json @other.json --by-name --out @m.json");
    EXPECT_EQ(ran.code, 0) << ran.talk;
    EXPECT_TRUE(has(ran.talk, "category 3 \"person\" becomes 1")) << ran.talk;
}

TEST_F(DataFiles, ASplitWithoutRoomSaysSo) {
    nlohmann::json rare = {{"images", nlohmann::json::array()},
                           {"categories", nlohmann::json::array()},
                           {"annotations", nlohmann::json::array()}};
    for (int i = 0; i < 20; ++i) {
        rare["images"].push_back({{"id", i + 1}, {"file_name", std::to_string(i) + ".jpg"}});
        if (i % 2 == 0) {
            rare["categories"].push_back({{"id", i / 2}, {"name", "part" + std::to_string(i / 2)}});
        }
        rare["annotations"].push_back(
            {{"id", i + 1}, {"image_id", i + 1}, {"category_id", i / 2}, {"bbox", {1, 1, 5, 5}}});
    }
    write("rare.json", rare.dump());
    const Ran ran = embedmask("data split @rare.json --out @s");
    EXPECT_EQ(ran.code, 0) << ran.talk;
    EXPECT_EQ(read_dataset(at("s-val.json")).images.size(), 4U);
    EXPECT_TRUE(has(ran.talk, "6 categories")) << ran.talk;
}

}  // namespace
}  // namespace embedmask
