# A tree that runs wherever it is moved: bin/, lib/ with the few OpenVINO libraries that we need,
# include/, share/embedmask, CMake package and pkg-config file.
include(CMakePackageConfigHelpers)

install(TARGETS embedmask EXPORT EmbedMaskTargets
  LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(TARGETS embedmask_cli RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
install(DIRECTORY include/embedmask ${PROJECT_BINARY_DIR}/include/embedmask
  DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(DIRECTORY models/ DESTINATION ${CMAKE_INSTALL_DATADIR}/embedmask/models)
install(DIRECTORY configs/ DESTINATION ${CMAKE_INSTALL_DATADIR}/embedmask/configs)
install(FILES LICENSE NOTICE DESTINATION ${CMAKE_INSTALL_DATADIR}/embedmask)

# The runtime, its CPU plugin and TBB; plugins of other devices stay behind.
file(GLOB embedmask_openvino_files
  "${embedmask_openvino_libdir}/libopenvino.so*"
  "${embedmask_openvino_libdir}/libopenvino_intel_cpu_plugin.so"
  "${embedmask_openvino_libdir}/libtbb.so*"
  "${embedmask_openvino_libdir}/libtbbbind*.so*"
  "${embedmask_openvino_libdir}/libhwloc.so*")
install(FILES ${embedmask_openvino_files} DESTINATION ${CMAKE_INSTALL_LIBDIR})

# The trainer brings libtorch (CPU), 420 MB, so it comes only when asked for: --component train.
if(embedmask_have_torch)
  install(TARGETS embedmask_train_cli RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR}
    COMPONENT train EXCLUDE_FROM_ALL)
  get_filename_component(embedmask_torch_libdir ${TORCH_LIBRARY} DIRECTORY)
  file(GLOB embedmask_torch_files
    "${embedmask_torch_libdir}/libtorch.so"
    "${embedmask_torch_libdir}/libtorch_cpu.so"
    "${embedmask_torch_libdir}/libc10.so"
    "${embedmask_torch_libdir}/libgomp*.so*")
  install(FILES ${embedmask_torch_files} DESTINATION ${CMAKE_INSTALL_LIBDIR}
    COMPONENT train EXCLUDE_FROM_ALL)
endif()

install(EXPORT EmbedMaskTargets NAMESPACE embedmask:: FILE EmbedMaskTargets.cmake
  DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/EmbedMask)
write_basic_package_version_file(${PROJECT_BINARY_DIR}/EmbedMaskConfigVersion.cmake
  COMPATIBILITY SameMinorVersion)
configure_package_config_file(cmake/EmbedMaskConfig.cmake.in
  ${PROJECT_BINARY_DIR}/EmbedMaskConfig.cmake
  INSTALL_DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/EmbedMask)
install(FILES ${PROJECT_BINARY_DIR}/EmbedMaskConfig.cmake
  ${PROJECT_BINARY_DIR}/EmbedMaskConfigVersion.cmake
  DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/EmbedMask)
configure_file(cmake/embedmask.pc.in ${PROJECT_BINARY_DIR}/embedmask.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/embedmask.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
