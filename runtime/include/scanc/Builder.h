//===- scanc/Builder.h - Recurrences written in C++ -------------*- C++ -*-===//
//
// Public and installed. Builds the text of a `.scan` kernel out of C++
// expressions, so that a program can make its recurrences as it runs:
//
//     Builder b("decay");
//     auto a = b.input("a", Dtype::f32, {"B", "T"});
//     auto y = b.output("y", Dtype::f32, {"B", "T"});
//     auto t = b.scan("T", "t", {"B"});
//     b.set(y.at(t), a.at(t) * y.at(t - 1) + 1);
//     Kernel kernel = orExit(b.compile());
//
// Only the form is built here: `compile` checks the text as it does any other,
// and its errors quote lines of `text()`.
//
//===----------------------------------------------------------------------===//
#ifndef SCANC_BUILDER_H
#define SCANC_BUILDER_H

#include "scanc/Compile.h"

#include <array>

namespace scanc {

namespace builder {

/// The time of a scan, or a step before it: `t`, `t - 1`.
struct Time {
  std::string name;
  int delay = 0;
};
Time operator-(Time time, int steps);

/// An index name: `Index n("n")`.
struct Index {
  std::string name;
  explicit Index(std::string name) : name(std::move(name)) {}
};

class Tensor;

/// An expression of a step. Operators and functions are found by their arguments.
class Expr {
public:
  Expr(double value);
  Expr(const Tensor &tensor); ///< without subscripts: it has no time and no index
  /// `text` binds as tightly as `strength` says.
  enum class Strength : std::uint8_t { sum, product, sign, whole };
  Expr(std::string text, Strength strength) : source(std::move(text)), strength(strength) {}

  const std::string &text() const { return source; }
  /// The text, in parentheses where it binds more loosely than `least`.
  std::string within(Strength least) const;

private:
  std::string source;
  Strength strength;
};

/// One subscript.
struct Subscript {
  std::string text;
  Subscript(const Time &time);
  Subscript(const Index &index) : text(index.name) {}
};

/// A parameter, result, state or local.
class Tensor {
public:
  explicit Tensor(std::string name) : ownName(std::move(name)) {}

  /// `x.at(t)`, `h.at(t - 1, n)`, `A.at(i, l)`.
  template <typename... Subscripts>
  Expr at(const Subscripts &...subscripts) const {
    return subscripted({Subscript(subscripts)...});
  }
  const std::string &name() const { return ownName; }

private:
  Expr subscripted(std::initializer_list<Subscript> subscripts) const;

  std::string ownName;
};

Expr operator+(const Expr &a, const Expr &b);
Expr operator-(const Expr &a, const Expr &b);
Expr operator*(const Expr &a, const Expr &b);
Expr operator/(const Expr &a, const Expr &b);
Expr operator-(const Expr &a);

Expr exp(const Expr &x);
Expr log(const Expr &x);
Expr sqrt(const Expr &x);
Expr rsqrt(const Expr &x);
Expr abs(const Expr &x);
Expr tanh(const Expr &x);
Expr sigmoid(const Expr &x);
Expr silu(const Expr &x);
Expr gelu(const Expr &x);
Expr relu(const Expr &x);
Expr softplus(const Expr &x);
Expr logsigmoid(const Expr &x);
Expr sin(const Expr &x);
Expr cos(const Expr &x);
Expr real(const Expr &x);
Expr imag(const Expr &x);
Expr conj(const Expr &x);
Expr min(const Expr &a, const Expr &b);
Expr max(const Expr &a, const Expr &b);
Expr pow(const Expr &a, const Expr &b);
Expr logaddexp(const Expr &a, const Expr &b);
Expr clamp(const Expr &x, const Expr &low, const Expr &high);

/// What `select` decides by.
struct Condition {
  std::string text;
};
Condition operator<(const Expr &a, const Expr &b);
Condition operator<=(const Expr &a, const Expr &b);
Condition operator>(const Expr &a, const Expr &b);
Condition operator>=(const Expr &a, const Expr &b);
Condition operator==(const Expr &a, const Expr &b);
Condition operator!=(const Expr &a, const Expr &b);
Expr select(const Condition &condition, const Expr &yes, const Expr &no);

/// Reductions over indices, written out: `sum({j}, x.at(t, j))`.
Expr sum(const std::vector<Index> &over, const Expr &x);
Expr mean(const std::vector<Index> &over, const Expr &x);
Expr max(const std::vector<Index> &over, const Expr &x);
Expr min(const std::vector<Index> &over, const Expr &x);
Expr logsumexp(const std::vector<Index> &over, const Expr &x);

} // namespace builder

/// Collects one kernel. Call `scan` before statements; a second `scan` begins a second block.
class Builder {
public:
  using Dims = std::vector<std::string>;

  explicit Builder(std::string kernel) : kernelName(std::move(kernel)) {}

  builder::Tensor input(const std::string &name, Dtype dtype, const Dims &dims);
  builder::Tensor output(const std::string &name, Dtype dtype, const Dims &dims);
  /// Several inputs of one type: `auto [x, z] = b.inputs<2>({"x", "z"}, …)`.
  template <std::size_t N>
  std::array<builder::Tensor, N> inputs(const std::array<std::string, N> &names, Dtype dtype,
                                        const Dims &dims) {
    return [&]<std::size_t... I>(std::index_sequence<I...>) {
      return std::array<builder::Tensor, N>{input(names[I], dtype, dims)...};
    }(std::make_index_sequence<N>());
  }

  struct ScanOptions {
    bool reverse = false;
    std::string reset; ///< name of the offsets of segments, or empty
  };
  /// Walks dimension `dim`, whose place is called `time`, for every point of the lanes `over`.
  builder::Time scan(const std::string &dim, const std::string &time, const Dims &over = {},
                     const ScanOptions &options = {false, {}});

  /// A state that is not a result; results are states by themselves.
  builder::Tensor state(const std::string &name) { return builder::Tensor(name); }
  builder::Tensor state(const std::string &name, Dtype dtype);
  /// `target = value`, where the target is a subscripted state or result.
  void set(const builder::Expr &target, const builder::Expr &value);
  /// `name = value` for the step; with `indices`, `name[i, …] = value`.
  builder::Expr local(const std::string &name, const builder::Expr &value);
  builder::Tensor local(const std::string &name, const std::vector<builder::Index> &indices,
                        const builder::Expr &value);
  void init(const builder::Tensor &state, const builder::Tensor &from);
  void final(const builder::Tensor &state, const builder::Tensor &to);
  /// Pins a choice: `pin("strategy", "sequential")`, `pin("deterministic")`.
  void pin(const std::string &attribute, const std::string &value = "");

  /// The kernel as text, in canonical form where it has no syntax error.
  std::string text() const;
  /// `scanc::compile` of that text.
  Result<Kernel> compile(CompileOptions options = {}) const;

private:
  void declare(std::string &list, const std::string &name, Dtype dtype, const Dims &dims);
  void statement(const std::string &text);

  std::string kernelName, attributes, parameters, results;
  std::vector<std::string> scans; ///< heads and statements, without the closing braces
};

} // namespace scanc

#endif // SCANC_BUILDER_H
