// Fuzzes `data check --fix`: a file whose lists are lists is read to its end, whatever its records
// hold, and its repaired copy is well formed.
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

#include "coco/json_record.h"
#include "embedmask/data.h"
#include "embedmask/dataset.h"
#include "embedmask/error.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static const std::filesystem::path folder = [] {
        auto path = std::filesystem::temp_directory_path() /
                    ("embedmask-doctor-fuzz-" + std::to_string(::getpid()));
        std::filesystem::create_directories(path);
        return path;
    }();
    const std::filesystem::path broken = folder / "broken.json";
    const std::filesystem::path repaired = folder / "repaired.json";
    std::ofstream(broken, std::ios::binary)
        .write(reinterpret_cast<const char*>(data), static_cast<std::streamsize>(size));
    try {
        (void)embedmask::check_dataset(broken, {.repaired = repaired});
    } catch (const embedmask::detail::BrokenRecord&) {
        __builtin_trap();  // a record ended the visit
    } catch (const embedmask::Error&) {
        return 0;
    }
    (void)embedmask::read_dataset(repaired, {.threads = 1});  // throws if it is still broken
    return 0;
}
