// SIGTERM and SIGINT ask for a stop; the loop decides when.
#pragma once

namespace embedmask::train {

/// While one lives, the two signals only set a flag. A second SIGINT ends the program at once. One
/// per process.
class StopSignal {
public:
    StopSignal();
    ~StopSignal();
    StopSignal(const StopSignal&) = delete;
    StopSignal& operator=(const StopSignal&) = delete;

    /// The signal that came, 0 when none did.
    [[nodiscard]] static int received();
};

}  // namespace embedmask::train
