//===- scanc/Error.h - What went wrong, where, and what to do ---*- C++ -*-===//
//
// Public and installed. Standard library only.
//
//===----------------------------------------------------------------------===//
#ifndef SCANC_ERROR_H
#define SCANC_ERROR_H

#include <cstdint>
#include <string>
#include <vector>

namespace scanc {

/// A range of one line of a source text. Lines and columns count from 1; 0 means "no place".
struct SourceRange {
  std::string file;
  std::int64_t line = 0;
  std::int64_t column = 0;
  std::int64_t length = 1; ///< characters underlined, at least 1
};

/// Whose fault an error is; decides the exit code of `scanc`.
enum class ErrorKind : std::uint8_t {
  input,       ///< the program or the tensors given to it are wrong (exit 1)
  usage,       ///< the call or the command line is wrong (exit 2)
  environment, ///< no driver, no NVRTC, unsupported architecture, out of memory (exit 3)
  mismatch,    ///< a result differs from the reference (exit 4)
  internal,    ///< a fault of scanc itself (exit 70)
};

/// A sentence attached to an error, optionally with a place of its own.
struct ErrorNote {
  std::string text;
  SourceRange place;
};

/// An error: a code with a section in docs/errors.md, a message that says what was expected and
/// what was got, the user's place with its source line, notes, and a cure.
struct Error {
  std::string code; ///< "SC1001": SC, stage digit, three digits
  ErrorKind kind = ErrorKind::input;
  std::string message;
  SourceRange place;
  std::string sourceLine; ///< the text of `place.line`, for the caret; empty without a place
  std::vector<ErrorNote> notes;
  std::string help; ///< the cure, in the imperative; empty when there is none
  std::vector<Error> others; ///< further errors of the same run, rendered after this one
};

/// An error without a place.
Error makeError(std::string code, ErrorKind kind, std::string message, std::string help);

/// `error` as a person reads it:
///
///     gated.scan:4:12: error[SC2001]: the step is not affine in state 'h'
///         h[t] = h[t-1] * h[t-1]
///                ^~~~~~~~~~~~~~~
///     note: …
///     help: …
///
/// Ends with a newline. `color` adds ANSI colours.
std::string render(const Error &error, bool color = false);

/// The exit code of `scanc` for errors of this kind: 1, 2, 3, 4 or 70.
int exitCode(ErrorKind kind);

} // namespace scanc

#endif // SCANC_ERROR_H
