#include "train/detector.h"

#include <array>

#include "config/detector.h"
#include "train/fcos_losses.h"
#include "train/nanodet_losses.h"

namespace embedmask::train {

DetectorLosses detector_losses(const Outputs& outputs, const Batch& batch, const Config& config,
                               Communicator& ranks) {
    constexpr std::array kDetectors{fcos_losses, nanodet_losses};
    static_assert(kDetectors.size() == detail::kDetectorKinds);
    return kDetectors.at(static_cast<std::size_t>(config.detector))(outputs, batch, config, ranks);
}

}  // namespace embedmask::train
