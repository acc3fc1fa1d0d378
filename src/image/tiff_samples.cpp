#include "image/tiff_samples.h"

#include <cmath>
#include <cstring>

namespace embedmask::image {
namespace {

// Sample `i` of a row of packed bits, which begin with the highest of each byte.
unsigned packed(const std::uint8_t* row, std::size_t i, unsigned bits) {
    const std::size_t first = i * bits;
    unsigned value = 0;
    for (std::size_t bit = first; bit < first + bits; ++bit) {
        value = value << 1U | (row[bit / 8] >> (7 - bit % 8) & 1U);
    }
    return value;
}

double from_half(std::uint16_t half) {
    constexpr int kFractionBits = 10;
    constexpr int kBias = 15;
    const int exponent = half >> kFractionBits & 31;
    const int fraction = half & 1023;
    const double sign = (half & 0x8000) != 0 ? -1 : 1;
    if (exponent == 31) {
        return NAN;  // or infinite: neither is a value
    }
    return exponent == 0 ? sign * std::ldexp(fraction, 1 - kBias - kFractionBits)
                         : sign * std::ldexp(1024 + fraction, exponent - kBias - kFractionBits);
}

template <typename Stored>
Stored stored(const std::uint8_t* row, std::size_t i) {
    Stored value;
    std::memcpy(&value, row + i * sizeof value, sizeof value);
    return value;
}

double value_at(const TiffForm& form, const std::uint8_t* row, std::size_t i) {
    const bool is_signed = form.sample_format == SAMPLEFORMAT_INT;
    if (form.sample_format == SAMPLEFORMAT_IEEEFP) {
        return form.bits == 16   ? from_half(stored<std::uint16_t>(row, i))
               : form.bits == 32 ? stored<float>(row, i)
                                 : stored<double>(row, i);
    }
    switch (form.bits) {
        case 8:
            return is_signed ? stored<std::int8_t>(row, i) : stored<std::uint8_t>(row, i);
        case 16:
            return is_signed ? stored<std::int16_t>(row, i) : stored<std::uint16_t>(row, i);
        case 32:
            return is_signed ? static_cast<double>(stored<std::int32_t>(row, i))
                             : static_cast<double>(stored<std::uint32_t>(row, i));
        default:
            return packed(row, i, form.bits);
    }
}

}  // namespace

bool is_wide(const TiffForm& form) {
    return form.bits > 8 || form.sample_format == SAMPLEFORMAT_INT;
}

SampleValues values_of(const TiffForm& form) {
    if (form.sample_format == SAMPLEFORMAT_IEEEFP) {
        return {.whole = false};
    }
    if (form.sample_format == SAMPLEFORMAT_INT || form.bits > 16) {
        return {};
    }
    return {.most = static_cast<double>((1U << form.bits) - 1)};
}

void unpack_values(const TiffForm& form, const TiffSamples& samples, std::size_t channel,
                   std::span<double> values) {
    for (std::size_t i = 0; i < values.size(); ++i) {
        values[i] = value_at(form, samples.row, i * samples.channels + channel);
    }
}

void unpack_bytes(const TiffForm& form, const TiffSamples& samples, std::size_t channel,
                  std::size_t count, std::uint8_t* out, std::size_t step) {
    if (form.bits == 8) {
        for (std::size_t i = 0; i < count; ++i) {
            out[i * step] = samples.row[i * samples.channels + channel];
        }
        return;
    }
    const unsigned most = (1U << form.bits) - 1;
    const unsigned scale = form.photometric == PHOTOMETRIC_PALETTE ? most : 255;
    for (std::size_t i = 0; i < count; ++i) {
        const unsigned value = packed(samples.row, i * samples.channels + channel, form.bits);
        out[i * step] = static_cast<std::uint8_t>((value * scale + most / 2) / most);
    }
}

}  // namespace embedmask::image
