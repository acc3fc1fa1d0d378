// The network at the beginning of a training.
#pragma once

#include <memory>
#include <string>

#include "train/network.h"
#include "train/options.h"

namespace embedmask::train {

struct Start {
    std::unique_ptr<Network> network;
    Config config;      ///< with what the weights decide
    std::string table;  ///< what was taken from which file, for people
};

/// Takes over from `trained` what weights cannot do without: how the backbone computes and how
/// images are normalised. Keys in `options.sets` stay. Returns a line of text for each change.
std::string adopt_weight_settings(const Config& trained, TrainOptions& options);

/// Initialises everything (§3.4, §4.5), then takes over what `options.weights` has. Parameters that
/// no file has keep their initialisation. Error for files that have nothing for this network and
/// for other shapes; when only the classifier differs, it names both class counts.
Start start_network(TrainOptions options);

}  // namespace embedmask::train
