# Warnings for our own code; headers of LLVM and MLIR are included as system headers.
add_compile_options(-Wall -Wextra -Wno-unused-parameter -fvisibility=hidden -fvisibility-inlines-hidden)
# The emitter, the CPU backend and the interpreter must round as written.
add_compile_options(-ffp-contract=off)
