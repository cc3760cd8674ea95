//===- scanc/Result.h - A value or the error instead of it ------*- C++ -*-===//
//
// Public and installed. No exception crosses the API of scanc: whatever can
// fail returns a Result, and the compiler warns where one is dropped.
//
//===----------------------------------------------------------------------===//
#ifndef SCANC_RESULT_H
#define SCANC_RESULT_H

#include "scanc/Error.h"

#include <cstdio>
#include <cstdlib>
#include <optional>
#include <utility>
#include <variant>

namespace scanc {

/// Either a `T` or an `Error`.
///
///     Result<Program> program = compile(text);
///     if (!program)
///       return program.error();
///     use(*program);
template <typename T>
class [[nodiscard]] Result {
public:
  Result(T value) : storage(std::in_place_index<0>, std::move(value)) {}
  Result(Error error) : storage(std::in_place_index<1>, std::move(error)) {}

  explicit operator bool() const { return storage.index() == 0; }
  /// Requires a value.
  T &operator*() & { return *std::get_if<0>(&storage); }
  const T &operator*() const & { return *std::get_if<0>(&storage); }
  /// By value, so that `for (x : *f())` outlives the call.
  T operator*() && { return std::move(*std::get_if<0>(&storage)); }
  T *operator->() { return std::get_if<0>(&storage); }
  const T *operator->() const { return std::get_if<0>(&storage); }
  /// Requires an error.
  Error &error() & { return *std::get_if<1>(&storage); }
  const Error &error() const & { return *std::get_if<1>(&storage); }
  Error &&error() && { return std::move(*std::get_if<1>(&storage)); }

private:
  std::variant<T, Error> storage;
};

/// Success, or an `Error`.
template <>
class [[nodiscard]] Result<void> {
public:
  Result() = default;
  Result(Error error) : failure(std::move(error)) {}

  explicit operator bool() const { return !failure.has_value(); }
  Error &error() & { return *failure; }
  const Error &error() const & { return *failure; }
  Error &&error() && { return std::move(*failure); }

private:
  std::optional<Error> failure;
};

/// The value, or the rendered error on stderr and exit: for examples and small programs.
template <typename T>
T orExit(Result<T> result) {
  if (!result) {
    std::fputs(render(result.error()).c_str(), stderr);
    std::exit(exitCode(result.error().kind));
  }
  if constexpr (!std::is_void_v<T>)
    return std::move(*result);
}

} // namespace scanc

#endif // SCANC_RESULT_H
