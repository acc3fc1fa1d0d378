// The pedestrian model and its images, for tests on real data.
#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <vector>

#include "embedmask/image.h"
#include "embedmask/import.h"
#include "embedmask/model.h"
#include "tensor/safetensors.h"
#include "test_data.h"

namespace embedmask::testing {

/// The model of the two weight files in $EMBEDMASK_DATA, as `embedmask convert` builds it.
inline Model pedestrian_model() {
    Model model;
    model.config = preset("g3");
    const std::string sets[] = {"num_classes=1", "backbone.frozen_bn_eps=1e-5",
                                "input.short_test=320", "input.max=533",
                                "input.mean=[103.939, 116.779, 123.68]"};
    apply_overrides(model.config, sets);
    model.categories = {{1, "person"}};
    std::vector<ForeignWeights> files;
    for (const char* name :
         {"resnet50-imagenet-caffe.safetensors", "embedmask-r50-pennfudan-head.safetensors"}) {
        files.push_back({name, detail::read_safetensors(shared_data() / name).tensors, {}});
    }
    model.weights = import_weights(model.graph(), files, 0).weights;
    return model;
}

struct ValidationImage {
    std::int64_t id = 0;
    std::filesystem::path path;
    ImageSize size;
};

inline std::vector<ValidationImage> validation_images() {
    const auto folder = shared_data() / "penn-fudan";
    std::vector<ValidationImage> images;
    const auto annotations = read_json(folder / "instances_val.json");
    for (const auto& image : annotations["images"]) {
        images.push_back({image["id"],
                          folder / "images" / image["file_name"].get<std::string>(),
                          {image["width"], image["height"]}});
    }
    return images;
}

}  // namespace embedmask::testing
