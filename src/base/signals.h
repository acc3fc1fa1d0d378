// What signals do to a program. The library itself installs no handlers.
#pragma once

namespace embedmask::detail {

/// Signals that end the program (SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGPIPE, SIGUSR1, SIGUSR2,
/// SIGALRM, SIGXCPU) first remove its temporary files; then they end it as they would have. Ignored
/// signals stay ignored. A file that grows beyond the limit of the process is a write error instead
/// of a signal. Call once, at the start of main.
void clean_up_on_signals();

/// During its lifetime, the first SIGINT or SIGTERM only sets a flag; a second one ends the program
/// at once. SIGPIPE sets the flag, too, and the write fails. One at a time.
class StopSignal {
public:
    StopSignal();
    ~StopSignal();
    StopSignal(const StopSignal&) = delete;
    StopSignal& operator=(const StopSignal&) = delete;

    /// The received signal, 0 if none. Thread-safe.
    [[nodiscard]] static int received();
};

}  // namespace embedmask::detail
