// Logistic regression with a penalty, for a few dozen features.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace embedmask::suspects {

using Features = std::vector<double>;

/// Tells two samples of features apart.
class Logistic {
public:
    /// Fits to `no` and `yes`, none of which is empty; all have the same number of features.
    Logistic(std::span<const Features> no, std::span<const Features> yes);

    /// The logarithm of how much denser `yes` is at these features than `no`, counts of samples
    /// left aside.
    [[nodiscard]] double log_ratio(const Features& features) const;

private:
    [[nodiscard]] std::vector<double> standardized(const Features& features) const;

    std::vector<double> mean_;
    std::vector<double> scale_;
    std::vector<double> weights_;  // the constant first
    double log_counts_ = 0;        // of `no` over `yes`
};

}  // namespace embedmask::suspects
