#include "base/file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstring>
#include <system_error>

#include "embedmask/error.h"

namespace embedmask::detail {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kBufferBytes = 1U << 20;

std::string reason() {
    return std::generic_category().message(errno);
}

// Closes a descriptor at the end of the scope, including on exceptions.
struct Descriptor {
    int fd;
    ~Descriptor() {
        if (fd >= 0) {
            ::close(fd);
        }
    }
};

int open_regular(const fs::path& path, std::uint64_t* size) {
    const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        throw Error(fmt::format("{}: cannot open: {}", path.string(), reason()), {},
                    ErrorKind::system);
    }
    struct stat info {};
    if (::fstat(fd, &info) != 0 || !S_ISREG(info.st_mode)) {
        ::close(fd);
        throw Error(fmt::format("{}: {}, expected a file", path.string(),
                                S_ISDIR(info.st_mode) ? "is a folder" : "is not a regular file"));
    }
    *size = static_cast<std::uint64_t>(info.st_size);
    return fd;
}

}  // namespace

std::vector<std::uint8_t> read_file(const fs::path& path, std::uint64_t max_bytes) {
    std::uint64_t size = 0;
    const Descriptor file{open_regular(path, &size)};
    if (size > max_bytes) {
        throw Error(fmt::format("{}: {} bytes, the limit is {}", path.string(), size, max_bytes));
    }
    std::vector<std::uint8_t> bytes(size);
    std::size_t done = 0;
    while (done < bytes.size()) {
        const ssize_t n = ::read(file.fd, bytes.data() + done, bytes.size() - done);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n < 0) {
            throw Error(fmt::format("{}: cannot read: {}", path.string(), reason()), {},
                        ErrorKind::system);
        }
        if (n == 0) {
            break;
        }
        done += static_cast<std::size_t>(n);
    }
    bytes.resize(done);
    return bytes;
}

AtomicFile::AtomicFile(fs::path path) : path_(std::move(path)), temporary_(path_) {
    // Two threads may write the same file concurrently.
    static std::atomic<unsigned> number{0};
    temporary_ += fmt::format(".{}.{}.tmp", ::getpid(), ++number);
    fd_ = ::open(temporary_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (fd_ < 0) {
        fail("create");
    }
    buffer_.reserve(kBufferBytes);
}

AtomicFile::~AtomicFile() {
    if (fd_ >= 0) {
        ::close(fd_);
        ::unlink(temporary_.c_str());
    }
}

void AtomicFile::fail(const char* action) const {
    throw Error(fmt::format("{}: cannot {}: {}", path_.string(), action, reason()),
                "check that the folder exists, is writable and has free space", ErrorKind::system);
}

void AtomicFile::flush() {
    std::size_t done = 0;
    while (done < buffer_.size()) {
        const ssize_t n = ::write(fd_, buffer_.data() + done, buffer_.size() - done);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n < 0) {
            fail("write");
        }
        done += static_cast<std::size_t>(n);
    }
    buffer_.clear();
}

void AtomicFile::write(std::string_view bytes) {
    buffer_.insert(buffer_.end(), bytes.begin(), bytes.end());
    if (buffer_.size() >= kBufferBytes) {
        flush();
    }
}

void AtomicFile::commit() {
    flush();
    if (::fsync(fd_) != 0) {
        fail("write");
    }
    const int closed = ::close(fd_);
    fd_ = -1;
    if (closed != 0 || ::rename(temporary_.c_str(), path_.c_str()) != 0) {
        const int error = errno;
        ::unlink(temporary_.c_str());
        errno = error;
        fail("write");
    }
    const fs::path folder = path_.has_parent_path() ? path_.parent_path() : fs::path(".");
    const Descriptor dir{::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
    if (dir.fd >= 0) {
        ::fsync(dir.fd);
    }
}

void write_file_atomically(const fs::path& path, std::string_view bytes) {
    AtomicFile file(path);
    file.write(bytes);
    file.commit();
}

MappedFile::MappedFile(const fs::path& path) {
    std::uint64_t size = 0;
    const Descriptor file{open_regular(path, &size)};
    size_ = static_cast<std::size_t>(size);
    if (size_ == 0) {
        return;
    }
    void* address = ::mmap(nullptr, size_, PROT_READ, MAP_PRIVATE, file.fd, 0);
    if (address == MAP_FAILED) {
        throw Error(fmt::format("{}: cannot map into memory: {}", path.string(), reason()), {},
                    ErrorKind::system);
    }
    data_ = static_cast<const std::byte*>(address);
}

MappedFile::~MappedFile() {
    // munmap takes a non-const pointer although it does not modify the memory.
    if (data_ != nullptr) {
        ::munmap(const_cast<std::byte*>(data_), size_);
    }
}

void make_folder(const fs::path& folder) {
    std::error_code error;
    fs::create_directories(folder, error);
    if (error || !fs::is_directory(folder)) {
        throw Error(fmt::format("{}: cannot create folder: {}", folder.string(),
                                error ? error.message() : "a file with that name already exists"),
                    "choose another folder, or make that one writable", ErrorKind::system);
    }
}

}  // namespace embedmask::detail
