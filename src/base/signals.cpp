#include "base/signals.h"

#include <atomic>
#include <csignal>

#include "base/temporary_files.h"

namespace embedmask::detail {
namespace {

std::atomic<int> last_signal{0};
static_assert(std::atomic<int>::is_always_lock_free);

void handle(int signal, void (*handler)(int), int flags) {
    struct sigaction old {};
    if (::sigaction(signal, nullptr, &old) == 0 && old.sa_handler == SIG_IGN) {
        return;  // e.g. `nohup`, or a background job of a shell
    }
    struct sigaction action {};
    action.sa_handler = handler;
    action.sa_flags = flags;
    ::sigemptyset(&action.sa_mask);
    ::sigaction(signal, &action, nullptr);
}

extern "C" void end_program(int signal) {
    remove_temporary_files();
    // The handler is gone (SA_RESETHAND), so that callers see the program end by the signal.
    ::raise(signal);
}

extern "C" void request_stop(int signal) {
    last_signal = signal;
    handle(SIGINT, end_program, SA_RESETHAND);
    handle(SIGTERM, end_program, SA_RESETHAND);
}

}  // namespace

void clean_up_on_signals() {
    for (const int signal :
         {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGPIPE, SIGUSR1, SIGUSR2, SIGALRM, SIGXCPU}) {
        handle(signal, end_program, static_cast<int>(SA_RESETHAND));
    }
    std::signal(SIGXFSZ, SIG_IGN);
}

StopSignal::StopSignal() {
    last_signal = 0;
    handle(SIGINT, request_stop, SA_RESTART);
    handle(SIGTERM, request_stop, SA_RESTART);
    handle(SIGPIPE, request_stop, SA_RESTART);
}

StopSignal::~StopSignal() {
    for (const int signal : {SIGINT, SIGTERM, SIGPIPE}) {
        handle(signal, end_program, static_cast<int>(SA_RESETHAND));
    }
}

int StopSignal::received() {
    return last_signal;
}

}  // namespace embedmask::detail
