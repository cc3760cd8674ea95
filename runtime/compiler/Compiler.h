//===- compiler/Compiler.h - What the compiler does for the runtime -------===//
//
// The runtime has no LLVM: the compiler is a library of its own, which exports
// one function that gives this table. A program that is linked with the compiler
// uses that; any other opens libscanc-compiler when a text is compiled first, so
// that one which finds what it needs in a bundle or in the cache never loads it.
//
//===----------------------------------------------------------------------===//
#ifndef SCANC_RUNTIME_COMPILER_COMPILER_H
#define SCANC_RUNTIME_COMPILER_COMPILER_H

#include "scanc/Compile.h"
#include "scanc/SampleInputs.h"
#include "scanc/Tuning.h"

namespace scanc::rt {

/// Functions of the same name in scanc/Compile.h, with everything that they need. Types of the C++ library
/// cross this border: both sides are of one version and one compiler.
struct Compiler {
  const char *version; ///< of scanc; first, and a plain pointer in every version
  Result<std::vector<Parameter>> (*signature)(std::string_view, const CompileOptions &);
  std::string (*architectures)();
  Result<Program> (*compileProgram)(std::string_view, const CompileOptions &);
  Result<Kernel> (*compileForCpu)(std::string_view, const CompileOptions &);
  Result<std::string> (*emit)(std::string_view, Stage, const CompileOptions &);
  Result<std::string> (*format)(std::string_view, std::string_view);
  /// The kernel as every text of it has it: without places, comments and sizes that are bound.
  Result<std::string> (*identity)(std::string_view, const CompileOptions &);
  Result<std::vector<ReferenceTensor>> (*evaluateReference)(std::string_view,
                                                            std::span<const TensorRef>,
                                                            const CompileOptions &);
  Result<Explanation> (*explain)(std::string_view, const CompileOptions &);
  Result<SampleInputs> (*sampleInputs)(std::string_view, const CompileOptions &);
  Result<std::vector<Candidate>> (*searchSpace)(std::string_view, const CompileOptions &);
};

/// The compiler that this process is linked with, or libscanc-compiler: SCANC_COMPILER (a file), beside the
/// file that has this function and in ../lib of it, then the loader's own path. Fails with SC5010 or SC5011.
/// A success is kept, a failure is tried again.
Result<const Compiler *> sharedCompiler();

/// Which compiler that is, without opening it: size and time of its file, as its version does not change
/// while one works on it. "" where only the loader knows the file.
std::string compilerIdentity();

} // namespace scanc::rt

/// What the compiler's library exports, and nothing else.
extern "C" const scanc::rt::Compiler *scanc_compiler();

#endif // SCANC_RUNTIME_COMPILER_COMPILER_H
