#include "base/temporary_files.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <string>

namespace embedmask::detail {
namespace {

constexpr std::size_t kSlots = 64;
constexpr std::size_t kPathBytes = 4096;

/// A signal handler may neither allocate nor lock, so names lie in memory of a fixed size.
struct Slot {
    std::atomic<bool> taken{false};
    std::atomic<bool> filled{false};
    std::array<char, kPathBytes> path{};
};

// Not destroyed before the last signal: constant-initialised, without a destructor.
constinit std::array<Slot, kSlots> slots{};
static_assert(std::atomic<bool>::is_always_lock_free);

}  // namespace

TemporaryFileEntry::TemporaryFileEntry(const std::filesystem::path& file) : slot_(kSlots) {
    const std::string& path = file.native();
    if (path.size() >= kPathBytes) {
        return;
    }
    for (std::size_t i = 0; i < kSlots; ++i) {
        if (slots.at(i).taken.exchange(true)) {
            continue;
        }
        slot_ = i;
        *std::ranges::copy(path, slots.at(i).path.begin()).out = '\0';
        slots.at(i).filled = true;
        return;
    }
}

TemporaryFileEntry::~TemporaryFileEntry() {
    if (slot_ < kSlots) {
        slots.at(slot_).filled = false;
        slots.at(slot_).taken = false;
    }
}

void remove_temporary_files() noexcept {
    const int error = errno;
    for (const Slot& slot : slots) {
        if (slot.filled) {
            ::unlink(slot.path.data());
        }
    }
    errno = error;
}

}  // namespace embedmask::detail
