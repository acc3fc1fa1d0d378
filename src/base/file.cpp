#include "base/file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "embedmask/error.h"

namespace embedmask::detail {
namespace {

namespace fs = std::filesystem;

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
    const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
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
