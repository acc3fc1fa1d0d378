// Compiling one loop for several instruction sets.
#pragma once

/// Before a function: the compiler makes one copy per instruction set and picks one when the
/// program starts. Without FMA contraction (see src/CMakeLists.txt) all copies give the same bits.
/// Sanitizers run before such a choice is possible, so they get the plain copy.
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && \
    !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#define EMBEDMASK_MULTIVERSION \
    __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define EMBEDMASK_MULTIVERSION
#endif
