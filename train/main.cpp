// Entry point of the program `embedmask-train`, which `embedmask train` executes.
#include <c10/util/Exception.h>
#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdlib>
#include <exception>

#include "base/parallel.h"
#include "base/signals.h"
#include "base/standard_output.h"
#include "embedmask/error.h"
#include "train/distributed.h"
#include "train/launch.h"
#include "train/plan.h"
#include "train/trainer.h"

namespace {

using namespace embedmask;

constexpr int kDone = 0;
constexpr int kFailed = 1;
constexpr int kUsage = 2;
constexpr int kStopped = 75;  // can be resumed; 0 would signal completion to a scheduler

// OpenMP reads its settings when it is loaded, before main: set them and restart. Threads that spin
// while waiting take processor time from working threads (measured: 5 times slower on a busy
// machine).
void wait_passively(char** argv) {
    if (std::getenv("OMP_WAIT_POLICY") != nullptr) {
        return;
    }
    setenv("OMP_WAIT_POLICY", "passive", 1);
    execv("/proc/self/exe", argv);  // if that fails, training is merely slower
}

int run(const train::CommandLine& line) {
    // libtorch does not know the processor quota of a container.
    at::set_num_threads(line.threads > 0 ? line.threads
                                         : std::min(at::get_num_threads(),
                                                    embedmask::detail::available_processors()));
    const train::TrainOptions options = train::resolve(line);
    const auto ranks = train::make_communicator(options.device);
    train::Trainer trainer(options, *ranks);
    if (ranks->rank() == 0) {
        embedmask::detail::say("{}", train::plan_text(trainer, options));
    }
    if (options.dry_run) {
        embedmask::detail::say("{}", train::trial_text(trainer.trial(), trainer.config()));
        return kDone;
    }
    if (trainer.run() == train::RunOutcome::finished) {
        if (ranks->rank() == 0) {
            embedmask::detail::say("done: {}\n", (options.out / "last.safetensors").string());
        }
        return kDone;
    }
    if (ranks->rank() == 0) {
        embedmask::detail::say("stopped; run the same command with --resume to continue\n");
    }
    return kStopped;
}

int guarded_run(int argc, char** argv) {
    CLI::App app{"Train EmbedMask on COCO-format data", "embedmask train"};
    train::CommandLine line;
    train::add_options(app, line);
    try {
        app.parse(argc, argv);
        return run(line);
    } catch (const CLI::CallForHelp& request) {
        return app.exit(request);
    } catch (const CLI::ParseError& error) {
        embedmask::detail::say("embedmask train: {}\n", error.what());
        embedmask::detail::say("  to fix: see `embedmask train --help`\n");
        return kUsage;
    } catch (const Error& error) {
        embedmask::detail::say("embedmask train: {}\n", error.what());
        if (!error.fix().empty()) {
            embedmask::detail::say("  to fix: {}\n", error.fix());
        }
    } catch (const c10::Error& error) {
        embedmask::detail::say("embedmask train: {}\n", error.what_without_backtrace());
    } catch (const std::exception& error) {
        embedmask::detail::say("embedmask train: {}\n", error.what());
    }
    return kFailed;
}

}  // namespace

int main(int argc, char** argv) {
    wait_passively(argv);
    embedmask::detail::open_standard_descriptors();
    embedmask::detail::clean_up_on_signals();
    const int code = guarded_run(argc, argv);
    return embedmask::detail::flush_stdout("embedmask train") ? code : kFailed;
}
