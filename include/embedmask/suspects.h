/// @file
/// Likely label errors: what a model sees against what an annotation file says.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "embedmask/dataset.h"
#include "embedmask/export.h"
#include "embedmask/results.h"

namespace embedmask {

/// The kinds of label errors.
enum class SuspectKind {
    missing,    ///< an object without a label
    category,   ///< a label with another category than its object
    mask,       ///< a label that is shifted, too large, or the box of its object
    duplicate,  ///< two labels for one object
    object,     ///< a label where there is no object
};

/// All kinds.
inline constexpr std::array kSuspectKinds{SuspectKind::missing, SuspectKind::category,
                                          SuspectKind::mask, SuspectKind::duplicate,
                                          SuspectKind::object};

/// The name of a kind: "missing", "category", "mask", "duplicate", "object".
EMBEDMASK_EXPORT const char* name_of(SuspectKind kind);

/// The kind with that name, if any.
EMBEDMASK_EXPORT std::optional<SuspectKind> suspect_kind(std::string_view name);

/// A likely label error.
struct Suspect {
    SuspectKind kind = SuspectKind::missing;  ///< what seems to be wrong
    double score = 0;                         ///< probability that it is wrong, 0 to 1
    std::int64_t image_id = 0;                ///< ImageRecord::id
    /// Positions in Dataset::annotations: none for a missing label, two for a duplicate, else one.
    std::vector<std::size_t> annotations{};
    /// Position in the results of the detection that speaks against the label, or that has none.
    std::optional<std::size_t> result{};
    std::string reason{};  ///< for people: "looks like dog (0.81)"
};

/// Options of `find_suspects`.
struct SuspectOptions {
    std::vector<SuspectKind> kinds{};  ///< only these; empty: all
    double least_score = 0.02;         ///< suspects below are left out; 0 to 1
    std::size_t most = 0;              ///< the first ones only; 0: all
};

/// Finds labels that the detections of a model contradict, best first; equal input gives equal
/// output. Detections of all scores from 0.05 on should be given, boxes with or without masks: that
/// nothing is found is evidence as well. Detections of one image may be in any order. Images of the
/// dataset without any detection count as seen.
///
/// The score is learned from the dataset itself. Errors of each kind are made among the boxes of
/// its labels (another category, a shifted or wider box, a label elsewhere, a detection without its
/// label), and logistic regressions tell how much more often the evidence at hand comes from such
/// errors than from the labels as they are. The score is the probability of an error if 4 % of the
/// objects have no label, 3 % of the labels are loose, 1 % have a wrong category and 1 % no object.
/// Two labels are duplicates by the IoU of their masks: 0.5 at IoU 0.8.
///
/// A label is listed once, with its likeliest error. Crowds are never suspects, and explain
/// detections inside of them. Error for unknown ids in the results, for scores that are not finite,
/// for shared image ids, and of kind `usage` for options out of range. Uses one thread; may be
/// called from any thread. Memory: about 300 bytes per label and 100 per detection, and up to 60 MB
/// for what is learned from.
[[nodiscard]] EMBEDMASK_EXPORT std::vector<Suspect> find_suspects(
    const Dataset& dataset, std::span<const Result> results, const SuspectOptions& options = {});

}  // namespace embedmask
