#include "train/event_file.h"

#include <fmt/format.h>

#include <array>
#include <bit>
#include <cerrno>
#include <chrono>
#include <cstring>

#include "embedmask/error.h"

namespace embedmask::train {
namespace {

// Protocol buffer wire types.
constexpr int kVarint = 0;
constexpr int kFixed64 = 1;
constexpr int kBytes = 2;
constexpr int kFixed32 = 5;

std::uint32_t crc32c(const std::string& data) {
    static const std::array<std::uint32_t, 256> table = [] {
        constexpr std::uint32_t kPolynomial = 0x82F63B78U;
        std::array<std::uint32_t, 256> entries{};
        for (std::uint32_t i = 0; i < entries.size(); ++i) {
            std::uint32_t value = i;
            for (int bit = 0; bit < 8; ++bit) {
                value = (value >> 1) ^ ((value & 1U) != 0 ? kPolynomial : 0U);
            }
            entries[i] = value;
        }
        return entries;
    }();
    std::uint32_t crc = ~0U;
    for (const char c : data) {
        crc = table[(crc ^ static_cast<std::uint8_t>(c)) & 0xFFU] ^ (crc >> 8);
    }
    return ~crc;
}

// Record files store masked checksums (rotated and offset), so that a checksum of checksums stays
// useful.
std::uint32_t masked_crc(const std::string& data) {
    return std::rotr(crc32c(data), 15) + 0xA282EAD8U;
}

template <typename T>
std::string little_endian(T value) {
    std::string bytes(sizeof value, '\0');
    std::memcpy(bytes.data(), &value, sizeof value);
    return bytes;
}

std::string varint(std::uint64_t value) {
    std::string bytes;
    while (value >= 0x80U) {
        bytes += static_cast<char>((value & 0x7FU) | 0x80U);
        value >>= 7;
    }
    return bytes + static_cast<char>(value);
}

std::string key(int number, int wire) {
    return varint(static_cast<std::uint64_t>(number) << 3 | static_cast<unsigned>(wire));
}

std::string bytes_field(int number, const std::string& content) {
    return key(number, kBytes) + varint(content.size()) + content;
}

std::string number_field(int number, std::uint64_t value) {
    return key(number, kVarint) + varint(value);
}

double seconds_now() {
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    return std::chrono::duration<double>(now).count();
}

// Event: 1 wall_time, 2 step, 3 file_version, 5 summary.
constexpr int kWallTime = 1;
constexpr int kStep = 2;
constexpr int kFileVersion = 3;
constexpr int kSummary = 5;
// Summary: 1 value; Summary.Value: 1 tag, 2 simple_value, 4 image.
constexpr int kValue = 1;
constexpr int kTag = 1;
constexpr int kSimpleValue = 2;
constexpr int kImage = 4;

}  // namespace

EventFile::EventFile(const std::filesystem::path& folder, std::int64_t first_step)
    : path_(folder / fmt::format("events.out.tfevents.{:010d}.embedmask", first_step)),
      file_(path_, std::ios::binary) {
    if (!file_) {
        throw Error(fmt::format("{}: cannot write: {}", path_.string(), std::strerror(errno)),
                    "check the folder's permissions and the disk's free space");
    }
    write_record(key(kWallTime, kFixed64) + little_endian(seconds_now()) +
                 bytes_field(kFileVersion, "brain.Event:2"));
}

void EventFile::add_scalar(const std::string& tag, std::int64_t step, double value) {
    write_event(step, tag, key(kSimpleValue, kFixed32) + little_endian(static_cast<float>(value)));
}

void EventFile::add_image(const std::string& tag, std::int64_t step, const Image& image) {
    constexpr std::uint64_t kRgb = 3;
    const std::vector<std::uint8_t> jpeg = encode_jpeg(image);
    const std::string summary =
        number_field(1, static_cast<std::uint64_t>(image.size.height)) +
        number_field(2, static_cast<std::uint64_t>(image.size.width)) + number_field(3, kRgb) +
        bytes_field(4, {reinterpret_cast<const char*>(jpeg.data()), jpeg.size()});
    write_event(step, tag, bytes_field(kImage, summary));
}

void EventFile::write_event(std::int64_t step, const std::string& tag, const std::string& content) {
    const std::string value = bytes_field(kTag, tag) + content;
    write_record(key(kWallTime, kFixed64) + little_endian(seconds_now()) +
                 number_field(kStep, static_cast<std::uint64_t>(step)) +
                 bytes_field(kSummary, bytes_field(kValue, value)));
}

void EventFile::write_record(const std::string& data) {
    const std::string length = little_endian(static_cast<std::uint64_t>(data.size()));
    file_ << length << little_endian(masked_crc(length)) << data << little_endian(masked_crc(data));
    file_.flush();
}

}  // namespace embedmask::train
