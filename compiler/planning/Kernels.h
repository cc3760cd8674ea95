//===- Kernels.h - What the kernels of all strategies share -----*- C++ -*-===//
#ifndef SCANC_COMPILER_PLANNING_KERNELS_H
#define SCANC_COMPILER_PLANNING_KERNELS_H

#include "compiler/planning/Mapping.h"
#include "compiler/planning/Target.h"
#include "mlir/IR/Builders.h"

namespace scanc::planning {

struct ChunkForm;

/// A kernel that runs before another.
struct LaunchChoice {
  std::string kernel; ///< device template
  int64_t threads = 0;
  std::string grid; ///< formula
  int64_t shared = 0;
  int64_t blocks = 1; ///< of a multiprocessor, by their registers
};

/// How one kernel op is to be run: a policy whose accesses are as wide as they can be, one that
/// needs nothing, and how a block covers the lanes.
struct KernelChoice {
  plan::PolicyAttr wide;    ///< needs aligned, contiguous accesses
  plan::PolicyAttr general; ///< `lanes` = 1
  plan::PolicyAttr shifted; ///< needs contiguous rows of one phase; null: as `wide`
  plan::PolicyAttr phased;  ///< needs contiguous rows that begin anywhere; null or without a ring: there is none
  int64_t wideShared = 0;   ///< bytes of shared memory per block
  int64_t generalShared = 0;
  int64_t shiftedShared = 0;
  int64_t phasedShared = 0;
  std::string tiles;     ///< formula: tiles of time that blocks share out; empty: a block walks all
  int64_t walkers = 0;   ///< with a ring: blocks that take tile after tile; 0: a block for each tile
  std::string workspace; ///< formula: bytes that must be zero at launch; empty: none
  std::string scratch;   ///< formula: bytes beside them that nobody has written; empty: none
  int64_t sharedDims = 0; ///< innermost lane dims of which a warp or block has lanes of one row; 0: of any
  int64_t groupsOfWarp = 8; ///< lane groups of such a warp or block, where no threads share a state
  std::string kernel;     ///< the op, where a strategy has several; empty: of the strategy's name
  int64_t rows = 0;       ///< of a matrix, for one thread; 0: gains are elementwise
  int64_t parts = 0;      ///< threads that share a row
  mlir::Type element;     ///< of a matrix, or of factors, in shared memory; null: there are none
  bool splitsMatrix = false; ///< whether factors of a whole row stand beside it: see SplitMatrix
  bool resident = false;  ///< whether threads keep their rows of it
  int64_t terms = 0;      ///< elements for a number of a product of matrices; 0: there are none
  int64_t told = 0;       ///< maps of other blocks on their way beside own steps; 0: in the same memory
  bool staged = false;    ///< inputs of columns come through shared memory
  bool tensorCores = false; ///< columns are multiplied in f64 on the tensor cores
  bool prefixes = false;  ///< the product of all matrices up to each step is written
  llvm::SmallVector<LaunchChoice, 1> before; ///< in order
  const ChunkForm *chunks = nullptr; ///< where outer products are summed up
  bool copiesMatrices = false; ///< their factors come 64 steps and columns at a time where they lie so, by maps that the launch makes
  bool statesInVectors = false; ///< initial and final states move in vectors where they can
  std::string products;   ///< what factors of products are rounded to; empty: there are none
};

/// How many adjacent elements one access of `policy` can move: along the lanes or the steps that a
/// thread holds, or along a register dimension that is innermost in memory. 1 unless `wide`. `map`
/// is over the kernel's dims; `common`: all lanes of a warp read alike (plan::isCommon).
int64_t accessWidth(const Mapping &, mlir::AffineMap map, mlir::Type element, plan::PolicyAttr,
                    bool wide, bool common = false);

/// Elements that a thread holds of an access: the steps, lanes and register points in `map`, which is
/// over the kernel's dims. What the lanes of a warp read alike lies in all its threads: see `sharedDims`.
int64_t tileElements(const Mapping &, mlir::AffineMap map, plan::PolicyAttr, int64_t sharedDims = 0);

/// Calls `visit(map over the kernel's dims, element type, rows)` for every read but those whose rows another brings; of a tile
/// it has `rows` where it varies with time.
void forEachBrought(const Mapping &, plan::PolicyAttr,
                    llvm::function_ref<void(mlir::AffineMap, mlir::Type, int64_t)> visit);

/// Bytes of one slot of the ring under `policy`: see `slot` in the emitted text.
int64_t slotBytes(const Mapping &, plan::PolicyAttr);

/// Share of the bytes that threads read at every step which no neighbouring lane reads too.
double ownShare(const Mapping &, plan::PolicyAttr);

/// `policy` with as many resident blocks as a multiprocessor of `target` has registers and threads for,
/// at `registers` 32-bit registers a thread.
plan::PolicyAttr withBlocks(const Mapping &, plan::PolicyAttr policy, const Target &target,
                            int64_t registers);

/// `policy` with as many tiles in its ring as `budget` bytes of shared memory hold, or with none where
/// two do not fit or an access is narrower than a copy can be (4 bytes).
plan::PolicyAttr withRing(const Mapping &, plan::PolicyAttr policy, bool wide, int64_t budget);

/// `policy` where warps hold strips of rows that begin at any phase; it wants a ring. Null where nothing is
/// gained, lanes being one by one anyway, or where an access or the kernel has no strips.
plan::PolicyAttr withStrips(const Mapping &, plan::PolicyAttr policy);

/// Creates the kernel op called `opName` ("plan.sequential", …) with its accesses, its body and its
/// variants: wide, shifted, phased and general accesses, 32-bit offsets where they are proven at launch
/// and 64-bit ones otherwise.
void createKernel(const Mapping &, const KernelChoice &, llvm::StringRef opName,
                  mlir::OpBuilder &);

/// The variant that a launch on contiguous, aligned operands of `sizes` takes.
plan::VariantAttr variantAt(const Mapping &, const KernelChoice &, const Sizes &sizes);
/// Whether an access of the variant moves several elements.
bool hasVectors(plan::VariantAttr variant);

/// Bytes that every correct kernel must move: each tensor read or written once.
double compulsoryBytes(const Mapping &, const Sizes &sizes);

/// Floating-point operations, and among them exponentials and the like, over the whole recurrence.
struct Work {
  double flops = 0;
  double special = 0;
};
Work countWork(const Mapping &, const Sizes &sizes);
/// The same of one step of one lane, without what is computed for each of its points.
Work countAlone(const Mapping &, const Sizes &sizes);
/// The same of what is computed for points once for a row of the `sharedDims` innermost lanes.
Work countCommon(const Mapping &, const Sizes &sizes, int64_t sharedDims);

/// Operations that the text of a step of one lane has: each point of a register dimension stands for itself there.
/// Requires that these dimensions are bound.
double textOfStep(const Mapping &);
/// Whether a tile of so many lanes and steps has more text than is worth its compilation, and than caches of
/// instructions hold.
bool hasLongText(const Mapping &, int64_t lanes, int64_t steps);
/// What a tile waits for its text that no cache of instructions holds, in seconds; 0 where one does.
double slowText(const Mapping &, const Target &, plan::PolicyAttr);

/// Calls `visit(numbers per lane, bytes of one as it is computed)` for every state.
void forEachState(const Mapping &, llvm::function_ref<void(int64_t, int64_t)> visit);

/// The size of a dimension: a number, a bound name or an assumed one.
double sizeNamed(const Sizes &sizes, scan::DimAttr dim);
/// The innermost lane dimensions over which no transition varies: how many there are.
int64_t sharedLanes(const Mapping &);

/// Product of the sizes of all lanes.
double laneCount(const Mapping &, const Sizes &sizes);
/// The same of the `dims` innermost ones.
double laneCount(const Mapping &, const Sizes &sizes, int64_t dims);
double stepCount(const Mapping &, const Sizes &sizes);

/// Bytes of the largest element that is read or written at every step.
int64_t widestElement(const Mapping &);

/// Adjacent lanes of a thread whose widest elements, or numbers of a state, are 16 bytes, of at least 4
/// each.
int64_t lanesOfVector(const Mapping &);

/// 32-bit registers that the raw tile of one thread takes under a policy.
int64_t tileRegisters(const Mapping &, plan::PolicyAttr, int64_t sharedDims = 0);

} // namespace scanc::planning

#endif // SCANC_COMPILER_PLANNING_KERNELS_H
