#include "embedmask/precision.h"

namespace embedmask {

const char* name_of(Precision precision) {
    switch (precision) {
        case Precision::fp32:
            return "fp32";
        case Precision::bf16:
            return "bf16";
        case Precision::automatic:
            break;
    }
    return "auto";
}

}  // namespace embedmask
