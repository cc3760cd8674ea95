# Warnings for our own code; headers of LLVM and MLIR are included as system headers. Visibility
# stays default: MLIR compares the addresses of its traits' TypeIDs across shared libraries, and a
# hidden copy in ours makes every terminator look like none.
add_compile_options(-Wall -Wextra -Wno-unused-parameter)
if(CMAKE_CXX_COMPILER_ID STREQUAL GNU)
  add_compile_options(-Wno-restrict) # g++ 12 warns of std::string's own operator+
endif()
# The interpreter and the conversions of the runtime must round as written.
add_compile_options(-ffp-contract=off)
