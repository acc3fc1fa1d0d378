// Losses of a student that learns from a teacher's predictions instead of labels.
#pragma once

#include <torch/torch.h>

#include "train/detector.h"

namespace embedmask::train {

/// Each location counts with the teacher's class score there (its highest class probability), so
/// that confident predictions matter most; sums are divided by the sum of these weights.
///
/// loss_cls: cross-entropy of the class probabilities, less the teacher's own entropy, so that an
/// equal student has none. loss_reg: mean L1 distance of the four sides, in the units of the
/// network (strides if norm_reg_targets). loss_centerness, if there is one: as loss_cls.
/// loss_embedding, if both networks have embeddings of equal dimensions: L1 distance of proposal
/// embeddings and of the logarithms of margins, and the mean L1 distance of pixel embeddings.
///
/// `teacher` comes from a forward pass without gradients on the same images. Collective (one sum
/// over the ranks).
Losses distillation_losses(const Outputs& student, const Outputs& teacher, const Config& config,
                           Communicator& ranks);

}  // namespace embedmask::train
