#include "predictor/input_rules.h"

namespace embedmask::detail {

image::PixelStatistics input_statistics(const Config::Input& input) {
    image::PixelStatistics statistics;
    statistics.bgr = input.order == ChannelOrder::bgr;
    statistics.divisor = input.range == ValueRange::to_1 ? 255.0F : 1.0F;
    for (std::size_t c = 0; c < 3; ++c) {
        statistics.mean[c] = static_cast<float>(input.mean[c]);
        statistics.std[c] = static_cast<float>(input.std[c]);
    }
    return statistics;
}

ImageSize input_size(ImageSize image, int short_side, const Config::Input& input) {
    return image::resized_size(image, short_side, static_cast<int>(input.max), input.resize_rule);
}

}  // namespace embedmask::detail
