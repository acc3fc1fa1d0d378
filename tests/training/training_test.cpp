// embedmask train as people run it.
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <fstream>
#include <random>
#include <thread>

#include "base/atomic_file.h"
#include "tensor/safetensors.h"
#include "toy_data.h"

namespace embedmask::testing {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using namespace std::chrono_literals;

std::string bytes_of(const fs::path& path) {
    const auto bytes = detail::read_file(path);
    return {bytes.begin(), bytes.end()};
}

class Training : public ::testing::Test {
protected:
    void SetUp() override { write_toy_data(folder_.path()); }

    [[nodiscard]] fs::path path(const std::string& name) const { return folder_.path() / name; }

    [[nodiscard]] std::string command(const std::string& out, int iterations,
                                      const std::string& more = "") const {
        return "train" + kSmall + "--data " + path("data.json").string() + " --images " +
               path("images").string() + " --out " + path(out).string() +
               " --set solver.max_iter=" + std::to_string(iterations) + " " + more;
    }

    // The program in the background; `before` are shell commands that set limits.
    [[nodiscard]] static pid_t start(const std::string& arguments, const std::string& log,
                                     const std::string& environment = "",
                                     const std::string& before = "") {
        const pid_t child = fork();
        if (child != 0) {
            return child;
        }
        const std::string line = before + " exec env " + environment + " " + EMBEDMASK_PROGRAM +
                                 " " + arguments + " >" + log + " 2>&1 </dev/null";
        execl("/bin/sh", "sh", "-c", line.c_str(), nullptr);
        _exit(127);
    }

    static int wait(pid_t child) {
        int status = 0;
        waitpid(child, &status, 0);
        return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    }

    static bool appears(const fs::path& file) {
        for (int i = 0; i < 1200 && !fs::exists(file); ++i) {
            std::this_thread::sleep_for(50ms);
        }
        return fs::exists(file);
    }

    [[nodiscard]] std::vector<json> metrics(const std::string& out) const {
        std::vector<json> records;
        std::ifstream file(path(out) / "metrics.jsonl");
        for (std::string line; std::getline(file, line);) {
            records.push_back(json::parse(line));
        }
        return records;
    }

    TemporaryFolder folder_;
};

TEST_F(Training, LossesFallAndTheRunFolderIsComplete) {
    const Ran ran = run(command("run", 40,
                                "--val-data " + path("data.json").string() + " --val-images " +
                                    path("images").string() + " --set checkpoint_period=20"));
    ASSERT_EQ(ran.code, 0) << ran.talk;
    for (const char* name : {"config.toml", "metrics.jsonl", "curves.svg", "last.safetensors",
                             "best.safetensors", "checkpoint-0000040.safetensors"}) {
        EXPECT_TRUE(fs::exists(path("run") / name)) << name;
    }
    const auto records = metrics("run");
    EXPECT_LT(records[records.size() - 2]["loss"].get<double>(),
              0.8 * records.front()["loss"].get<double>());
    const Ran info = run("info " + (path("run") / "last.safetensors").string());
    EXPECT_TRUE(has(info.out, "disc")) << info.out;
    // The ids of the file, not 1 and 2, and no path of this machine.
    EXPECT_TRUE(has(info.out, "10")) << info.out;
    EXPECT_FALSE(has(bytes_of(path("run") / "last.safetensors"), folder_.path().string()));
}

TEST_F(Training, AKilledRunEndsAsIfNothingHadHappened) {
    ASSERT_EQ(run(command("straight", 20, "--set checkpoint_period=10")).code, 0);
    const pid_t child =
        start(command("killed", 20, "--set checkpoint_period=10"), path("log").string());
    ASSERT_TRUE(appears(path("killed") / "checkpoint-0000010.safetensors"));
    kill(child, SIGKILL);
    EXPECT_NE(wait(child), 0);
    const Ran resumed = run(command("killed", 20, "--set checkpoint_period=10 --resume"));
    ASSERT_EQ(resumed.code, 0) << resumed.talk;
    EXPECT_TRUE(has(resumed.talk, "resuming after iteration 10")) << resumed.talk;
    EXPECT_TRUE(bytes_of(path("straight") / "last.safetensors") ==
                bytes_of(path("killed") / "last.safetensors"));
    EXPECT_TRUE(bytes_of(path("straight") / "checkpoint-0000020.safetensors") ==
                bytes_of(path("killed") / "checkpoint-0000020.safetensors"));
    EXPECT_EQ(metrics("straight").size(), metrics("killed").size());
}

TEST_F(Training, TheNumberOfWorkersChangesNothing) {
    ASSERT_EQ(run(command("none", 4, "--set workers=0")).code, 0);
    ASSERT_EQ(run(command("three", 4, "--set workers=3")).code, 0);
    // The configuration in the file names the workers, so compare what was learned.
    const auto none = detail::read_safetensors(path("none") / "last.safetensors");
    const auto three = detail::read_safetensors(path("three") / "last.safetensors");
    for (const auto& [name, tensor] : none.tensors) {
        EXPECT_TRUE(std::ranges::equal(tensor.bytes, three.tensors.at(name).bytes)) << name;
    }
}

TEST_F(Training, ATerminatedRunSavesAndSaysHowToGoOn) {
    const pid_t child = start(command("run", 100000), path("log").string());
    ASSERT_TRUE(appears(path("run") / "metrics.jsonl"));
    std::this_thread::sleep_for(2s);
    kill(child, SIGTERM);
    EXPECT_EQ(wait(child), 75);
    EXPECT_TRUE(has(bytes_of(path("log")), "--resume")) << bytes_of(path("log"));
    const auto records = metrics("run");
    ASSERT_FALSE(records.empty());
    const int done = records.back()["iteration"];
    const Ran resumed = run(command("run", done + 2, "--resume"));
    EXPECT_EQ(resumed.code, 0) << resumed.talk;
    EXPECT_TRUE(has(resumed.talk, "resuming after iteration " + std::to_string(done)))
        << resumed.talk;
}

TEST_F(Training, ADamagedNewestCheckpointIsPassedOver) {
    ASSERT_EQ(run(command("run", 4, "--set checkpoint_period=2")).code, 0);
    fs::resize_file(path("run") / "checkpoint-0000004.safetensors", 5000);
    std::ofstream(path("run") / "checkpoint-0000009.safetensors.part") << "half";
    const Ran resumed = run(command("run", 5, "--resume"));
    EXPECT_EQ(resumed.code, 0) << resumed.talk;
    EXPECT_TRUE(has(resumed.talk, "skipped")) << resumed.talk;
    EXPECT_TRUE(has(resumed.talk, "resuming after iteration 2")) << resumed.talk;
}

TEST_F(Training, CheckpointsThatNobodyCanReadAreNotTrainedOver) {
    ASSERT_EQ(run(command("run", 4, "--set checkpoint_period=2")).code, 0);
    const fs::path older = path("run") / "checkpoint-0000002.safetensors";
    const fs::path newer = path("run") / "checkpoint-0000004.safetensors";
    for (const fs::path& file : {older, newer}) {
        fs::resize_file(file, 5000);
    }
    const std::string last = bytes_of(path("run") / "last.safetensors");
    const Ran resumed = run(command("run", 3, "--resume"));
    EXPECT_EQ(resumed.code, 1);
    EXPECT_TRUE(has(resumed.talk, "none of its 2 checkpoints can be read")) << resumed.talk;
    EXPECT_TRUE(fs::exists(older) && fs::exists(newer));
    EXPECT_TRUE(bytes_of(path("run") / "last.safetensors") == last);
}

TEST_F(Training, AnUnreadableImageEndsTheRunAndKeepsWhatWasLearned) {
    const fs::path image = path("images") / "3.png";
    const std::string whole = bytes_of(image);
    ASSERT_EQ(run(command("straight", 9)).code, 0);
    fs::resize_file(image, whole.size() / 2);
    const Ran broken = run(command("run", 9));
    EXPECT_EQ(broken.code, 1);
    EXPECT_TRUE(has(broken.talk, "3.png")) << broken.talk;
    const std::string word = "iteration ";
    const int iteration = std::stoi(broken.talk.substr(broken.talk.rfind(word) + word.size()));
    ASSERT_GE(iteration, 1) << broken.talk;
    EXPECT_EQ(fs::exists(path("run") / fmt::format("checkpoint-{:07d}.safetensors", iteration - 1)),
              iteration > 1);
    detail::write_file_atomically(image, whole);
    ASSERT_EQ(run(command("run", 9, "--resume")).code, 0);
    EXPECT_TRUE(bytes_of(path("straight") / "last.safetensors") ==
                bytes_of(path("run") / "last.safetensors"));
}

TEST_F(Training, ARunFolderBelongsToOneTraining) {
    const pid_t child = start(command("run", 100000), path("log").string());
    ASSERT_TRUE(appears(path("run") / "config.toml"));
    const Ran second = run(command("run", 2, "--resume"));
    EXPECT_EQ(second.code, 1);
    EXPECT_TRUE(has(second.talk, "another training run is writing")) << second.talk;
    kill(child, SIGKILL);
    wait(child);
    EXPECT_EQ(run(command("run", 2, "--resume")).code, 0);
}

TEST_F(Training, PathsNeedNotBeUtf8) {
    const Ran ran = run(command("caf\xE9", 2));
    EXPECT_EQ(ran.code, 0) << ran.talk;
    EXPECT_EQ(run(command("caf\xE9", 4, "--resume")).code, 0);
    EXPECT_TRUE(fs::exists(path("caf\xE9") / "checkpoint-0000004.safetensors"));
}

TEST_F(Training, AResumedRunSaysWhatIsNotAsBefore) {
    ASSERT_EQ(run(command("run", 2)).code, 0);
    const Ran resumed = run(command("run", 3, "--resume --set solver.wd=0.5"));
    EXPECT_TRUE(has(resumed.talk, "changed since the checkpoint: solver.wd: 0.0001 -> 0.5"))
        << resumed.talk;
    EXPECT_TRUE(has(resumed.talk, "changed since the checkpoint: solver.max_iter: 2 -> 3"))
        << resumed.talk;
}

// Files of a run that a save has begun and not ended.
std::vector<fs::path> unfinished_checkpoints(const fs::path& run) {
    std::vector<fs::path> found;
    for (const fs::directory_entry& entry : fs::directory_iterator(run)) {
        if (has(entry.path().filename().string(), "checkpoint-") &&
            entry.path().extension() == ".tmp") {
            found.push_back(entry.path());
        }
    }
    return found;
}

TEST_F(Training, AKillInTheMiddleOfASaveLosesNothing) {
    ASSERT_EQ(run(command("straight", 12, "--set checkpoint_period=1")).code, 0);
    const pid_t child =
        start(command("killed", 12, "--set checkpoint_period=1"), path("log").string());
    // The second checkpoint at the earliest, so that there is one to go back to.
    ASSERT_TRUE(appears(path("killed") / "checkpoint-0000001.safetensors"));
    while (unfinished_checkpoints(path("killed")).empty() &&
           waitpid(child, nullptr, WNOHANG) == 0) {
        std::this_thread::sleep_for(1ms);
    }
    kill(child, SIGKILL);
    wait(child);
    ASSERT_EQ(unfinished_checkpoints(path("killed")).size(), 1U) << bytes_of(path("log"));
    const Ran resumed = run(command("killed", 12, "--set checkpoint_period=1 --resume"));
    ASSERT_EQ(resumed.code, 0) << resumed.talk;
    EXPECT_TRUE(has(resumed.talk, "resuming after iteration")) << resumed.talk;
    EXPECT_TRUE(unfinished_checkpoints(path("killed")).empty());
    EXPECT_TRUE(bytes_of(path("straight") / "last.safetensors") ==
                bytes_of(path("killed") / "last.safetensors"));
}

// A limit on the size of files stands for a full disk: a write fails half way.
TEST_F(Training, AFullDiskKeepsThePreviousCheckpoint) {
    ASSERT_EQ(run(command("run", 2)).code, 0);
    const fs::path kept = path("run") / "checkpoint-0000002.safetensors";
    const std::string before = bytes_of(kept);
    const pid_t child = start(command("run", 4, "--resume"), path("log").string(), "",
                              "trap '' XFSZ; ulimit -f 2048;");
    EXPECT_EQ(wait(child), 1);
    const std::string log = bytes_of(path("log"));
    EXPECT_TRUE(has(log, "checkpoint-0000004.safetensors")) << log;
    EXPECT_TRUE(has(log, "File too large")) << log;
    EXPECT_TRUE(bytes_of(kept) == before);
    EXPECT_TRUE(unfinished_checkpoints(path("run")).empty());
    const Ran resumed = run(command("run", 4, "--resume"));
    EXPECT_EQ(resumed.code, 0) << resumed.talk;
    EXPECT_TRUE(has(resumed.talk, "resuming after iteration 2")) << resumed.talk;
}

TEST_F(Training, ALaterTrainingStartsFromAModelFile) {
    ASSERT_EQ(run(command("first", 3)).code, 0);
    const std::string weights = " --weights " + (path("first") / "last.safetensors").string();
    const Ran again = run(command("second", 3, weights));
    EXPECT_EQ(again.code, 0) << again.talk;
    EXPECT_TRUE(has(again.talk, "missing         0")) << again.talk;

    // A model file is stored anew without saying again what it is.
    const std::string small = path("small.safetensors").string();
    const Ran stored = run("convert " + (path("first") / "last.safetensors").string() +
                           " --store i8 --out " + small);
    EXPECT_EQ(stored.code, 0) << stored.talk;
    EXPECT_LT(fs::file_size(small) * 3, fs::file_size(path("first") / "last.safetensors"));
    EXPECT_TRUE(has(run("info " + small).out, "disc"));

    ToyOptions one;
    one.categories = {"disc"};
    write_toy_data(path("one"), one);
    const std::string other = "train" + kSmall + "--data " + (path("one") / "data.json").string() +
                              " --images " + (path("one") / "images").string() +
                              " --set solver.max_iter=2" + weights;
    const Ran mismatch = run(other + " --out " + path("third").string());
    EXPECT_EQ(mismatch.code, 1);
    EXPECT_TRUE(has(mismatch.talk, "--new-classes")) << mismatch.talk;
    const Ran renewed = run(other + " --new-classes --out " + path("third").string());
    EXPECT_EQ(renewed.code, 0) << renewed.talk;
    EXPECT_TRUE(has(renewed.talk, "classes   1 of 1 known to the weights: \"disc\""))
        << renewed.talk;
}

TEST_F(Training, EveryOtherSwitchRuns) {
    const Ran ran = run(command(
        "run", 3,
        "--set solver.optimizer=adamw --set solver.schedule=cosine --set solver.accumulate=2 "
        "--set solver.batch=4 --set solver.clip_norm=1 --set solver.ema=0.9 --set "
        "data.color_jitter=0.3 --set data.crop=0.5 --set data.copy_paste=1 --set "
        "data.scaled_decoding=true --set data.sampler=detectron2 --cache " +
            path("cache").string()));
    EXPECT_EQ(ran.code, 0) << ran.talk;
    EXPECT_FALSE(fs::is_empty(path("cache")));
    EXPECT_EQ(run(command("jittered", 2, "--set data.scale_jitter=[0.5,2.0]")).code, 0);
    const Ran variants = run(command(
        "variants", 2,
        "--set proposal_head=conv1 --set proposal_per_level=true --set "
        "proposal_input=tower_pyramid --set spatial_embedding=relative --set position_scale=none "
        "--set pixel_fusion=top_down --set pixel_tower=separable --set pixel_norm=bn --set "
        "pixel_stride=4 --set mask_scale_factor=1 --set pixel_output_kernel=1 --set "
        "head_activation=leaky_relu --set mask_proposals=best_two --set mask_target=area --set "
        "mask_target_threshold=0.5 --set box_padding=0.15 --set box_padding_cells=2"));
    EXPECT_EQ(variants.code, 0) << variants.talk;
}

TEST_F(Training, SeveralFilesAreMixed) {
    ToyOptions more;
    more.first_id = 100;
    more.unknown_masks = true;
    write_toy_data(path("more"), more);
    const std::string both = " --data " + (path("more") / "data.json").string() + " --images " +
                             (path("more") / "images").string();
    const Ran unknown = run(command("run", 2, both));
    EXPECT_EQ(unknown.code, 1);
    EXPECT_TRUE(has(unknown.talk, "12 of 24 objects have no mask")) << unknown.talk;
    EXPECT_TRUE(has(unknown.talk, "data.unknown_masks=box-only")) << unknown.talk;
    const Ran mixed = run(command(
        "run", 3, both + " --set data.unknown_masks=box-only --set data.weights=[0.5,2.0]"));
    EXPECT_EQ(mixed.code, 0) << mixed.talk;
}

TEST_F(Training, DryRunPrintsThePlanAndWritesNothing) {
    const Ran ran = run(command("run", 50, "--dry-run"));
    EXPECT_EQ(ran.code, 0) << ran.talk;
    for (const char* part : {"6 images, 12 objects", "disc", "50 iterations", "per iteration"}) {
        EXPECT_TRUE(has(ran.talk, part)) << part << "\n" << ran.talk;
    }
    EXPECT_FALSE(fs::exists(path("run")));
}

TEST_F(Training, DryRunSaysThatALossIsNotFinite) {
    const Ran ran = run(command("run", 50,
                                "--dry-run --set solver.lr=1e6 --set solver.clip_norm=0 "
                                "--set solver.warmup_iters=0"));
    EXPECT_EQ(ran.code, 1);
    EXPECT_TRUE(has(ran.talk, "iteration 2: ")) << ran.talk;
    EXPECT_FALSE(fs::exists(path("run")));
}

TEST_F(Training, HelpFitsAScreen) {
    testing::expect_help_fits_a_screen("train");
}

TEST_F(Training, BadInputEndsBeforeTheFirstIteration) {
    const auto fails = [&](const std::string& arguments, const std::string& part) {
        const Ran ran = run(arguments);
        EXPECT_EQ(ran.code, 1) << ran.talk;
        EXPECT_TRUE(has(ran.talk, part)) << ran.talk;
        EXPECT_FALSE(has(ran.talk, "iter 1/")) << ran.talk;
    };
    fails(command("run", 2, "--set solver.batch=8"), "exceeds the 6 usable images");
    fails(command("run", 2, "--set solver.learning=1"), "unknown key");
    fails(command("run", 2, "--set data.weights=[0.0]"), "data.weights are all zero");
    fails(command("run", 2, "--val-images images"), "data.val_images is set, but data.val is not");
    fails(command("run", 2, "--weights nowhere.pth"), "nowhere.pth");
    fails("train" + kSmall + "--out " + path("run").string(), "data.train is empty");
    fails(command("data.json/run", 2), "data.json/run");
    std::ofstream(path("garbage.pth")) << "not weights";
    fails(command("run", 2, "--weights " + path("garbage.pth").string()), "garbage.pth");

    ToyOptions other;
    other.categories = {"disc", "cube"};
    write_toy_data(path("val"), other);
    fails(command("run", 2,
                  "--val-data " + (path("val") / "data.json").string() + " --val-images " +
                      (path("val") / "images").string()),
          "validation categories do not match the training set");
    fails(command("run", 2,
                  "--data " + (path("val") / "data.json").string() + " --images " +
                      (path("val") / "images").string()),
          "differ from those of");

    json turned = json::parse(bytes_of(path("data.json")));
    turned["annotations"][0]["segmentation"] = {{"size", {128, 96}}, {"counts", {128 * 96}}};
    detail::write_file_atomically(path("turned.json"), turned.dump());
    const std::string with_file = "train" + kSmall + "--images " + path("images").string() +
                                  " --out " + path("run").string() + " --data ";
    fails(with_file + path("turned.json").string(), "the mask is 96x128 pixels");

    json empty = json::parse(bytes_of(path("data.json")));
    for (json& annotation : empty["annotations"]) {
        annotation["bbox"] = {1, 1, 1, 1};
    }
    detail::write_file_atomically(path("empty.json"), empty.dump());
    fails(with_file + path("empty.json").string(), "no image has a usable object");
    fs::remove(path("images") / "3.png");
    fails(command("run", 2), "3.png");
}

TEST_F(Training, AnEarlierRunIsNotWrittenInto) {
    ASSERT_EQ(run(command("run", 4)).code, 0);
    const Ran again = run(command("run", 2));
    EXPECT_EQ(again.code, 1);
    EXPECT_TRUE(has(again.talk, "checkpoint-0000004.safetensors")) << again.talk;
    EXPECT_TRUE(has(again.talk, "--resume")) << again.talk;
    fs::remove(path("run") / "checkpoint-0000004.safetensors");
    for (const char* word : {"", "--resume"}) {
        const Ran bare = run(command("run", 2, word));
        EXPECT_EQ(bare.code, 1);
        EXPECT_TRUE(has(bare.talk, "contains last.safetensors from an earlier run")) << bare.talk;
    }
}

TEST_F(Training, ACheckpointIsNoModel) {
    ASSERT_EQ(run(command("run", 2)).code, 0);
    const std::string checkpoint = (path("run") / "checkpoint-0000002.safetensors").string();
    for (const std::string& arguments :
         {command("other", 2, "--weights " + checkpoint), "info " + checkpoint,
          "convert " + checkpoint + " --preset g3 --categories a --out " + path("m").string()}) {
        const Ran ran = run(arguments);
        EXPECT_EQ(ran.code, 1);
        EXPECT_TRUE(has(ran.talk, "a training checkpoint")) << ran.talk;
        EXPECT_TRUE(has(ran.talk, "last.safetensors")) << ran.talk;
    }
}

TEST_F(Training, AModelFileBringsHowItsImagesAreSeen) {
    ASSERT_EQ(run(command("first", 2, "--set input.order=rgb --set input.mean=[1,2,3]")).code, 0);
    const std::string weights = " --weights " + (path("first") / "last.safetensors").string();
    const Ran second = run(command("second", 2, weights + " --set \"input.mean = [4,5,6]\""));
    EXPECT_TRUE(has(second.talk, "taken from the weights: input.order")) << second.talk;
    const std::string config = bytes_of(path("second") / "config.toml");
    EXPECT_TRUE(has(config, "order = \"rgb\"")) << config;
    EXPECT_TRUE(has(config, "mean = [4.0, 5.0, 6.0]")) << config;
}

TEST_F(Training, AStopAtAValidationIsMadeUpFor) {
    const std::string validated = "--set checkpoint_period=2 --val-data " +
                                  path("data.json").string() + " --val-images " +
                                  path("images").string();
    ASSERT_EQ(run(command("run", 2, validated)).code, 0);
    const std::string best = bytes_of(path("run") / "best.safetensors");
    // A checkpoint of the last iteration, whose validation has not run.
    auto checkpoint = detail::read_safetensors(path("run") / "checkpoint-0000002.safetensors");
    json header = json::parse(checkpoint.metadata.at("embedmask.checkpoint"));
    header["last_validation"] = 0;
    header["best_ap"] = -1;
    checkpoint.metadata["embedmask.checkpoint"] = header.dump();
    detail::write_safetensors(path("copy.safetensors"), checkpoint);
    fs::rename(path("copy.safetensors"), path("run") / "checkpoint-0000002.safetensors");
    fs::remove(path("run") / "best.safetensors");
    const Ran resumed = run(command("run", 2, validated + " --resume"));
    EXPECT_EQ(resumed.code, 0) << resumed.talk;
    EXPECT_TRUE(bytes_of(path("run") / "best.safetensors") == best);
}

TEST_F(Training, MilestonesFollowTheBatchAlsoWhenIterationsAreSet) {
    const Ran ran = run("train r50_1x --dry-run --data " + path("data.json").string() +
                        " --images " + path("images").string() +
                        " --set solver.batch=4 --set solver.max_iter=360000"
                        " --set input.short_train=[64] --set input.max=96 --precision fp32");
    EXPECT_TRUE(has(ran.talk, "milestones 240000 320000")) << ran.talk;
}

TEST_F(Training, AnotherPresetCannotResume) {
    ASSERT_EQ(run(command("run", 2)).code, 0);
    const Ran ran = run(command("run", 4, "--resume --set tower_convs=2"));
    EXPECT_EQ(ran.code, 1);
    EXPECT_TRUE(has(ran.talk, "a different preset")) << ran.talk;
}

// Images of one size in one pass, so that ranks and a single process see the same global batch.
class Distributed : public Training {
protected:
    void train_together(const std::string& out, int world, const std::string& more = "") {
        std::vector<pid_t> ranks;
        const int port = free_port();
        for (int rank = 0; rank < world; ++rank) {
            ranks.push_back(start(command(out, 5, settings(world) + more),
                                  path(out + std::to_string(rank)).string(),
                                  environment(rank, world, port)));
        }
        bool failed = false;
        for (int rank = 0; rank < world; ++rank) {
            const pid_t child = ranks[static_cast<std::size_t>(rank)];
            if (failed) {
                kill(child, SIGKILL);  // it waits for the rank that failed
            }
            const int code = wait(child);
            EXPECT_EQ(code, 0) << bytes_of(path(out + std::to_string(rank)));
            failed = failed || code != 0;
        }
    }

    // Below the range from which the kernel takes the ports of outgoing connections: within it, a
    // rank that connects before rank 0 listens can be given this very port, and then it is
    // connected to itself.
    static int free_port() {
        constexpr int kFirst = 12000;
        constexpr int kCount = 20000;
        static std::mt19937 random{std::random_device{}()};
        for (;;) {
            const int port = kFirst + static_cast<int>(random() % kCount);
            sockaddr_in address{};
            address.sin_family = AF_INET;
            address.sin_port = htons(static_cast<std::uint16_t>(port));
            const int listener = socket(AF_INET, SOCK_STREAM, 0);
            const bool is_free =
                bind(listener, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0;
            close(listener);
            if (is_free) {
                return port;
            }
        }
    }

    static std::string settings(int) {
        // The rounding of sums in another order grows with the learning rate; an error in a
        // normaliser would be a thousand times larger than the limit even at this one.
        return "--set solver.batch=6 --set data.flip=0 --set workers=0 --set seed=3 "
               "--set solver.lr=0.0003 ";
    }

    static std::string environment(int rank, int world, int port) {
        return "RANK=" + std::to_string(rank) + " LOCAL_RANK=" + std::to_string(rank) +
               " WORLD_SIZE=" + std::to_string(world) +
               " MASTER_ADDR=127.0.0.1 MASTER_PORT=" + std::to_string(port) + " OMP_NUM_THREADS=1";
    }
};

TEST_F(Distributed, TwoAndThreeProcessesLearnWhatOneLearns) {
    ASSERT_EQ(run(command("one", 5, settings(1))).code, 0);
    const auto one = detail::read_safetensors(path("one") / "last.safetensors");
    for (const int world : {2, 3}) {
        const std::string out = "world" + std::to_string(world);
        train_together(out, world);
        const auto many = detail::read_safetensors(path(out) / "last.safetensors");
        for (const auto& [name, tensor] : one.tensors) {
            const auto expected = to_floats(tensor);
            const auto found = to_floats(many.tensors.at(name));
            double error = 0;
            for (std::size_t i = 0; i < found.size(); ++i) {
                error = std::max(error, std::abs(static_cast<double>(found[i]) - expected[i]));
            }
            EXPECT_LE(error, 1e-6) << name << ", " << world << " processes";
        }
    }
}

TEST_F(Distributed, APortInUseIsNamed) {
    const int port = free_port();
    const int listener = socket(AF_INET6, SOCK_STREAM, 0);
    sockaddr_in6 address{};
    address.sin6_family = AF_INET6;
    address.sin6_port = htons(static_cast<std::uint16_t>(port));
    ASSERT_EQ(bind(listener, reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0);
    ASSERT_EQ(listen(listener, 1), 0);
    const std::string log = path("log").string();
    EXPECT_EQ(wait(start(command("run", 1, settings(2)), log, environment(0, 2, port))), 1);
    close(listener);
    EXPECT_TRUE(has(bytes_of(log), "MASTER_PORT=" + std::to_string(port))) << bytes_of(log);
    EXPECT_TRUE(has(bytes_of(log), "in use")) << bytes_of(log);
}

TEST_F(Distributed, AKilledRankEndsTheOthersWithAMessage) {
    const int port = free_port();
    std::vector<pid_t> ranks;
    for (int rank = 0; rank < 2; ++rank) {
        ranks.push_back(start(command("run", 100000, settings(2) + "--set checkpoint_period=2"),
                              path("log" + std::to_string(rank)).string(),
                              environment(rank, 2, port)));
    }
    ASSERT_TRUE(appears(path("run") / "checkpoint-0000002.safetensors"));
    kill(ranks[1], SIGKILL);
    wait(ranks[1]);
    const auto killed = std::chrono::steady_clock::now();
    EXPECT_EQ(wait(ranks[0]), 1);
    EXPECT_LT(std::chrono::steady_clock::now() - killed, 30s);
    EXPECT_TRUE(has(bytes_of(path("log0")), "another process ended")) << bytes_of(path("log0"));
    const auto records = metrics("run");
    const int done = records.back()["iteration"];
    train_together("run", 2, "--resume --set solver.max_iter=" + std::to_string(done + 3) + " ");
    EXPECT_TRUE(fs::exists(path("run") / "last.safetensors"));
}

}  // namespace
}  // namespace embedmask::testing
