// Eigenvectors of small symmetric matrices.
#pragma once

#include <vector>

namespace embedmask::render {

struct Eigen {
    std::vector<double> values;                ///< descending
    std::vector<std::vector<double>> vectors;  ///< unit length, vectors[i] belongs to values[i]
};

/// Jacobi's method with cyclic sweeps: exact up to rounding for the few dozen rows used here.
/// `matrix`: size x size, symmetric, row-major.
Eigen symmetric_eigen(std::vector<double> matrix, int size);

}  // namespace embedmask::render
