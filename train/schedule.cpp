#include "train/schedule.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace embedmask::train {

double learning_rate(const Config::Solver& solver, std::int64_t iteration) {
    const std::int64_t done = iteration - 1;
    double factor = 1;
    if (done < solver.warmup_iters) {
        const double progress =
            static_cast<double>(done) / static_cast<double>(solver.warmup_iters);
        factor = solver.warmup == Warmup::linear ? solver.warmup_factor * (1 - progress) + progress
                                                 : solver.warmup_factor;
    }
    if (solver.schedule == ScheduleKind::cosine) {
        const double progress = static_cast<double>(done) / static_cast<double>(solver.max_iter);
        return solver.lr * factor * (1 + std::cos(std::numbers::pi * progress)) / 2;
    }
    const auto passed = std::count_if(solver.steps.begin(), solver.steps.end(),
                                      [&](std::int64_t step) { return step <= done; });
    return solver.lr * factor * std::pow(solver.gamma, static_cast<double>(passed));
}

}  // namespace embedmask::train
