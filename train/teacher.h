// A trained model from which a student learns.
#pragma once

#include <filesystem>
#include <memory>
#include <vector>

#include "embedmask/category.h"
#include "train/network.h"

namespace embedmask::train {

class Teacher {
public:
    /// Error if the model's categories, detector or image normalisation are not those of the
    /// student, with the first difference.
    Teacher(const std::filesystem::path& model, const Config& student,
            const std::vector<Category>& categories);

    void move_to(torch::Device device);

    /// Its outputs for normalised images, without gradients.
    [[nodiscard]] Outputs predict(const torch::Tensor& images, Compute compute);

private:
    std::unique_ptr<Network> network_;
};

}  // namespace embedmask::train
