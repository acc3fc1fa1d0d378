// Chooses a validation set with the same share of every category.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <vector>

namespace embedmask::data {

/// Number of objects by category, of one image.
using ObjectCounts = std::map<std::int64_t, int>;

/// Whether each image belongs to the validation set. Exactly round(fraction · images) images do, at
/// least one and at most all but one if there are two images; those without objects in the same
/// share. Within this number, a category with two images or more is on both sides wherever
/// possible, and the shares of the objects of each category are as equal as possible (iterative
/// stratification, Sechidis et al. 2011). The same seed gives the same choice on every machine.
std::vector<bool> stratified_choice(const std::vector<ObjectCounts>& images, double fraction,
                                    std::uint64_t seed);

}  // namespace embedmask::data
