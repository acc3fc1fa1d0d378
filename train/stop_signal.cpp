#include "train/stop_signal.h"

#include <csignal>

namespace embedmask::train {
namespace {

volatile std::sig_atomic_t last_signal = 0;

extern "C" void remember(int signal) {
    last_signal = signal;
    if (signal == SIGINT) {
        std::signal(SIGINT, SIG_DFL);
    }
}

}  // namespace

StopSignal::StopSignal() {
    last_signal = 0;
    std::signal(SIGTERM, remember);
    std::signal(SIGINT, remember);
}

StopSignal::~StopSignal() {
    std::signal(SIGTERM, SIG_DFL);
    std::signal(SIGINT, SIG_DFL);
}

int StopSignal::received() {
    return last_signal;
}

}  // namespace embedmask::train
