# Third-party libraries of the runtime. scripts/setup installs all of them.
find_package(Threads REQUIRED)
find_package(JPEG REQUIRED)
find_package(PNG REQUIRED)
find_package(TIFF REQUIRED)
find_package(GIF REQUIRED)
find_package(PkgConfig REQUIRED)
pkg_check_modules(WebP REQUIRED IMPORTED_TARGET libwebp libwebpdemux)
find_package(simdjson REQUIRED)
find_package(nlohmann_json REQUIRED)
find_package(tomlplusplus REQUIRED)
find_package(fmt REQUIRED)
find_package(pugixml REQUIRED)
find_package(CLI11 REQUIRED)

file(GLOB embedmask_openvino_hint "${EMBEDMASK_VENV}/lib/python3*/site-packages/openvino/cmake")
find_package(OpenVINO QUIET HINTS ${embedmask_openvino_hint} COMPONENTS Runtime)
if(NOT OpenVINO_FOUND)
  message(FATAL_ERROR
    "OpenVINO was not found.\n"
    "  looked in: ${EMBEDMASK_VENV} (EMBEDMASK_VENV) and the usual CMake places\n"
    "  to fix: run scripts/setup, or pass -DOpenVINO_DIR=<folder with OpenVINOConfig.cmake>")
endif()
get_target_property(embedmask_openvino_library openvino::runtime IMPORTED_LOCATION_RELEASE)
get_filename_component(embedmask_openvino_libdir "${embedmask_openvino_library}" DIRECTORY)
