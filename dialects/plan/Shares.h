//===- Shares.h - Which thread of a lane computes a value -------*- C++ -*-===//
#ifndef SCANC_DIALECTS_PLAN_SHARES_H
#define SCANC_DIALECTS_PLAN_SHARES_H

#include "dialects/plan/PlanOps.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/SetVector.h"

#include <optional>
#include <string>

namespace scanc::plan {

/// Where the register dimension of a kernel is spread over threads (`state_threads` of a policy),
/// one of them owns each step of the lane. Who computes a value of the kernel's region then:
enum class Share {
  constant, ///< anybody: it does not vary with time
  owner,    ///< the owner of the step, before the states: a number that only inputs enter
  every,    ///< every thread at every step: its own points, and numbers that a state enters
  readout,  ///< every thread merges its points, the owner gets the whole (plan.reduce)
  after,    ///< the owner of the step, after the readouts
};

/// Whether all lanes of a warp that has lanes of the `sharedDims` innermost lane dims, and of no other row,
/// read `value` alike at a step: it is used, varies with time and one register dimension, and not with
/// those dims. Numbers of 16 bits are kept widened, so they must be used so. `map` is over the kernel's dims, of
/// which the first `lanes` are lanes.
bool isCommon(mlir::AffineMap map, mlir::BlockArgument value, int64_t lanes, int64_t sharedDims);

/// What a warp keeps of each step for all its lanes, in the order of the region: of `reads`, which they read
/// alike, and of what is computed from these alone, the last that others need. Only the reads, as numbers,
/// where that is less.
llvm::SmallVector<mlir::Value> commonValues(mlir::Block &body,
                                            llvm::ArrayRef<mlir::BlockArgument> reads);

/// The share of every value in the region of a kernel, and what passes between its threads.
class Shares {
public:
  Shares(mlir::Block &body, llvm::ArrayRef<bool> readVariesWithTime);
  explicit Shares(KernelInterface kernel);

  Share of(mlir::Value value) const { return shares.lookup(value); }
  /// What the owner hands to the others before they advance the states.
  llvm::ArrayRef<mlir::Value> getHanded() const { return handed.getArrayRef(); }
  /// What the threads merge after that.
  llvm::ArrayRef<ReduceOp> getReadouts() const { return readouts; }
  /// Numbers that a state enters and the owner needs afterwards.
  llvm::ArrayRef<mlir::Value> getKept() const { return kept.getArrayRef(); }
  /// Why the register dimension cannot be spread, or nothing when it can.
  const std::optional<std::string> &getObstacle() const { return obstacle; }

private:
  void run(mlir::Block &body, llvm::ArrayRef<bool> readVariesWithTime);
  Share shareOf(mlir::Operation &op) const;
  void passOn(mlir::Operation &op);

  llvm::DenseMap<mlir::Value, Share> shares;
  llvm::SmallSetVector<mlir::Value, 4> handed, kept;
  llvm::SmallVector<ReduceOp> readouts;
  std::optional<std::string> obstacle;
};

} // namespace scanc::plan

#endif // SCANC_DIALECTS_PLAN_SHARES_H
