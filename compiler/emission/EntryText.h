//===- EntryText.h - What stands behind the code of a step ------*- C++ -*-===//
#ifndef SCANC_COMPILER_EMISSION_ENTRYTEXT_H
#define SCANC_COMPILER_EMISSION_ENTRYTEXT_H

#include "compiler/emission/CodeWriter.h"

#include <optional>
#include <string>

namespace scanc::emission {

/// Closes the struct called `name`, whose `shape.threads` is to be `count`, and the namespace that it is in.
void closeProgram(CodeWriter &writer, llvm::StringRef name, llvm::StringRef threads, int64_t count);

/// The extern "C" function of a launch.
struct EntryPoint {
  std::string name;
  std::string bounds;   ///< threads of a block, and blocks of a multiprocessor
  bool awaits = false;  ///< the end of the launch before, first of all
  bool isBeside = false; ///< it runs beside the launch before, whose end it awaits last of all
  llvm::StringRef kernel;  ///< device template
  llvm::StringRef program = {}; ///< struct that it takes
  std::optional<int64_t> sharedBytes = {}; ///< which the plan has for its storage, where the two are compared
  std::string operands = {}; ///< of the template, before its storage
  bool hasOthers = false; ///< in the text, without which the runtime compiles it
};
void writeEntryPoint(CodeWriter &writer, const EntryPoint &entry);

} // namespace scanc::emission

#endif // SCANC_COMPILER_EMISSION_ENTRYTEXT_H
