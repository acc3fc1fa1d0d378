// TBB loads a helper with RTLD_DEEPBIND, at which sanitizers end the program. In sanitizer builds
// this definition comes before theirs and drops the flag.
#include <dlfcn.h>

extern "C" void* dlopen(const char* file, int mode) {
    using Function = void* (*)(const char*, int);
    static const auto next = reinterpret_cast<Function>(dlsym(RTLD_NEXT, "dlopen"));
    return next(file, mode & ~RTLD_DEEPBIND);
}
