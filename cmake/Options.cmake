# Every option of the build, in one place.
include(GNUInstallDirs)

option(EMBEDMASK_BUILD_TESTS "Build the test suite" ON)
option(EMBEDMASK_BUILD_BENCHMARKS "Build the benchmarks (needs Google Benchmark)" OFF)
option(EMBEDMASK_BUILD_FUZZERS "Build the fuzz targets (needs clang)" OFF)
option(EMBEDMASK_WARNINGS_AS_ERRORS "Treat compiler warnings as errors" OFF)
set(EMBEDMASK_TRAIN "AUTO" CACHE STRING "Build embedmask-train: ON, OFF, or AUTO (where libtorch is found)")
set_property(CACHE EMBEDMASK_TRAIN PROPERTY STRINGS AUTO ON OFF)
set(EMBEDMASK_SANITIZE "" CACHE STRING "Sanitizers for everything we compile, e.g. address,undefined")
set(EMBEDMASK_VENV "${PROJECT_SOURCE_DIR}/.venv" CACHE PATH
    "Virtual environment that scripts/setup fills; OpenVINO is looked for here")

if(NOT CMAKE_BUILD_TYPE AND NOT CMAKE_CONFIGURATION_TYPES)
  set(CMAKE_BUILD_TYPE Release CACHE STRING "Build type" FORCE)
endif()

find_program(EMBEDMASK_CCACHE ccache)
if(EMBEDMASK_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER "${EMBEDMASK_CCACHE}")
endif()

# What every target of ours is compiled with; a target asks for it, nothing is global.
add_library(embedmask_build_flags INTERFACE)
target_compile_features(embedmask_build_flags INTERFACE cxx_std_20)
target_compile_options(embedmask_build_flags INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor -Wextra-semi
  $<$<BOOL:${EMBEDMASK_WARNINGS_AS_ERRORS}>:-Werror>)
if(EMBEDMASK_SANITIZE)
  target_compile_options(embedmask_build_flags INTERFACE
    -fsanitize=${EMBEDMASK_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  target_link_options(embedmask_build_flags INTERFACE -fsanitize=${EMBEDMASK_SANITIZE})
endif()
if(EMBEDMASK_BUILD_FUZZERS)
  # Coverage feedback for the library; the fuzz targets themselves add the libFuzzer main().
  target_compile_options(embedmask_build_flags INTERFACE -fsanitize=fuzzer-no-link,address,undefined
                         -fno-sanitize-recover=all)
  target_link_options(embedmask_build_flags INTERFACE -fsanitize=address,undefined)
endif()
