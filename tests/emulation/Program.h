//===- Program.h - Runs what the compiler hands to the runtime --*- C++ -*-===//
#ifndef SCANC_TESTS_EMULATION_PROGRAM_H
#define SCANC_TESTS_EMULATION_PROGRAM_H

#include "scanc/Program.h"
#include "scanc/Tensor.h"
#include "tests/emulation/Emulation.h"

namespace scanc::emulation {

/// One launch of the first entry of `program` as the runtime would make it, with operands in host
/// memory. Inputs are read only; what a result or the workspace holds before is not to be read. The
/// workspace begins at whatever byte the seed says.
Result<void> runProgram(const Program &program, std::span<const TensorRef> operands,
                        const Options &options = {});

} // namespace scanc::emulation

#endif // SCANC_TESTS_EMULATION_PROGRAM_H
