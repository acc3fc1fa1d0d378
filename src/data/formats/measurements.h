// A table of the measurements of objects: one CSV file with a line per object.
#pragma once

#include <span>
#include <string>

#include "data/formats/label_document.h"
#include "embedmask/category.h"

namespace embedmask::data {

/// The file in the folder of predictions.
inline constexpr const char* kMeasurementsFile = "measurements.csv";

/// Image and object, area, perimeter, centroid, box and Feret diameters (mask::measure) of every
/// object with a mask.
class MeasurementTable final : public LabelDocument {
public:
    /// Lengths are multiplied by `pixel_size`, the side of a pixel in any unit; areas by its
    /// square. `categories` are borrowed.
    MeasurementTable(std::span<const Category> categories, double pixel_size)
        : categories_(categories), pixel_size_(pixel_size) {}

    [[nodiscard]] std::string beginning() override;
    [[nodiscard]] std::string text_of(const LabeledImage& image) override;

private:
    std::span<const Category> categories_;
    double pixel_size_;
};

}  // namespace embedmask::data
