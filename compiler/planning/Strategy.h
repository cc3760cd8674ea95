//===- Strategy.h - What the planner asks of a strategy ---------*- C++ -*-===//
#ifndef SCANC_COMPILER_PLANNING_STRATEGY_H
#define SCANC_COMPILER_PLANNING_STRATEGY_H

#include "compiler/planning/Kernels.h"
#include "compiler/planning/Target.h"
#include "mlir/IR/Builders.h"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace scanc::planning {

/// What a strategy would cost on a target, at given sizes.
struct Cost {
  double seconds = 0;
  double bytes = 0;      ///< through device memory
  double flops = 0;
  int64_t workspaceBytes = 0;
  int64_t registersPerThread = 0; ///< 32-bit, estimated
  int64_t sharedBytes = 0;        ///< per block
  int64_t mostSharedBytes = 0;    ///< the same of its hungriest variant
  bool deterministic = true;
  std::string errorBound;         ///< in words
  plan::PolicyAttr policy;        ///< of the variant that contiguous operands take; null where no lane is walked
  std::string shape;              ///< what is no policy, in words; stands before it
  bool copiesMatrices = false;    ///< whether a thread copies whole matrices, by maps that the launch makes
  bool overlaps = false;          ///< whether launches begin as the one before them ends, which they await themselves
  bool elementwise = false;       ///< whether that moves elements of 4 bytes at most one by one
};

/// A field of a policy that may be set, and the values that tuning tries.
struct Knob {
  llvm::StringRef field;
  llvm::SmallVector<int64_t, 8> values;
};
using Knobs = llvm::SmallVector<Knob, 6>;

/// A way to compute a recurrence. One file per strategy; the planner, `explain`, the diagnostics
/// and the tuner ask the same questions.
class Strategy {
public:
  virtual ~Strategy() = default;
  /// As in the table of strategies: "sequential", "blelloch", …
  virtual llvm::StringRef name() const = 0;
  /// Whether others compute the states: what all of them decline is declined.
  virtual bool delegates() const { return false; }
  /// Whether an initial state is read by the thread that writes the final one, before it does, so that both may lie in
  /// one tensor.
  virtual bool updatesInPlace() const { return false; }
  /// Why this strategy cannot compute the recurrence, or nothing when it can.
  virtual std::optional<std::string> declines(const Mapping &, const Target &) const = 0;
  /// Whether the pin @pin(value) is kept: here by IEEE arithmetic in the types of the states.
  virtual bool honours(const Mapping &, llvm::StringRef pin, llvm::StringRef value) const {
    return pin == "precision" && value == "ieee";
  }
  /// What it computes in, for whoever pinned something else.
  virtual std::string arithmetic(const Mapping &) const {
    return "IEEE arithmetic in the types of the states";
  }
  /// Requires that it does not decline. `sizes` holds every size name of the recurrence.
  virtual Cost cost(const Mapping &, const Target &, const Sizes &sizes) const = 0;
  /// What of its policy may be varied: values worth a try, not all of which go together. Requires that
  /// it does not decline.
  virtual Knobs knobs(const Mapping &, const Target &) const = 0;
  /// Appends the kernels at the builder's place. Requires that it does not decline.
  virtual void lower(const Mapping &, const Target &, const Sizes &sizes,
                     mlir::OpBuilder &) const = 0;
};

/// A strategy of one kernel, whose op has the strategy's name.
class KernelStrategy : public Strategy {
public:
  void lower(const Mapping &, const Target &, const Sizes &sizes, mlir::OpBuilder &) const override;

protected:
  virtual KernelChoice choose(const Mapping &, const Target &, const Sizes &sizes) const = 0;
  /// What follows from the choice and the recurrence alone: policy, shared memory, bytes that move.
  static Cost costOf(const Mapping &, const KernelChoice &, const Sizes &sizes);
};

/// Every strategy, in the order of the documentation.
const std::vector<std::unique_ptr<Strategy>> &allStrategies();

std::unique_ptr<Strategy> createSequential();
std::unique_ptr<Strategy> createBlelloch();
std::unique_ptr<Strategy> createLookBack();
std::unique_ptr<Strategy> createMatmulScan();
std::unique_ptr<Strategy> createCyclicReduction();
std::unique_ptr<Strategy> createChunkwise();
std::unique_ptr<Strategy> createProjection();
std::unique_ptr<Strategy> createFission();

/// The bound on the error in words; `order` says in which one steps are composed.
std::string errorBound(const Mapping &, llvm::StringRef order);

/// What every strategy for elementwise transitions declines alike: other structures, element types,
/// register dimensions of unknown size. One reason, the first that applies.
std::optional<std::string> declinesElementwise(const Mapping &);

/// What strategies decline whose threads exchange nothing behind the states.
std::optional<std::string> declinesReducedLanes(const Mapping &);

/// The part of that which every strategy declines: element types, register dimensions of unknown size.
std::optional<std::string> declinesData(const Mapping &);

/// The tensor that `reason` declines, else the recurrence.
mlir::Location placeOfDecline(const Mapping &, llvm::StringRef reason);

/// What is declined of a block of `threads` threads: where time has segments, a warp looks for them.
std::optional<std::string> declinesBlock(const Mapping &, int64_t threads);

/// What strategies that compose the maps of steps decline: states that are rounded at every step, and
/// more numbers of state than a thread can hold the maps of.
std::optional<std::string> declinesReassociation(const Mapping &);

} // namespace scanc::planning

#endif // SCANC_COMPILER_PLANNING_STRATEGY_H
