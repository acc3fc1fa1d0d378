#include "train/run_lock.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>

#include "embedmask/error.h"

namespace embedmask::train {

RunLock::RunLock(const std::filesystem::path& run) {
    const std::filesystem::path path = run / "lock";
    file_ = ::open(path.c_str(), O_CREAT | O_RDWR | O_CLOEXEC, 0644);
    if (file_ < 0 || ::flock(file_, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK) {
        return;
    }
    ::close(file_);
    throw Error(fmt::format("{}: another training run is writing to this folder", run.string()),
                "wait until it ends, or choose another --out");
}

RunLock::~RunLock() {
    if (file_ >= 0) {
        ::close(file_);
    }
}

}  // namespace embedmask::train
