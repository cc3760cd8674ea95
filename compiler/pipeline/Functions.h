//===- Functions.h - The functions of scanc/Compile.h, made of phases -*- C++ -*-===//
//
// What they do, they state there: runtime/compiler calls them through a table.
//
//===----------------------------------------------------------------------===//
#ifndef SCANC_COMPILER_PIPELINE_FUNCTIONS_H
#define SCANC_COMPILER_PIPELINE_FUNCTIONS_H

#include "runtime/compiler/Compiler.h"

namespace scanc::pipeline {

Result<std::vector<Parameter>> signature(std::string_view text, const CompileOptions &options);
Result<Program> compileProgram(std::string_view text, const CompileOptions &options);
Result<Kernel> compileForCpu(std::string_view text, const CompileOptions &options);
Result<std::string> emit(std::string_view text, Stage stage, const CompileOptions &options);
/// The kernel as every text of it has it: without places, comments and sizes that are bound.
Result<std::string> identity(std::string_view text, const CompileOptions &options);
Result<std::string> format(std::string_view text, std::string_view filename);
Result<std::vector<ReferenceTensor>> evaluateReference(std::string_view text,
                                                       std::span<const TensorRef> operands,
                                                       const CompileOptions &options);
Result<Explanation> explain(std::string_view text, const CompileOptions &options);
Result<SampleInputs> sampleInputs(std::string_view text, const CompileOptions &options);
Result<std::vector<Candidate>> searchSpace(std::string_view text, const CompileOptions &options);

} // namespace scanc::pipeline

#endif // SCANC_COMPILER_PIPELINE_FUNCTIONS_H
