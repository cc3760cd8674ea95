//===- MachineCode.h - What ptxas makes of an emitted kernel ----*- C++ -*-===//
#ifndef SCANC_TESTS_END_TO_END_MACHINECODE_H
#define SCANC_TESTS_END_TO_END_MACHINECODE_H

#include "scanc/Nvrtc.h"
#include "scanc/Program.h"

#include <optional>
#include <string>

namespace scanc::testing_support {

/// A variant of the first kernel of `program`, compiled for `architecture`; nothing after a failure.
/// Skips the test where there is no NVRTC, unless SCANC_REQUIRE_NVRTC is set.
std::optional<CompiledKernel> compileVariant(const Program &program, std::size_t variant,
                                             const std::string &architecture);

/// Expects that no variant of the first kernel of `program` spills more than `spilled` bytes of registers for
/// `architecture`, nor takes more than `stack` bytes of a thread's own memory, and that products of four warps
/// do not wait for each other. Skips as `compileVariant` does. Of
/// several variants half are compiled for each architecture, all where SCANC_SOAK is set.
void expectInRegisters(const Program &program, const std::string &architecture, int stack = 0, int spilled = 0);

} // namespace scanc::testing_support

#endif // SCANC_TESTS_END_TO_END_MACHINECODE_H
