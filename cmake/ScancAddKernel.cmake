# scanc_add_kernel(NAME FILE [KERNEL name] [TARGET sm_90a] [STRATEGY s] [SHAPE N=16 …] [CUBIN])
#
# A library NAME whose header "NAME.h" declares
#
#     scanc::Result<scanc::Kernel> NAME(const scanc::LoadOptions &options = {});
#
# The text is compiled to a bundle when the project is built: a program that links with NAME needs no
# compiler. With CUBIN it holds machine code for TARGET, and needs no NVRTC on such a device either; NVRTC is
# needed when the project is built. Without, its kernels are in the cache after `scanc cache warm`.
set(SCANC_KERNEL_SCRIPTS ${CMAKE_CURRENT_LIST_DIR})
function(scanc_add_kernel name file)
  cmake_parse_arguments(PARSE_ARGV 2 arg "CUBIN" "KERNEL;TARGET;STRATEGY" "SHAPE")
  if(arg_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "scanc_add_kernel(${name}): unknown arguments ${arg_UNPARSED_ARGUMENTS}")
  endif()
  set(options --target=sm_90a)
  if(arg_TARGET)
    set(options --target=${arg_TARGET})
  endif()
  foreach(option KERNEL STRATEGY)
    string(TOLOWER ${option} flag)
    if(arg_${option})
      list(APPEND options "--${flag}=${arg_${option}}")
    endif()
  endforeach()
  foreach(size IN LISTS arg_SHAPE)
    list(APPEND options "--shape=${size}")
  endforeach()
  if(arg_CUBIN)
    list(APPEND options --with-cubin)
  endif()
  cmake_path(ABSOLUTE_PATH file BASE_DIRECTORY ${CMAKE_CURRENT_SOURCE_DIR})
  set(folder ${CMAKE_CURRENT_BINARY_DIR}/scanc/${name})
  file(MAKE_DIRECTORY ${folder})
  add_custom_command(OUTPUT ${folder}/${name}.cpp ${folder}/${name}.h
    COMMAND scanc::cli compile ${file} ${options} --emit=bundle -o ${folder}/${name}.bundle
    COMMAND ${CMAKE_COMMAND} -D NAME=${name} -D FOLDER=${folder} -P ${SCANC_KERNEL_SCRIPTS}/EmbedBundle.cmake
    DEPENDS ${file} scanc::cli
    COMMENT "Compiling ${name} by scanc" VERBATIM)
  add_library(${name} STATIC ${folder}/${name}.cpp ${folder}/${name}.h)
  target_include_directories(${name} PUBLIC ${folder})
  target_link_libraries(${name} PUBLIC scanc::rt)
endfunction()
