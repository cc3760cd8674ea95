//===- Diagnostics.h - Collects errors with their source lines --*- C++ -*-===//
#ifndef SCANC_COMPILER_FRONTEND_DIAGNOSTICS_H
#define SCANC_COMPILER_FRONTEND_DIAGNOSTICS_H

#include "scanc/Error.h"

#include <string>
#include <string_view>
#include <vector>

namespace scanc::frontend {

/// A text and the errors found in it. The text must outlive this.
class Diagnostics {
public:
  Diagnostics(std::string_view text, std::string_view filename) : text(text), filename(filename) {}

  /// Every error has a cure, `help`.
  void error(std::string_view code, const SourceRange &place, std::string message,
             std::string help, std::vector<ErrorNote> notes = {});

  /// SC1005: no `what` is called `name`; suggests the nearest of `known`.
  void unknown(const SourceRange &place, const std::string &name,
               const std::vector<std::string> &known, const std::string &what);

  bool hasErrors() const { return !errors.empty(); }
  bool hasErrorOn(std::int64_t line) const;
  /// The first error, with the others behind it. Requires an error.
  Error take();

  /// Line `line` of the text, counted from 1, without its end.
  std::string lineText(std::int64_t line) const;

  const std::string_view text;
  const std::string filename;

private:
  std::vector<Error> errors;
};

/// The member of `candidates` nearest to `name`, or empty when none is near enough to be meant.
std::string nearest(std::string_view name, const std::vector<std::string> &candidates);

} // namespace scanc::frontend

#endif // SCANC_COMPILER_FRONTEND_DIAGNOSTICS_H
