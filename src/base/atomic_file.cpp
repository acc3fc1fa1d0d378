#include "base/atomic_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <system_error>

#include "embedmask/error.h"

namespace embedmask::detail {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kFlushedBytes = 1U << 20;
constexpr int kMostLinks = 40;               // as in Linux
constexpr std::size_t kMostNameBytes = 200;  // of a temporary file, before its suffix
constexpr mode_t kNewFileMode = 0666;        // less the umask
constexpr mode_t kModeBits = 07777;

[[noreturn]] void fail_to(const char* action, const fs::path& path, int error) {
    throw Error(fmt::format("{}: cannot {}: {}", path.string(), action,
                            std::generic_category().message(error)),
                "check that the folder exists, is writable and has free space", ErrorKind::system);
}

/// The number N of /proc/self/fd/N, or -1.
int own_descriptor(const fs::path& path) {
    std::error_code failed;
    const fs::path folder = fs::canonical(path.parent_path(), failed);
    if (failed || folder != fmt::format("/proc/{}/fd", ::getpid())) {
        return -1;
    }
    const std::string name = path.filename().string();
    int number = -1;
    const auto parsed = std::from_chars(name.data(), name.data() + name.size(), number);
    return parsed.ptr == name.data() + name.size() ? number : -1;
}

/// Writes everything; false (with errno) on failure.
bool write_all(int fd, const char* bytes, std::size_t count) {
    while (count > 0) {
        const ssize_t n = ::write(fd, bytes, count);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n < 0) {
            return false;
        }
        bytes += n;
        count -= static_cast<std::size_t>(n);
    }
    return true;
}

void sync_folder(const fs::path& file) {
    const fs::path folder = file.has_parent_path() ? file.parent_path() : fs::path(".");
    const int fd = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd >= 0) {
        ::fsync(fd);
        ::close(fd);
    }
}

}  // namespace

WriteTarget write_target(const fs::path& path) {
    WriteTarget target{path};
    for (int links = 0;; ++links) {
        target.descriptor = own_descriptor(target.path);
        if (target.descriptor >= 0) {
            target.stream = true;
            return target;
        }
        struct stat info {};
        if (::lstat(target.path.c_str(), &info) != 0) {
            if (errno != ENOENT) {
                fail_to("write", path, errno);
            }
            return target;
        }
        if (S_ISDIR(info.st_mode)) {
            throw Error(
                fmt::format("{}: is a folder: expected the name of a file to write", path.string()),
                "add a file name");
        }
        if (!S_ISLNK(info.st_mode)) {
            target.stream = !S_ISREG(info.st_mode);
            return target;
        }
        if (links == kMostLinks) {
            fail_to("write", path, ELOOP);
        }
        std::error_code failed;
        const fs::path next = fs::read_symlink(target.path, failed);
        if (failed) {
            fail_to("write", path, failed.value());
        }
        target.path = target.path.parent_path() / next;
    }
}

AtomicFile::AtomicFile(fs::path path) : path_(std::move(path)), target_(write_target(path_)) {
    if (!target_.stream) {
        open_temporary();
    } else if (target_.descriptor >= 0) {
        std::fflush(stdout);  // earlier text goes first
        fd_ = ::fcntl(target_.descriptor, F_DUPFD_CLOEXEC, 0);
    } else {
        fd_ = ::open(target_.path.c_str(), O_WRONLY | O_CLOEXEC);
    }
    if (fd_ < 0) {
        fail("create");
    }
    buffer_.reserve(kFlushedBytes);
}

AtomicFile::~AtomicFile() {
    if (fd_ >= 0) {
        ::close(fd_);
        if (!temporary_.empty()) {
            ::unlink(temporary_.c_str());
        }
    }
}

void AtomicFile::fail(const char* action) const {
    fail_to(action, path_, errno);
}

void AtomicFile::open_temporary() {
    struct stat old {};
    const bool exists = ::stat(target_.path.c_str(), &old) == 0;
    if (exists && ::access(target_.path.c_str(), W_OK) != 0) {
        fail("write");
    }
    // Threads, and processes of other containers with the same id, may write the same file.
    static std::atomic<unsigned> number{0};
    do {
        open_next_temporary(++number);
    } while (fd_ < 0 && errno == EEXIST);
    if (fd_ < 0) {
        fail("create");
    }
    if (exists) {
        // Only root may give a file away; others rewrite it in place.
        struct stat fresh {};
        const bool same_owner =
            ::fstat(fd_, &fresh) == 0 && fresh.st_uid == old.st_uid && fresh.st_gid == old.st_gid;
        copies_ = !same_owner && ::fchown(fd_, old.st_uid, old.st_gid) != 0;
        ::fchmod(fd_, old.st_mode & kModeBits);
    }
}

void AtomicFile::open_next_temporary(unsigned number) {
    temporary_ =
        target_.path.parent_path() /
        fmt::format("{}.{}.{}.tmp", target_.path.filename().string().substr(0, kMostNameBytes),
                    ::getpid(), number);
    fd_ = ::open(temporary_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
                 kNewFileMode);
    if (fd_ >= 0) {
        entry_.emplace(temporary_);
    }
}

void AtomicFile::flush() {
    if (!write_all(fd_, buffer_.data(), buffer_.size())) {
        fail("write");
    }
    buffer_.clear();
}

void AtomicFile::write(std::string_view bytes) {
    buffer_.insert(buffer_.end(), bytes.begin(), bytes.end());
    if (buffer_.size() >= kFlushedBytes) {
        flush();
    }
}

void AtomicFile::commit() {
    flush();
    if (!target_.stream && ::fsync(fd_) != 0) {
        fail("write");
    }
    if (!target_.stream) {
        replace_target();
        sync_folder(target_.path);
    }
    const int closed = ::close(fd_);
    fd_ = -1;
    entry_.reset();
    if (closed != 0) {
        fail("write");
    }
}

void AtomicFile::replace_target() {
    if (!copies_ && ::rename(temporary_.c_str(), target_.path.c_str()) == 0) {
        return;
    }
    // A mount point (a single file mounted into a container) cannot be replaced either.
    if (!copies_ && errno != EBUSY) {
        fail("write");
    }
    copy_to_target();
    ::unlink(temporary_.c_str());
}

void AtomicFile::copy_to_target() {
    const int from = ::open(temporary_.c_str(), O_RDONLY | O_CLOEXEC);
    const int to = ::open(target_.path.c_str(), O_WRONLY | O_TRUNC | O_CLOEXEC);
    bool good = from >= 0 && to >= 0;
    buffer_.resize(kFlushedBytes);
    ssize_t n = 0;
    while (good && (n = ::read(from, buffer_.data(), buffer_.size())) > 0) {
        good = write_all(to, buffer_.data(), static_cast<std::size_t>(n));
    }
    good = good && n == 0 && ::fsync(to) == 0;
    const int error = errno;
    ::close(from);
    ::close(to);
    if (!good) {
        fail_to("write", path_, error);
    }
}

void write_file_atomically(const fs::path& path, std::string_view bytes) {
    AtomicFile file(path);
    file.write(bytes);
    file.commit();
}

}  // namespace embedmask::detail
