#include "export_options.h"

#include <fmt/format.h>

namespace embedmask::cli {

void add_export_options(CLI::App& command, ExportOptions& options, const std::string& flag) {
    command
        .add_option("--image-prefix", options.image_prefix,
                    fmt::format("Address of the images before their names ({} label-studio)", flag))
        ->capture_default_str();
    command
        .add_option("--pixel-size", options.pixel_size,
                    fmt::format("Side of a pixel, in the unit of the measurements ({} csv)", flag))
        ->check(CLI::PositiveNumber)
        ->capture_default_str();
}

}  // namespace embedmask::cli
