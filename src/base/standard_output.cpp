#include "base/standard_output.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

namespace embedmask::detail {

void open_standard_descriptors() {
    for (const int descriptor : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
        if (::fcntl(descriptor, F_GETFD) < 0) {
            // The lowest free number is this one, since the ones before are open.
            (void)::open("/dev/null", O_RDWR);
        }
    }
}

bool flush_stdout(const char* program) {
    errno = 0;
    const bool flushed = std::fflush(stdout) == 0 && std::ferror(stdout) == 0;
    int error = errno;
    // Some file systems (NFS, quotas) report a full disk only when the file is closed.
    if (flushed && ::close(::dup(STDOUT_FILENO)) != 0 && errno != EBADF) {
        error = errno;
    } else if (flushed) {
        return true;
    }
    std::fprintf(stderr,
                 "%s: stdout: %s\n  to fix: the output is incomplete; check the free space "
                 "and the reader of a pipe, then run the command again\n",
                 program, error == 0 ? "cannot write" : std::strerror(error));
    return false;
}

}  // namespace embedmask::detail
