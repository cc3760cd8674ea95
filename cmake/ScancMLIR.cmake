# Finds Debian's MLIR 22 and sets up TableGen. `MLIR` and `LLVM` name the dylibs; with
# SCANC_STATIC_LLVM they are replaced by archives (StaticMLIR.cmake).
find_package(MLIR 22.1 REQUIRED CONFIG PATHS /usr/lib/llvm-22/lib/cmake/mlir NO_DEFAULT_PATH)
list(APPEND CMAKE_MODULE_PATH ${MLIR_CMAKE_DIR} ${LLVM_CMAKE_DIR})
include(TableGen)
include(AddLLVM)
include(AddMLIR)
include_directories(SYSTEM ${MLIR_INCLUDE_DIRS})

# Links `target` against MLIR and LLVM: the dylibs, or the archives that scanc uses.
function(scanc_link_mlir target)
  if(SCANC_STATIC_LLVM)
    target_link_libraries(${target} PUBLIC ${SCANC_STATIC_MLIR_LIBRARIES})
  else()
    target_link_libraries(${target} PUBLIC MLIR LLVM)
  endif()
endfunction()

# A library of the compiler: sources are small, headers are found from the root of the tree.
function(scanc_add_library name)
  cmake_parse_arguments(arg "" "" "SOURCES;LINK;DEPENDS" ${ARGN})
  add_library(${name} STATIC ${arg_SOURCES})
  target_include_directories(${name} PUBLIC
    ${CMAKE_SOURCE_DIR} ${CMAKE_BINARY_DIR} ${CMAKE_SOURCE_DIR}/compiler/include
    ${CMAKE_SOURCE_DIR}/runtime/include)
  target_link_libraries(${name} PUBLIC ${arg_LINK})
  if(arg_DEPENDS)
    add_dependencies(${name} ${arg_DEPENDS})
  endif()
  scanc_link_mlir(${name})
endfunction()
if(SCANC_STATIC_LLVM)
  include(StaticMLIR)
endif()
