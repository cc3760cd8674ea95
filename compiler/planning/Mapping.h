//===- Mapping.h - Where each dimension of a recurrence goes ----*- C++ -*-===//
#ifndef SCANC_COMPILER_PLANNING_MAPPING_H
#define SCANC_COMPILER_PLANNING_MAPPING_H

#include "dialects/plan/PlanOps.h"
#include "dialects/scan/IndexSets.h"

#include <map>
#include <string>

namespace scanc::planning {

/// The dims of a kernel for a recurrence: its lanes, its free state indices (elementwise
/// everywhere, so each of their points is a lane of its own), time, segments where it is cut into
/// some, then the indices that a thread must hold in registers because something is summed over them.
/// Of these, one over which only readouts are reduced is a lane too, the last, where all states and
/// results have it and a thread could not hold it: neighbouring threads do.
struct Mapping {
  explicit Mapping(scan::AffineOp op);
  /// The same, but the indices `held` (dims of `op`) are registers, before all others.
  Mapping(scan::AffineOp op, llvm::ArrayRef<int64_t> held);

  /// `map` over the recurrence's dims, over the kernel's dims instead.
  mlir::AffineMap toKernel(mlir::AffineMap map) const;
  /// Position among the kernel's dims of dim `i` of the recurrence.
  int64_t kernelDim(int64_t i) const { return position[i]; }
  bool isRegister(int64_t i) const;
  /// The first of the kernel's dims that are registers.
  int64_t firstRegister() const { return static_cast<int64_t>(lanes.size()) + 1 + (segment >= 0); }

  /// Numbers that a lane holds for state `i`.
  int64_t stateSize(int64_t i) const;
  /// The same over all states.
  int64_t stateSize() const;
  /// 32-bit registers that these take as they are kept.
  int64_t stateWords() const;
  /// Whether segments have states of their own at one of their ends, so that their numbers matter.
  bool numbersSegments() const;
  /// 32-bit registers that a thread of `lanes` lanes takes for the segments of its steps.
  int64_t segmentWords(int64_t lanes) const;

  mutable scan::AffineOp op;
  scan::IndexSets sets; ///< of the values of `op`
  llvm::SmallVector<int64_t> lanes;     ///< dims of `op`, outermost first; the last is adjacent
  llvm::SmallVector<int64_t> registers; ///< dims of `op`
  int64_t time;
  int64_t reduced = -1; ///< dim of `op`: the last lane, where readouts are reduced over it
  int64_t segment = -1; ///< dim of `op`, where time is cut into segments
  plan::Walk walk;                      ///< along which dimension the heaviest accesses are contiguous

private:
  void chooseRoles(llvm::ArrayRef<int64_t> held);
  void chooseReduced();
  void orderLanes();
  void chooseWalk();

  llvm::SmallVector<int64_t> position; ///< dim of `op` -> dim of the kernel
};

/// Sizes by the user's names: bound where the program is specialised, assumed elsewhere.
using Sizes = std::map<std::string, int64_t>;

/// Bytes of one element of `type`.
int64_t bytesOf(mlir::Type type);
/// Bytes of a scalar or tensor element type's number in registers, in 32-bit words.
int64_t wordsOf(mlir::Type type);

} // namespace scanc::planning

#endif // SCANC_COMPILER_PLANNING_MAPPING_H
