# What `cmake --install` gives to other projects, and the packages of Debian that `cpack` makes.
#
#   libscanc-rt0        loads, caches and launches kernels; no LLVM
#   libscanc-compiler0  compiles texts, opened by the runtime when there is one
#   libscanc-dev        headers and find_package(scanc)
#   scanc               the command line
include(CMakePackageConfigHelpers)
set(scancPackage ${CMAKE_INSTALL_LIBDIR}/cmake/scanc)
configure_package_config_file(cmake/scancConfig.cmake.in ${CMAKE_BINARY_DIR}/scancConfig.cmake
  INSTALL_DESTINATION ${scancPackage} PATH_VARS CMAKE_INSTALL_LIBDIR)
write_basic_package_version_file(${CMAKE_BINARY_DIR}/scancConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(EXPORT scancTargets NAMESPACE scanc:: DESTINATION ${scancPackage} COMPONENT dev)
install(FILES ${CMAKE_BINARY_DIR}/scancConfig.cmake ${CMAKE_BINARY_DIR}/scancConfigVersion.cmake
  cmake/ScancAddKernel.cmake cmake/AppendRawStrings.cmake cmake/EmbedBundle.cmake
  DESTINATION ${scancPackage} COMPONENT dev)

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME scanc)
set(CPACK_PACKAGE_VENDOR "the authors of scanc")
set(CPACK_PACKAGE_CONTACT "the authors of scanc <scanc@example.org>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "Compiles scan recurrences to fused kernels")
set(CPACK_RESOURCE_FILE_LICENSE ${CMAKE_SOURCE_DIR}/LICENSE)
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_GENERATE_SHLIBS ON)
set(CPACK_COMPONENTS_ALL rt compiler dev cli)
set(CPACK_DEBIAN_RT_PACKAGE_NAME libscanc-rt${PROJECT_VERSION_MAJOR})
set(CPACK_DEBIAN_COMPILER_PACKAGE_NAME libscanc-compiler${PROJECT_VERSION_MAJOR})
set(CPACK_DEBIAN_DEV_PACKAGE_NAME libscanc-dev)
set(CPACK_DEBIAN_CLI_PACKAGE_NAME scanc)
set(same "(= ${PROJECT_VERSION})")
set(CPACK_DEBIAN_DEV_PACKAGE_DEPENDS
  "${CPACK_DEBIAN_RT_PACKAGE_NAME} ${same}, scanc ${same}")
set(CPACK_DEBIAN_RT_PACKAGE_RECOMMENDS "${CPACK_DEBIAN_COMPILER_PACKAGE_NAME} ${same}")
set(CPACK_DEBIAN_CLI_PACKAGE_DEPENDS "${CPACK_DEBIAN_COMPILER_PACKAGE_NAME} ${same}")
set(CPACK_COMPONENT_RT_DESCRIPTION "Loads, caches and launches kernels of scanc. Opens the CUDA driver and NVRTC where they are.")
set(CPACK_COMPONENT_COMPILER_DESCRIPTION "The compiler of scanc, opened by its runtime.")
set(CPACK_COMPONENT_DEV_DESCRIPTION "Headers and CMake package of scanc.")
set(CPACK_COMPONENT_CLI_DESCRIPTION "The command line of scanc.")
include(CPack)
