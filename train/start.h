// Sets up the network at the start of a training.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "embedmask/category.h"
#include "train/network.h"
#include "train/options.h"

namespace embedmask::train {

struct Start {
    std::unique_ptr<Network> network;
    Config config;      ///< including the settings taken from the weights
    std::string table;  ///< human-readable: what was taken from which file
    std::map<std::string, std::string> provenance;  ///< of the model files among the weights
};

/// Takes over from `trained` the settings that its weights depend on: the arithmetic of the
/// backbone and the normalisation of images. Keys in `options.sets` are kept. Returns a line of
/// text for each change.
std::string adopt_weight_settings(const Config& trained, TrainOptions& options);

/// Initialises all parameters (§3.4, §4.5), then loads those in `options.weights`. Parameters
/// missing from all files keep their initialisation. Error for files without any weights for this
/// network and for different shapes; if only the classifier differs, it names both class counts.
/// With `options.new_classes`, the classes of the data, `categories`, keep the classifier's weights
/// where a model file knows them by name.
Start start_network(TrainOptions options, const std::vector<Category>& categories);

/// For a run without weights: those of the installed model that `start_model` names, if any; the
/// classes of the data then become those of the network. Error if it is not installed.
void use_start_model(TrainOptions& options);

/// Error if a new run freezes a detector or a backbone without weights: it would find nothing.
void require_trained_detector(const TrainOptions& options);

}  // namespace embedmask::train
