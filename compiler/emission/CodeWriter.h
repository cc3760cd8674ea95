//===- CodeWriter.h - Indented lines of C++ ---------------------*- C++ -*-===//
#ifndef SCANC_COMPILER_EMISSION_CODEWRITER_H
#define SCANC_COMPILER_EMISSION_CODEWRITER_H

#include "llvm/ADT/Twine.h"

#include <string>

namespace scanc::emission {

/// Text that grows by whole lines at a depth of indentation.
class CodeWriter {
public:
  void line(const llvm::Twine &text) {
    std::string rendered = text.str();
    if (!rendered.empty())
      code.append(2 * depth, ' ');
    code += rendered + '\n';
  }
  /// `head {`, or only deeper where `head` is empty.
  void open(const llvm::Twine &head) {
    line(head + " {");
    ++depth;
  }
  void close(const llvm::Twine &tail = "}") {
    --depth;
    line(tail);
  }
  /// A loop that the compiler must unroll, since its body indexes registers.
  void openLoop(const llvm::Twine &variable, const llvm::Twine &count) {
    line("#pragma unroll");
    open("for (int " + variable + " = 0; " + variable + " < " + count + "; ++" + variable + ")");
  }
  void blank() { code += '\n'; }
  std::string take() { return std::move(code); }

private:
  std::string code;
  unsigned depth = 0;
};

} // namespace scanc::emission

#endif // SCANC_COMPILER_EMISSION_CODEWRITER_H
