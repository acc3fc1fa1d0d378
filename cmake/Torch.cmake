# libtorch for training. Where it is not found the rest is built all the same.
set(embedmask_have_torch FALSE)
if(NOT EMBEDMASK_TRAIN STREQUAL "OFF" AND NOT EMBEDMASK_SANITIZE AND NOT EMBEDMASK_BUILD_FUZZERS)
  file(GLOB embedmask_torch_hint "${EMBEDMASK_VENV}/lib/python3*/site-packages/torch/share/cmake")
  find_package(Torch QUIET HINTS ${embedmask_torch_hint} PATH_SUFFIXES Torch)
  set(embedmask_have_torch ${Torch_FOUND})
  if(NOT Torch_FOUND AND EMBEDMASK_TRAIN STREQUAL "ON")
    message(FATAL_ERROR
      "libtorch was not found.\n"
      "  looked in: ${EMBEDMASK_VENV} (EMBEDMASK_VENV) and the usual CMake places\n"
      "  to fix: run scripts/setup --train, or pass -DTorch_DIR=<folder with TorchConfig.cmake>")
  elseif(NOT Torch_FOUND)
    message(STATUS "embedmask-train is not built: no libtorch (scripts/setup --train installs it)")
  endif()
endif()
