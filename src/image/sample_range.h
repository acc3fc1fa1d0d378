// Maps samples of more than 8 bits to 8 bits (SampleRange of embedmask/image.h).
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "embedmask/image.h"

namespace embedmask::image {

/// What samples may be.
struct SampleValues {
    bool whole = true;  ///< whole numbers
    /// The largest value of unsigned samples of up to 16 bits: their range is known without looking
    /// at them.
    std::optional<double> most = std::nullopt;
};

/// Looks at the samples of an image, row by row.
class ValueScan {
public:
    /// `samples` is the number of all samples to come.
    explicit ValueScan(std::uint64_t samples);

    void add(std::span<const double> values);

    /// The least and the greatest finite value; both 0 if there is none.
    [[nodiscard]] double least() const { return any_ ? least_ : 0; }
    [[nodiscard]] double greatest() const { return any_ ? greatest_ : 0; }

    /// The value below which `percent` (0..100) of the finite samples lie, of evenly spaced ones.
    [[nodiscard]] double percentile(double percent);

private:
    std::uint64_t step_;
    std::uint64_t until_next_ = 0;
    std::vector<double> chosen_;
    double least_ = 0;
    double greatest_ = 0;
    bool any_ = false;
};

/// From a sample to 0..255.
class ValueMapping {
public:
    ValueMapping(double low, double high, bool whole)
        : low_(low), width_(high - low + (whole ? 1 : 0)) {}

    std::uint8_t operator()(double value) const {
        if (!std::isfinite(value) || value <= low_) {
            return 0;
        }
        constexpr double kSteps = 256;
        const double step = (value - low_) * kSteps / width_;
        return step < kSteps - 1 ? static_cast<std::uint8_t>(step) : 255;
    }

private:
    double low_;
    double width_;
};

/// Whether the mapping depends on the samples of the image, so that they have to be looked at
/// first.
bool needs_scan(const std::optional<SampleRange>& range, const SampleValues& values);

/// `scan` may be null unless it is needed.
ValueMapping mapping_for(const std::optional<SampleRange>& range, const SampleValues& values,
                         ValueScan* scan);

/// Error for a range of DecodeOptions that is not valid.
void check_range(const std::optional<SampleRange>& range);

/// Maps all samples of an image that is read twice if its samples have to be looked at.
/// `for_each_row` calls its argument with the samples of each row and the place of their results.
template <typename ForEachRow>
void map_samples(const std::optional<SampleRange>& range, const SampleValues& values,
                 std::uint64_t count, const ForEachRow& for_each_row) {
    std::optional<ValueScan> scan;
    if (needs_scan(range, values)) {
        scan.emplace(count);
        for_each_row([&](std::span<const double> row, std::uint8_t*) { scan->add(row); });
    }
    const ValueMapping mapping = mapping_for(range, values, scan ? &*scan : nullptr);
    for_each_row([&](std::span<const double> row, std::uint8_t* out) {
        for (std::size_t i = 0; i < row.size(); ++i) {
            out[i] = mapping(row[i]);
        }
    });
}

}  // namespace embedmask::image
