// Compiles one function for several instruction sets.
#pragma once

/// Put before a function: the compiler emits one copy per instruction set and selects one at
/// program start. Without FMA contraction (see src/CMakeLists.txt) all copies are bit-identical in
/// their results. Sanitizers run before the selection is possible, so sanitizer builds use the
/// plain copy.
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && \
    !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#define EMBEDMASK_MULTIVERSION \
    __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define EMBEDMASK_MULTIVERSION
#endif
