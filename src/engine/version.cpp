#include "embedmask/version.h"

#include <fmt/format.h>

#include <openvino/core/version.hpp>

namespace embedmask {

std::string version_text() {
    return fmt::format("embedmask {}\nengine OpenVINO {}\ncompiler {}", EMBEDMASK_VERSION,
                       ov::get_openvino_version().buildNumber, __VERSION__);
}

}  // namespace embedmask
