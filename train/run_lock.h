// One training at a time in a run's folder.
#pragma once

#include <filesystem>

namespace embedmask::train {

/// Holds RUN/lock for as long as it lives; the system frees it when the process ends in whatever
/// way. On file systems without locks it does nothing.
/// Error when another process holds it.
class RunLock {
public:
    explicit RunLock(const std::filesystem::path& run);
    ~RunLock();
    RunLock(const RunLock&) = delete;
    RunLock& operator=(const RunLock&) = delete;

private:
    int file_ = -1;
};

}  // namespace embedmask::train
