// Samples of TIFF files as numbers.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "image/sample_range.h"
#include "image/tiff_form.h"

namespace embedmask::image {

/// Interleaved samples as libtiff decodes them, in the byte order of this machine.
struct TiffSamples {
    const std::uint8_t* row = nullptr;
    std::size_t channels = 1;  ///< interleaved
};

/// Whether samples have more than 8 bits or a sign, so that a range maps them to 8 bits.
bool is_wide(const TiffForm& form);

/// What the wide samples of a page may be.
SampleValues values_of(const TiffForm& form);

/// One channel of a row, as numbers.
void unpack_values(const TiffForm& form, const TiffSamples& samples, std::size_t channel,
                   std::span<double> values);

/// One channel of a row with up to 8 bits, one of every `step` values of `out`. Grey and colours
/// are scaled to 0..255; positions in a palette are not.
void unpack_bytes(const TiffForm& form, const TiffSamples& samples, std::size_t channel,
                  std::size_t count, std::uint8_t* out, std::size_t step);

}  // namespace embedmask::image
