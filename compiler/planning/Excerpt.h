//===- Excerpt.h - A part of a recurrence, as one of its own ----*- C++ -*-===//
#ifndef SCANC_COMPILER_PLANNING_EXCERPT_H
#define SCANC_COMPILER_PLANNING_EXCERPT_H

#include "dialects/plan/PlanOps.h"
#include "dialects/scan/IndexSets.h"
#include "dialects/scan/ScanOps.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/IR/OwningOpRef.h"
#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/ADT/SmallSet.h"

#include <optional>
#include <set>
#include <string>
#include <vector>

namespace scanc::planning {

/// Of an argument of a function: a tensor of the plan's own, contiguous in the workspace.
inline constexpr llvm::StringLiteral ownAttr = "scan.own";

/// Beside it: rows that a kernel computes which is no product.
inline constexpr llvm::StringLiteral computedAttr = "scan.computed";

/// The program's tensors are these too.
void addTensors(plan::ProgramOp program, llvm::ArrayRef<plan::ParameterAttr> tensors);

/// Lets a lane of `op`, which has no state, change places with time: steps that read no other are as good as lanes. False where
/// there is none, or a window.
bool exchangeTime(scan::AffineOp op);

/// A copy of a recurrence in a module of its own, which reads tensors of the plan in place of some values and writes others to
/// such; what that leaves unread, it lacks.
class Excerpt {
public:
  explicit Excerpt(scan::AffineOp op);

  using Dims = llvm::SmallVector<int64_t>;

  /// A row that is written to a tensor of the plan: as it is stored, and the tensor.
  struct Row {
    mlir::Value value, stored;
    plan::ParameterAttr tensor;
    Dims dims;
  };

  /// A tensor of the plan over `dims`, by a name that nothing else has.
  plan::ParameterAttr addOwn(std::string name, mlir::Type element, llvm::ArrayRef<int64_t> dims);
  /// Lets the region read `tensor` in place of `end`, made wider where it is stored in fewer bits, by those users that `takes`
  /// names; index sets no longer hold.
  void readOwn(mlir::Value end, plan::ParameterAttr tensor, llvm::ArrayRef<int64_t> dims,
               llvm::function_ref<bool(mlir::Operation *)> takes = [](mlir::Operation *) { return true; });
  /// Leaves the states out, and where no window is left the segments that begin them anew.
  void dropStates();
  /// `written` outputs are no longer results of the recurrence nor of the function; `rows` are.
  void changeResults();
  void dropInputs();
  void dropDims();

  scan::RecurrenceInterface loop() const { return op; }
  mlir::Block &body() const { return scan::RecurrenceInterface(op).getBodyBlock(); }

protected:
  mlir::StringAttr nameOwn(std::string name);
  mlir::RankedTensorType tensorOf(llvm::ArrayRef<int64_t> dims, mlir::Type element) const;
  mlir::AffineMap mapOf(llvm::ArrayRef<int64_t> dims) const;
  mlir::DictionaryAttr attributesOf(plan::ParameterAttr tensor);
  void setInputs(llvm::ArrayRef<mlir::Value> inputs, llvm::ArrayRef<mlir::AffineMap> maps);

  mlir::IRMapping mapping; ///< from the original
  mlir::OwningOpRef<mlir::ModuleOp> module;
  mutable scan::AffineOp op; // MLIR's accessors are not const
  mutable mlir::func::FuncOp function;
  std::optional<scan::IndexSets> sets;
  mlir::OpBuilder builder;
  llvm::SmallVector<plan::ParameterAttr> own; ///< those that it reads or writes
  std::set<std::string> names;         ///< that tensors and sizes have
  llvm::SmallSetVector<unsigned, 4> written; ///< outputs that others write
  std::vector<Row> rows;                     ///< that others read
  bool keepsStates = true;
};

} // namespace scanc::planning

#endif // SCANC_COMPILER_PLANNING_EXCERPT_H
