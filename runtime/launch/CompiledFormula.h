//===- launch/CompiledFormula.h - A formula, parsed once --------*- C++ -*-===//
//
//   conjunction := comparison ("&&" comparison)*
//   comparison  := sum (("==" | "!=" | "<" | "<=" | ">" | ">=") sum)?
//   sum         := product (("+" | "-") product)*
//   product     := unary (("*" | "/" | "%") unary)*
//   unary       := "-" unary | primary
//   primary     := integer | size | "(" conjunction ")" | call
//   call        := "ceildiv" "(" a "," b ")" | "min" "(" a "," b ")" | "max" "(" a "," b ")"
//                | "address" "(" parameter ")" | "stride" "(" parameter "," integer ")"
//                | "span" "(" parameter ")" | "bytes" "(" parameter ")"
//                | "workspace" "(" buffer ")"
//
// `/` and `%` round towards zero, as in C++; `ceildiv` rounds up. `a && b` does
// not evaluate `b` where `a` is 0, so that it may guard a division.
//
//===----------------------------------------------------------------------===//
#ifndef SCANC_RUNTIME_LAUNCH_COMPILEDFORMULA_H
#define SCANC_RUNTIME_LAUNCH_COMPILEDFORMULA_H

#include "scanc/Program.h"

#include <span>

namespace scanc::rt {

/// The names that a formula may use. A fact is found by its position here.
struct FactNames {
  struct Operand {
    std::string name;
    std::size_t rank = 0;
  };
  std::vector<std::string> sizes;
  std::vector<Operand> operands;
  std::vector<std::string> buffers;
};

/// What is known of an operand at a launch.
struct OperandFacts {
  std::int64_t address = 0;
  std::span<const std::int64_t> strides; ///< one per dimension
  std::int64_t span = 0;                 ///< largest |element offset|
  std::int64_t bytes = 1;                ///< of one element
};

/// The facts of a launch, in the order of `FactNames`.
struct Facts {
  std::span<const std::int64_t> sizes;
  std::span<const OperandFacts> operands;
  std::span<const std::int64_t> buffers; ///< addresses
};

/// Why an evaluation has no value.
enum class FormulaFault : std::uint8_t { none, overflow, divisionByZero };

std::string_view spelling(FormulaFault fault);

class CompiledFormula {
public:
  /// Fails (SC6014) on text that is no formula or names something unknown.
  static Result<CompiledFormula> parse(std::string_view text, const FactNames &names);

  struct Value {
    std::int64_t value = 0;
    FormulaFault fault = FormulaFault::none;
  };
  /// Allocates nothing. Requires facts of the names that the formula was parsed with.
  Value evaluate(const Facts &facts) const { return evaluate(nodes.size() - 1, facts); }

  const std::string &text() const { return source; }
  bool usesWorkspace() const;

private:
  friend class FormulaParser;

  enum class Kind : std::uint8_t {
    integer,
    size,
    address,
    stride,
    span,
    bytes,
    workspace, // leaves
    negate,
    add,
    subtract,
    multiply,
    divide,
    remainder,
    ceildiv,
    min,
    max,
    equal,
    notEqual,
    less,
    lessEqual,
    greater,
    greaterEqual,
    both, // &&
  };
  /// Operands come before the node that uses them; the last node is the whole.
  struct Node {
    Kind kind;
    std::uint32_t left = 0;  ///< node; of a leaf, the position of its name
    std::uint32_t right = 0; ///< node; of `stride`, the dimension
    std::int64_t value = 0;  ///< of `integer`
  };

  Value evaluate(std::size_t node, const Facts &facts) const;

  std::string source;
  std::vector<Node> nodes;
};

} // namespace scanc::rt

#endif // SCANC_RUNTIME_LAUNCH_COMPILEDFORMULA_H
