//===- Accesses.h - Reads and writes of a kernel as loops over arrays -*- C++ -*-===//
#ifndef SCANC_COMPILER_EMISSION_ACCESSES_H
#define SCANC_COMPILER_EMISSION_ACCESSES_H

#include "compiler/emission/CodeWriter.h"
#include "compiler/emission/Expressions.h"
#include "dialects/plan/PlanOps.h"

#include <string>
#include <vector>

namespace scanc::emission {

/// One access of a kernel, ready to print: which array holds it, in which order of dimensions, and
/// how its address is formed.
///
/// The array's dimensions are the steps, the adjacent lanes and the register dimensions that the
/// access depends on; the one along which memory is contiguous comes last, so that a vector access
/// fills the innermost dimension. Where the register dimension is spread over threads, a thread has
/// its points of all steps, or its steps where there is no such dimension. Of a read that all lanes of
/// a warp have alike it has its points of the steps that it reads for them.
class AccessText {
public:
  enum class Axis { step, lane, index };
  /// From global memory to registers, back, from global memory to a slot of the ring, from there to
  /// registers.
  enum class Move { load, store, fetch, take };
  struct Dimension {
    Axis axis;
    int64_t extent;
    unsigned result;       ///< dimension of the parameter that it walks
    int64_t kernelDim;
  };

  AccessText(plan::KernelInterface kernel, plan::AccessAttr access, mlir::Type element,
             std::string member, plan::PolicyAttr policy, int64_t width, bool common = false);

  /// Whether all lanes of a warp read alike.
  bool isCommon() const { return common; }
  bool variesWithTime() const { return timeResult >= 0; }
  /// Steps that a window reads back, of the first row that it brings.
  int64_t getDelay() const { return delay; }
  /// Makes it bring `rows` of earlier steps for other reads, too.
  void bringMore(int64_t rows);
  /// Makes it one of those: its rows are those of `bringer`, from `first` on.
  void readRowsOf(const AccessText &bringer, int64_t first);
  /// Whether another read brings its rows.
  bool isBrought() const { return brought; }
  /// Whether one access moves adjacent steps.
  bool isAlongTime() const {
    return width > 1 && !dimensions.empty() && dimensions.back().axis == Axis::step;
  }
  /// Whether a warp moves strips of its rows, which begin at any phase.
  bool isInStrips() const;
  /// "bf16, 128, 8": elements, lanes and steps of its strips.
  std::string stripShape() const;
  /// The row of step 0, elements from one row to the next, lanes that exist.
  std::string source() const;
  /// How many steps of a lane come before the first that begins a vector, as memory lies: see
  /// `head` in templates/README.md.
  std::string head() const;
  /// `row<bf16, 2> f[8];`, packed as loaded, or `bf16 y[8][2];`.
  std::string declaration(bool packed) const;
  /// The element of lane `l`, step `v`, register point `indices` (over this access's register dims
  /// in the kernel's order): "f[v][l]".
  std::string element(const Indices &indices) const;
  /// The parameter's data, `args.f.data`.
  std::string data() const { return "args." + parameter + ".data"; }
  /// The member of `lane` that holds the element offset of the first lane at time 0.
  const std::string &getMember() const { return member; }
  /// `coordinate * stride + …` over the lane dims, for `lane::enter`; "0" when there is none.
  std::string base() const;
  /// `alignas(16) row<bf16, 2> f[8][128];`: a cell of the ring for each row and each of `threads`.
  std::string cells(int64_t threads) const;
  /// Prints the loops that move the array. Time-invariant reads are loaded as a whole; whole tiles are
  /// fetched and taken, rows in strips for a whole warp.
  void printMove(CodeWriter &writer, Move move) const;
  /// Offset of lane `l` and register point `indices`, in `segment` where there are segments:
  /// initial and final states.
  std::string pointOffset(const Indices &indices) const;
  /// Offset at `step` of register point `indices`, where a thread has no adjacent lanes.
  std::string stepOffset(const Indices &indices) const;
  int64_t getWidth() const { return width; }

  const std::vector<Dimension> &getDimensions() const { return dimensions; }

private:
  std::string stride(unsigned result) const;
  int64_t parts() const { return policy.getStateThreads(); }
  bool isOwned() const;
  /// Which steps of a tile a thread has: number i is `every * i + first`.
  struct Turns {
    int64_t count, every;
    bool even;         ///< whether every thread has as many, all of them of the tile
    std::string first; ///< empty: 0
    std::string step(const std::string &i) const;
  };
  Turns turns() const;
  std::string offsetOf(const Indices &indices, bool adjacentLanes) const;
  std::string openLoop(CodeWriter &writer, const Dimension &dim, int64_t count,
                       unsigned depth) const;
  void printTake(CodeWriter &writer) const;
  void printStripsMove(CodeWriter &writer, Move move) const;
  std::string rowOf(const std::string &step) const;
  std::string rowStride() const;
  std::string laneIndex(const std::string &lane = "l") const;
  void printCall(CodeWriter &writer, Move move, bool alongTime, const std::string &array,
                 const std::string &first, const std::string &place,
                 const std::string &guard) const;

  mutable plan::KernelInterface kernel; // MLIR's accessors are not const
  mlir::AffineMap map;
  std::string parameter, member, elementName;
  plan::PolicyAttr policy;
  int64_t width;
  bool common;
  int64_t timeResult = -1; ///< dimension of the parameter that is time
  int64_t delay = 0;
  int64_t ahead = 0;    ///< rows of its array before that of step 0
  bool brought = false;
  int64_t segmentResult = -1; ///< dimension of the parameter that is the segment
  std::vector<Dimension> dimensions;
};

/// The condition under which lane `l` of a thread exists; empty where all do.
std::string guardOfLane(plan::PolicyAttr policy, llvm::StringRef lane = "l");

/// The condition under which point `index` of the share that one of `parts` threads has of `size`
/// points exists; empty where all do.
std::string guardOfPoint(llvm::StringRef index, int64_t size, int64_t parts);

} // namespace scanc::emission

#endif // SCANC_COMPILER_EMISSION_ACCESSES_H
