#include "model/checkpoint_file.h"

#include "embedmask/error.h"

namespace embedmask::detail {

void refuse_checkpoint(const Safetensors& file, const std::string& name) {
    if (!file.metadata.contains(kCheckpointKey)) return;
    throw Error(name + ": a checkpoint of a training, not a model",
                "take last.safetensors or best.safetensors of its folder; `embedmask train "
                "--resume` goes on from it");
}

}  // namespace embedmask::detail
