#include "embedmask/version.h"

#include <fmt/format.h>

#include <openvino/core/version.hpp>

namespace embedmask {

std::string version_text() {
#ifdef __clang__
    constexpr const char* kCompiler = "";  // part of __VERSION__
#else
    constexpr const char* kCompiler = "GCC ";
#endif
    return fmt::format("embedmask {}\nengine OpenVINO {}\ncompiler {}{}", EMBEDMASK_VERSION,
                       ov::get_openvino_version().buildNumber, kCompiler, __VERSION__);
}

}  // namespace embedmask
