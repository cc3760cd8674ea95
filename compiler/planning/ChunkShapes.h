//===- ChunkShapes.h - Blocks that walk chunks of steps, and what they take ---===//
#ifndef SCANC_COMPILER_PLANNING_CHUNKSHAPES_H
#define SCANC_COMPILER_PLANNING_CHUNKSHAPES_H

#include "compiler/planning/ChunkForm.h"
#include "compiler/planning/Kernels.h"
#include "compiler/planning/Matrix.h"

#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/MathExtras.h"

#include <algorithm>

namespace scanc::planning::chunkwise {

inline constexpr int64_t chunkSteps = 64, groupColumns = 64, groupThreads = 128, mostGroups = 2;

/// What the kernel knows of a recurrence that has the form.
struct Chunks : OuterProducts {
  using OuterProducts::OuterProducts;

  /// Rows as they are padded.
  int64_t paddedRows() const { return llvm::alignTo(rows, 64); }
  int64_t blocksOfLane(int64_t groups) const { return llvm::divideCeil(columns, groupColumns * groups); }
  /// Of one of what decays of rows are computed from.
  int64_t decayBytes() const {
    return form.decayInput ? form.decayInput.getType().getIntOrFloatBitWidth() / 8 : 4;
  }
  /// Inputs that are rows of earlier steps.
  double windowedRows() const;
  /// Sums over rows of inputs: of those that are computed of earlier steps, for which a lane computes all numbers of a row, or of the
  /// others.
  double sums(bool windowed) const;
  /// Whether chunk_factors makes what a chunk brings, or chunk_inverses the inverses alone.
  bool bringsFactors() const { return form.decaysRows && form.strength; }
  /// Whether each place of a step reads the state once.
  bool readsOnce() const { return form.decaysRows && form.readsInPlaces(); }
  /// Panels of 64 rows of what corrections read the state by, where that is another vector than the key.
  int64_t readerPanels() const { return form.readsApart() && !readsOnce() ? paddedRows() / groupColumns : 0; }
  /// Formula: the sizes of all lanes, each times what follows.
  std::string lanes() const {
    std::string lanes;
    for (int64_t lane : mapping.lanes)
      lanes += extent(lane) + " * ";
    return lanes;
  }
  /// What a step of time is in chunks: one for each of its corrections. Formula: all.
  int64_t parts() const { return static_cast<int64_t>(form.earlier.size()) + 1; }
  std::string steps() const {
    std::string time = extent(mapping.time);
    return parts() == 1 ? time : llvm::formatv("{0} * {1}", parts(), time).str();
  }
  /// Formula: chunks of all lanes, at most, as each segment may begin one.
  std::string count() const {
    std::string ofTime = llvm::formatv("ceildiv({0}, {1})", steps(), chunkSteps);
    return lanes() + (mapping.segment < 0 ? ofTime : "(" + ofTime + " + " + extent(mapping.segment) + ")");
  }
  /// Formula: runs of segments, of which blocks of one lane have one each.
  std::string runs(int64_t groups, const Target &target) const;
  scan::DimAttr dim(int64_t i) const { return scan::RecurrenceInterface(mapping.op).getDim(i); }
  std::string extent(int64_t i) const { return dim(i).getExtent().str(); }
};

/// Bytes that the launch before leaves of a chunk, and of shared memory that it takes.
int64_t recordBytes(const Chunks &chunks);
int64_t sharedBytesOfRecords(const Chunks &chunks);
/// Size of the template's chunkwise_storage.
int64_t sharedBytes(const Chunks &chunks, int64_t groups, int64_t ring, int64_t readers = 0);

/// Groups of 128 threads, each of 64 columns, and slots of the ring. Readers are groups that read out what the others
/// carry, each a chunk; `blocks` fit a multiprocessor by their registers.
struct Shape {
  int64_t groups, ring, readers = 0, blocks = 1;

  int64_t threads() const { return (groups + readers) * groupThreads; }
  /// Whether whole matrices may be copied: panels are full, and time is walked from its beginning. Two groups that carry without a
  /// correction start copies no later by themselves, and take no longer.
  bool copiesMatrices(const Chunks &chunks) const {
    return readers > 0 && (chunks.form.strength || groups == 1) && chunks.parts() == 1 && chunks.rows % groupColumns == 0 &&
           chunks.columns % (groups * groupColumns) == 0 && !scan::RecurrenceInterface(chunks.mapping.op).getReverse();
  }
  int64_t sharedBytes(const Chunks &chunks) const { return chunkwise::sharedBytes(chunks, groups, ring, readers); }
  /// Blocks on a multiprocessor: by their registers, as many groups as a block has at most.
  int64_t resident(const Chunks &chunks, const Target &target) const {
    return std::clamp<int64_t>(target.sharedPerBlock / sharedBytes(chunks), 1, mostGroups / groups);
  }
};

/// Those with groups that read out what others carry.
llvm::SmallVector<Shape> relaysOf(const Chunks &chunks, const Target &target);

/// Where lanes are too few for a device, blocks share the time of each: a span of chunks each. What all spans but the last
/// make of a state is computed before by chunk_states, by blocks that each have a part of a span and a group of threads for each
/// 64 columns, or one for all and one for the transition's columns where that is a matrix. Where that is one, or spans have
/// parts, chunk_entries makes of these the states that enter spans. Where launches may run beside each other, the first span is
/// walked meanwhile (first_spans, by the kernel itself): there is one more, and states of all but the first and the last are made.
struct Spans {
  /// Chunks that a span has at least, for what its state costs.
  static constexpr int64_t leastChunks = 8;
  static bool isFirstApart(const Chunks &chunks, const Target &target) {
    return chunks.form.strength && target.dependentLaunches;
  }
  /// Blocks of a lane that are worth it, where a chunk of the transition costs as much as one of the state, or spans share a
  /// multiprocessor.
  static int64_t least(const Chunks &chunks, Shape shape) { return chunks.form.strength || shape.blocks > 1 ? 3 : 2; }

  Spans(const Chunks &chunks, Shape shape, const Target &target);

  /// In order. Columns that a matrix corrects go through all spans by blocks of 16, two copies of which are shown to the block in
  /// two elements for each number; the others by threads of four numbers.
  llvm::SmallVector<LaunchChoice> launches(const Chunks &chunks, Shape shape) const;
  /// Formula: bytes that they leave, of each block of chunk_states its threads' numbers and decays.
  std::string bytes() const;
  /// Blocks that walk a lane, at some sizes.
  static double at(const Chunks &chunks, Shape shape, const Target &target, double lanes, double walked);

  int64_t panels, told, groups, parts; ///< told: 64 columns each, of states and of transitions; parts: of a span
  int64_t shared = 0, resident = 1;    ///< of blocks of chunk_states, on a multiprocessor by their registers
  /// Formulas: blocks without spans, those that walk a lane, those that make states, those that walk first spans.
  std::string blocks, count, others, first;
  bool pays = false;
};

/// Whether a block has all columns, where results are made of sums over these.
bool hasRows(const Chunks &chunks, int64_t groups);

/// Those that fit, most groups and longest rings first; what tuning asks for alone.
llvm::SmallVector<Shape> shapesOf(const Chunks &chunks, const Target &target);

/// The lanes and their chunks that a kernel of some shape walks.
struct Walked {
  double lanes, chunks, parts = 1; ///< parts: of a lane's chunks, by blocks each

  Walked(const Chunks &of, const Target &target, const Sizes &sizes, Shape shape);
};

/// Seconds of the kernels that walk over chunks, without the launch of the last.
double walkSeconds(const Chunks &chunks, Shape shape, const Target &target, const Walked &walked);

/// The fastest; of equal ones the one that reads the least.
Shape shapeOf(const Chunks &chunks, const Target &target, const Sizes &sizes);

} // namespace scanc::planning::chunkwise

#endif // SCANC_COMPILER_PLANNING_CHUNKSHAPES_H
