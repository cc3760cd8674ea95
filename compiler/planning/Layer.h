//===- Layer.h - A recurrence less the projections before it ----*- C++ -*-===//
#ifndef SCANC_COMPILER_PLANNING_LAYER_H
#define SCANC_COMPILER_PLANNING_LAYER_H

#include "compiler/planning/Excerpt.h"
#include "dialects/plan/PlanOps.h"
#include "dialects/scan/ScanOps.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"

#include <optional>
#include <string>
#include <vector>

namespace scanc::planning {

/// A tensor by name, with a map from the dims of the recurrence to its dimensions.
struct NamedAccess {
  std::string tensor;
  mlir::AffineMap map;
};

/// Columns of a product: a projection with what is made of it alone.
struct ProjectedColumns {
  int64_t dim;  ///< of the recurrence
  int64_t head; ///< dim outside of it; -1 where there is none
  int64_t whole = 0; ///< panels of 64 columns that a tile has together, as the epilogue reduces over them; 0: none
  NamedAccess weights, result;
  std::vector<NamedAccess> reads;
  /// Without a state, over lanes, time and columns: the result, of the sum and of what is read.
  scan::AffineOp epilogue;
};

/// Projections of one tensor, whose weights lie in one order.
struct ProjectedTensor {
  NamedAccess row;
  mlir::Type element;         ///< of it and of the weights
  std::string precision;      ///< what factors of f32 are on the tensor cores: tf32, tf32x3; empty of 16 bits
  llvm::SmallVector<int64_t> lanes; ///< dims of the recurrence that it has
  int64_t over;               ///< dim that is summed over
  bool across;                ///< whether columns of the weights are declared last
  std::vector<ProjectedColumns> groups;
};

/// A recurrence whose projections of inputs go before it, and of what it computes behind it: what they are, and what is left.
struct Layer {
  /// Nothing where none can go before or behind, and then why. Tensors that the rest reads have 16 bits where the program
  /// pins so and they `narrow`: who keeps these numbers in registers has no use for that.
  static std::optional<Layer> of(scan::AffineOp op, std::string &reason, bool narrow = false);

  /// Whether `value` of a pin is what its factors are rounded to.
  bool honours(llvm::StringRef pin, llvm::StringRef value) const;
  /// What stands before the error bound of the rest: what a pin rounds to 16 bits. Empty where nothing is.
  std::string boundOfRounding() const;

  /// Why a projection, or what is reduced over its columns, stays with the rest; empty where none does.
  std::string left;

  mlir::OwningOpRef<mlir::ModuleOp> module; ///< what holds `rest` and the epilogues
  scan::AffineOp rest; ///< reads `own` as inputs; null where the projections are all
  std::vector<ProjectedTensor> products; ///< before the rest
  std::vector<ProjectedTensor> behind;   ///< of rows that the rest writes
  llvm::SmallVector<plan::ParameterAttr> own; ///< tensors that one writes and another reads
  mlir::Type rounded; ///< what rows of `behind` or tensors are rounded to, where the program does not; null: none is
};

} // namespace scanc::planning

#endif // SCANC_COMPILER_PLANNING_LAYER_H
