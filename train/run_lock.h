// Allows one training at a time per run folder.
#pragma once

#include <filesystem>

namespace embedmask::train {

/// Holds RUN/lock for its lifetime; the system releases the lock when the process ends for any
/// reason. Does nothing on file systems without locks. Error if another process holds the lock.
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
