# SPDX-License-Identifier: Apache-2.0
# What `cmake --install` puts where: bin/tsc, lib/tsc/<triple> (the runtime's levels and what libraries are linked against),
# the C and C++ headers, the CMake package and the pkg-config file.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

set_target_properties(tsc PROPERTIES INSTALL_RPATH_USE_LINK_PATH ON)
install(TARGETS tsc RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
set(triple x86_64-unknown-linux-gnu)
install(FILES ${PROJECT_BINARY_DIR}/lib/tsc/${triple}/libc.so ${PROJECT_BINARY_DIR}/lib/tsc/${triple}/libm.so
  ${PROJECT_BINARY_DIR}/lib/tsc/${triple}/libtsc_builtins.a DESTINATION lib/tsc/${triple})
foreach(level ${TSC_RUNTIME_LEVELS})
  install(FILES $<TARGET_FILE:tsc_runtime_${level}> DESTINATION lib/tsc/${triple}/${level})
endforeach()
install(FILES ${PROJECT_SOURCE_DIR}/include/tsc/model.h ${PROJECT_SOURCE_DIR}/include/tsc/model.hpp
  DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/tsc)

set(package ${CMAKE_INSTALL_LIBDIR}/cmake/tsc)
configure_package_config_file(${CMAKE_CURRENT_LIST_DIR}/tscConfig.cmake.in ${PROJECT_BINARY_DIR}/tscConfig.cmake
  INSTALL_DESTINATION ${package} PATH_VARS CMAKE_INSTALL_BINDIR CMAKE_INSTALL_INCLUDEDIR)
write_basic_package_version_file(${PROJECT_BINARY_DIR}/tscConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/tscConfig.cmake ${PROJECT_BINARY_DIR}/tscConfigVersion.cmake
  ${CMAKE_CURRENT_LIST_DIR}/TscModel.cmake DESTINATION ${package})
list(GET TSC_RUNTIME_LEVELS 0 TSC_LOWEST_LEVEL)
configure_file(${CMAKE_CURRENT_LIST_DIR}/tsc.pc.in ${PROJECT_BINARY_DIR}/tsc.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/tsc.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
