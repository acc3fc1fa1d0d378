#include "train/teacher.h"

#include <fmt/format.h>

#include "embedmask/error.h"
#include "embedmask/model.h"
#include "train/training_data.h"

namespace embedmask::train {
namespace {

void require_equal(bool equal, const std::filesystem::path& model, const char* what,
                   const char* fix) {
    if (!equal) {
        throw Error(
            fmt::format("--teacher {}: its {} differ from the student's", model.string(), what),
            fix);
    }
}

void check_categories(const std::filesystem::path& path, const std::vector<Category>& teacher,
                      const std::vector<Category>& student) {
    if (!same_categories(teacher, student)) {
        throw Error(fmt::format("--teacher {}: its categories differ from those of the data: {}",
                                path.string(), category_difference(teacher, student)),
                    "choose a teacher with the categories of the data, in the same order");
    }
}

void check_settings(const std::filesystem::path& path, const Config& teacher,
                    const Config& student) {
    constexpr const char* kDetectorFix = "choose a teacher with the detector of the student";
    constexpr const char* kInputFix =
        "set the input.* keys of the student to those of the teacher; `embedmask info MODEL` "
        "prints them";
    require_equal(teacher.detector == student.detector && teacher.strides == student.strides &&
                      teacher.norm_reg_targets == student.norm_reg_targets,
                  path, "detector and box units", kDetectorFix);
    const Config::Input& a = teacher.input;
    const Config::Input& b = student.input;
    require_equal(a.mean == b.mean && a.std == b.std && a.order == b.order && a.range == b.range,
                  path, "normalisation of images (input.mean, std, order, range)", kInputFix);
}

}  // namespace

Teacher::Teacher(const std::filesystem::path& path, const Config& student,
                 const std::vector<Category>& categories) {
    Model model = read_model(path);
    check_categories(path, model.categories, categories);
    check_settings(path, model.config, student);
    network_ = std::make_unique<Network>(model.graph());
    network_->load(model.weights);
    network_->eval();
}

void Teacher::move_to(torch::Device device) {
    network_->move_to(device);
}

Outputs Teacher::predict(const torch::Tensor& images, Compute compute) {
    const torch::NoGradGuard no_grad;
    return network_->forward(images, compute);
}

}  // namespace embedmask::train
