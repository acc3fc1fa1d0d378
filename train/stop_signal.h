// SIGTERM and SIGINT request a stop; the loop decides when to stop.
#pragma once

namespace embedmask::train {

/// During its lifetime, the two signals only set a flag. A second SIGINT ends the program
/// immediately. One per process.
class StopSignal {
public:
    StopSignal();
    ~StopSignal();
    StopSignal(const StopSignal&) = delete;
    StopSignal& operator=(const StopSignal&) = delete;

    /// The received signal, 0 if none.
    [[nodiscard]] static int received();
};

}  // namespace embedmask::train
