//===- Check.h - What the names of a kernel mean ----------------*- C++ -*-===//
#ifndef SCANC_COMPILER_FRONTEND_CHECK_H
#define SCANC_COMPILER_FRONTEND_CHECK_H

#include "compiler/frontend/Ast.h"
#include "compiler/frontend/Diagnostics.h"

#include <map>
#include <set>

namespace scanc::frontend {

/// The types that scalar code computes in: 16-bit and 8-bit elements, and integers, become f32.
enum class Compute : std::uint8_t { f32, f64, c64 };

/// A name of a scan and what it stands for.
struct Symbol {
  enum class Kind { tensor, result, local, state };
  Kind kind = Kind::tensor;
  std::string name;
  SourceRange place;
  const Declaration *declaration = nullptr; ///< of a tensor, a result, a state that is a result
  bool isResult = false;
  Statement *assignment = nullptr;  ///< of everything but a tensor
  std::vector<std::string> indices; ///< names at its assignment; of a tensor: none
  Compute type = Compute::f32;
  std::optional<Dtype> stateType;                         ///< as declared, or the compute type
  const Declaration *initial = nullptr, *final = nullptr; ///< of a state
};

/// A scan whose names are resolved, with the implicit sums of its expressions written out as
/// `reduce` nodes.
struct CheckedScan {
  Scan *scan = nullptr;
  std::map<std::string, Symbol> symbols;
  std::vector<std::string> states; ///< in the order of their assignments
  /// Every assigned name, behind those that its value reads at the same step.
  std::vector<std::string> order;
  std::vector<std::string> outputs;           ///< results written at every step, in signature order
  std::vector<std::string> indices;           ///< index names, in order of appearance
  std::map<std::string, std::string> extents; ///< index name -> dimension name or number
};

struct CheckedKernel {
  Kernel *kernel = nullptr;
  std::vector<CheckedScan> scans;
  /// Of a step: the final states that may lie where an initial one does, and which, by the names of the tensors.
  std::map<std::string, std::string> updates;
};

/// Checks `kernel` and resolves its names; changes its expressions by the implicit sums. What is
/// returned points into `kernel`. Meaningful only when no error was reported.
CheckedKernel check(Kernel &kernel, Diagnostics &diagnostics);

/// Dimensions of `declaration` that a subscript names: all but the scanned one and those in `over`.
std::vector<std::string> subscripted(const Declaration &declaration, const Scan &scan);
bool hasDimension(const Declaration &declaration, const std::string &name);
/// "f32[B, T]"
std::string typeText(const Declaration &declaration);

/// A function of the language: its arity, and whether it takes c64.
struct Function {
  int arity;
  bool complex;
};
const std::map<std::string, Function> &functions();
/// Whether `name` combines over indices: sum mean max min logsumexp.
bool isReduction(const std::string &name);
/// Whether `expr` is < <= > >= == or !=.
bool isComparison(const Expr &expr);

/// What an index may not be called in a scan with `reset`: the dimension of the segments.
inline constexpr const char *segmentName = "segment";

/// Names, arities, and that comparisons stand in `select` alone; `condition`: `expr` stands there
/// (Functions.cpp).
void checkFunctions(const Expr &expr, bool condition, Diagnostics &diagnostics);
/// Names and values of attributes (Attributes.cpp).
void checkAttributes(const std::vector<Attribute> &attributes, Diagnostics &diagnostics);

/// Orders the assignments by what they read at the step; none may need itself (Order.cpp).
void orderAssignments(CheckedScan &scan, Diagnostics &diagnostics);
/// Resolves the index names of a scan to dimensions (Indices.cpp).
void resolveIndices(CheckedScan &scan, Diagnostics &diagnostics);
/// Writes the implicit sums out (Sums.cpp).
void insertSums(CheckedScan &scan, Diagnostics &diagnostics);
/// Infers the compute types of states and locals and checks operands (Types.cpp).
void inferTypes(CheckedScan &scan, Diagnostics &diagnostics);

/// Calls `visit` for every reference in `expr`, in the order of the text.
template <typename Visit>
void forEachReference(Expr &expr, Visit visit) {
  if (expr.kind == Expr::Kind::reference)
    visit(expr);
  for (ExprPtr &operand : expr.operands)
    forEachReference(*operand, visit);
}

} // namespace scanc::frontend

#endif // SCANC_COMPILER_FRONTEND_CHECK_H
