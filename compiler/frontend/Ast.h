//===- Ast.h - A .scan file as it was written -------------------*- C++ -*-===//
#ifndef SCANC_COMPILER_FRONTEND_AST_H
#define SCANC_COMPILER_FRONTEND_AST_H

#include "scanc/Error.h"
#include "scanc/Tensor.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace scanc::frontend {

/// A name with its place.
struct Name {
  std::string text;
  SourceRange place;
};

struct Expr;
using ExprPtr = std::unique_ptr<Expr>;

/// A node of an expression; which fields it uses is told by its kind.
struct Expr {
  enum class Kind {
    number,    ///< text, value
    reference, ///< name, subscripts: a tensor, state or local
    negate,    ///< operands[0]
    binary,    ///< text is + - * /, or < <= > >= == != inside select; operands[0], [1]
    call,      ///< name, operands
    reduce,    ///< text is sum mean max min logsumexp, indices, operands[0]
  };
  Kind kind = Kind::number;
  SourceRange place;
  std::string text;
  double value = 0;
  std::vector<Name> indices; ///< of a reduce; of a reference without its time subscript
  bool hasTime = false;      ///< of a reference: whether the first subscript is t or t-k
  std::int64_t delay = 0;    ///< k of t-k
  bool hasBrackets = false;  ///< of a reference
  std::vector<ExprPtr> operands;
};

/// `@name(value)`.
struct Attribute {
  Name name;
  std::string value; ///< empty for a flag
  SourceRange valuePlace;
};

struct Assignment {
  ExprPtr target; ///< a reference
  ExprPtr value;
};
struct StateType {
  Name state;
  Dtype dtype;
};
struct InitialState {
  Name state, tensor;
};
struct FinalState {
  Name state, tensor;
};

/// A statement with the comments that stand before it and behind it.
struct Statement {
  enum class Kind { assignment, stateType, initial, final };
  Kind kind;
  Assignment assignment;
  StateType stateType{};
  InitialState initial;
  FinalState final;
  std::vector<std::string> comments;
  std::string trailing;
};

struct Scan {
  std::vector<Attribute> attributes;
  bool reverse = false;
  Name dimension, time;
  std::vector<Name> over;
  std::optional<Name> reset;
  std::vector<Statement> statements;
  std::vector<std::string> comments, closingComments;
  std::string trailing, closingTrailing; ///< behind the braces
};

/// A dimension of a parameter: a name, a number, or `S+1` for the offsets of packed sequences.
struct Dimension {
  std::string text;
  SourceRange place;
};

struct Declaration {
  Name name;
  Dtype dtype;
  std::vector<Dimension> dims;
  bool startsGroup = false; ///< the type is written behind the last of the group
};

struct Kernel {
  std::vector<Attribute> attributes;
  Name name;
  std::vector<Declaration> parameters, results;
  std::vector<Scan> scans;
  std::vector<std::string> comments, closingComments;
  std::string trailing, closingTrailing; ///< behind the braces
};

struct File {
  std::vector<Kernel> kernels;
  std::vector<std::string> closingComments;
};

} // namespace scanc::frontend

#endif // SCANC_COMPILER_FRONTEND_AST_H
