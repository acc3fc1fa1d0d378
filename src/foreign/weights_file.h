// One file of weights from whatever program, by its content.
#pragma once

#include <filesystem>
#include <span>
#include <string>

#include "foreign/import.h"

namespace embedmask::foreign {

/// Reads safetensors, torch.save (legacy and zip) and pickles of numpy arrays (MSRA, Detectron),
/// told apart by their first bytes. Of a checkpoint the state dict under "model", "state_dict" or
/// "blobs" is taken; optimisers and the like are left out. The file is mapped; tensors point into
/// it where they are dense. Metadata: "container", and "iteration" where the checkpoint has it.
/// Error: none of these formats, no tensors, or as the readers of the formats say.
ForeignWeights read_foreign_weights(const std::filesystem::path& path);

/// The same for a file in memory called `file`; `owner` keeps `bytes` alive for the tensors.
ForeignWeights parse_foreign_weights(std::span<const std::byte> bytes, const std::string& file,
                                     const std::shared_ptr<const void>& owner);

}  // namespace embedmask::foreign
