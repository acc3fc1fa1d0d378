#include "model/checkpoint_file.h"

#include "embedmask/error.h"

namespace embedmask::detail {

void reject_checkpoint(const Safetensors& file, const std::string& name) {
    if (!file.metadata.contains(kCheckpointKey)) {
        return;
    }
    throw Error(name + ": a training checkpoint, not a model",
                "use last.safetensors or best.safetensors from its folder; `embedmask train "
                "--resume` continues from a checkpoint");
}

}  // namespace embedmask::detail
