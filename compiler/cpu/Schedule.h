//===- Schedule.h - Which loop nest computes which value --------*- C++ -*-===//
//
// The region of a step is evaluated nest by nest. A nest loops over one set of
// index dims and computes the values that have exactly this set; a value that
// another nest needs is kept in an array over its own set, so nothing is
// computed twice. Values without time are computed before the walk over time.
//
//===----------------------------------------------------------------------===//
#ifndef SCANC_COMPILER_CPU_SCHEDULE_H
#define SCANC_COMPILER_CPU_SCHEDULE_H

#include "dialects/scan/IndexSets.h"
#include "llvm/ADT/SetVector.h"

namespace scanc::cpu {

/// One thing that a nest does at every point.
struct Item {
  enum class Kind { compute, reduce, next, out };
  Kind kind = Kind::compute;
  mlir::Operation *op = nullptr; ///< of compute and reduce
  int64_t number = 0;            ///< state of next, output of out
};

struct Nest {
  scan::IndexSet dims; ///< outermost first
  bool hoisted = false;
  std::vector<Item> items;
};

/// A value read through other names: where its dim `first` is asked for, `second` is used.
struct Root {
  mlir::Value value;
  bool renamed = false;
};

class Schedule {
public:
  explicit Schedule(scan::StepOp op);

  const scan::IndexSets &sets() const { return indexSets; }
  /// Nests before the walk over time, then those of a step; an order to run them in.
  const std::vector<Nest> &nests() const { return list; }
  /// Values with an array of their own, in program order: those that a later nest reads.
  bool isKept(mlir::Value value) const { return kept.contains(value); }
  const llvm::SetVector<mlir::Value> &keptValues() const { return kept; }
  /// Whether `value` is computed before the walk over time.
  bool isHoisted(mlir::Value value) const;
  /// Whether a step reads it.
  bool isReadByStep(mlir::Value value) const { return readByStep.contains(value); }
  /// Whether the next state needs an array of its own, because the old one is still read.
  bool needsTwo(int64_t state) const { return twoBuffers[state]; }
  /// Whether `value` is no work of its own: a constant, a tensor's or state's element, one of those
  /// widened, or a value under other names.
  static bool isVirtual(mlir::Value value);
  /// `dims`, outermost first: what most arrays have innermost comes last.
  scan::IndexSet ordered(scan::IndexSet dims) const;

private:
  void voteOrder();
  void place(Item item, const scan::IndexSet &dims, mlir::ValueRange operands, bool hoisted);
  void collectRoots(mlir::Value value, bool renamed, llvm::SmallVectorImpl<Root> &roots) const;
  void keepWhatIsRead();
  void decideBuffers();

  scan::StepOp op;
  scan::RecurrenceInterface recurrence;
  scan::IndexSets indexSets;
  std::vector<int64_t> votes;
  std::vector<Nest> list;
  llvm::DenseMap<mlir::Operation *, int64_t> nestOf;
  llvm::SetVector<mlir::Value> kept;
  llvm::DenseSet<mlir::Value> readByStep;
  std::vector<bool> twoBuffers;
};

/// Rewrites every logsumexp of `op` into a maximum, exponentials and a sum.
void expandLogSumExp(scan::StepOp op);

} // namespace scanc::cpu

#endif // SCANC_COMPILER_CPU_SCHEDULE_H
