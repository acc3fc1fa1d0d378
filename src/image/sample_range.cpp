#include "image/sample_range.h"

#include <fmt/format.h>

#include <algorithm>

#include "embedmask/error.h"

namespace embedmask::image {
namespace {

// Percentiles of more samples would differ too little to matter and take memory.
constexpr std::uint64_t kMostSamples = 1ULL << 22;

}  // namespace

ValueScan::ValueScan(std::uint64_t samples) : step_((samples + kMostSamples - 1) / kMostSamples) {
    chosen_.reserve(static_cast<std::size_t>(std::min(samples, kMostSamples)));
}

void ValueScan::add(std::span<const double> values) {
    for (const double value : values) {
        const bool chosen = until_next_ == 0;
        until_next_ = chosen ? step_ - 1 : until_next_ - 1;
        if (!std::isfinite(value)) {
            continue;
        }
        least_ = any_ ? std::min(least_, value) : value;
        greatest_ = any_ ? std::max(greatest_, value) : value;
        any_ = true;
        if (chosen) {
            chosen_.push_back(value);
        }
    }
}

double ValueScan::percentile(double percent) {
    if (chosen_.empty()) {
        return 0;
    }
    const auto last = static_cast<double>(chosen_.size() - 1);
    const auto at = chosen_.begin() + static_cast<std::ptrdiff_t>(percent / 100 * last);
    std::ranges::nth_element(chosen_, at);
    return *at;
}

bool needs_scan(const std::optional<SampleRange>& range, const SampleValues& values) {
    return range ? range->percentiles : !values.most;
}

ValueMapping mapping_for(const std::optional<SampleRange>& range, const SampleValues& values,
                         ValueScan* scan) {
    if (range && range->percentiles) {
        const double low = scan->percentile(range->low);
        return {low, scan->percentile(range->high), values.whole};
    }
    if (range) {
        return {range->low, range->high, values.whole};
    }
    if (values.most) {
        return {0, *values.most, values.whole};
    }
    const bool unit = !values.whole && scan->least() >= 0 && scan->greatest() <= 1;
    return unit ? ValueMapping(0, 1, false)
                : ValueMapping(scan->least(), scan->greatest(), values.whole);
}

void check_range(const std::optional<SampleRange>& range) {
    if (!range) {
        return;
    }
    const bool finite = std::isfinite(range->low) && std::isfinite(range->high);
    const bool within = !range->percentiles || (range->low >= 0 && range->high <= 100);
    if (!finite || !within || range->low >= range->high) {
        throw Error(
            fmt::format("DecodeOptions::range: found {} to {}{}: expected finite numbers in "
                        "ascending order{}",
                        range->low, range->high, range->percentiles ? " percent" : "",
                        range->percentiles ? " from 0 to 100" : ""),
            "", ErrorKind::usage);
    }
}

}  // namespace embedmask::image
