// Writes TensorBoard event files: protocol buffers in length-prefixed records with masked CRC-32C.
#pragma once

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "embedmask/image.h"

namespace embedmask::train {

/// Appends scalars and images to FOLDER/events.out.tfevents.<first step>.embedmask. A resumed run
/// writes a new file; TensorBoard joins them. Every record is flushed. Not thread-safe.
class EventFile {
public:
    /// Error if the file cannot be created.
    EventFile(const std::filesystem::path& folder, std::int64_t first_step);

    void add_scalar(const std::string& tag, std::int64_t step, double value);
    void add_image(const std::string& tag, std::int64_t step, const Image& image);

private:
    void write_event(std::int64_t step, const std::string& tag, const std::string& content);
    void write_record(const std::string& data);

    std::filesystem::path path_;
    std::ofstream file_;
};

}  // namespace embedmask::train
