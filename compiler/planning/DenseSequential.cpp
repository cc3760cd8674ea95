//===- DenseSequential.cpp - A block walks the whole of time for one lane -===//
#include "compiler/planning/Matrix.h"
#include "compiler/planning/Tuning.h"

#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/MathExtras.h"

#include <algorithm>
#include <cmath>

using namespace mlir;

namespace scanc::planning {

/// Rows of the largest matrix, and bytes of one of which a quarter is in the registers of a thread, twice.
static constexpr int64_t sizeLimit = 256, heldBytes = 768;

/// How a matrix lies with the threads of its block.
namespace {
struct Layout {
  Layout(const Mapping &mapping, const Target &target);

  int64_t panel() const { return threads / parts * rows; }
  /// Numbers of a matrix, and of the state, of one thread.
  int64_t ofRow() const { return matrix.width / parts; }
  /// Size of the template's dense_sequential_storage.
  int64_t sharedBytes(int64_t ring) const;
  int64_t registers() const;

  Matrix matrix;
  bool resident;   ///< threads keep their rows
  bool inRegisters; ///< those of a resident matrix: `dense_kept` of the template
  int64_t parts, rows, threads;
};
} // namespace

Layout::Layout(const Mapping &mapping, const Target &target)
    : matrix(mapping, /*split=*/true) {
  int64_t bytes = matrix.width * bytesOf(matrix.element);
  // A thread reads whole pieces of 16 bytes.
  parts = bytes < 4 * 16 ? 2 : 4;
  // Two rows share what they read of the state. Those on their way are in registers twice.
  constexpr int64_t mostKept = 64, mostThreads = 256, mostResident = 512;
  bool several = matrix.size > 16;
  rows = several ? 2 : 1;
  inRegisters = !matrix.varies && rows * ofRow() * matrix.numberBytes / 4 <= mostKept;
  // In shared memory, there must be room for the rest.
  constexpr int64_t rest = 48 << 10;
  threads = llvm::alignTo(llvm::divideCeil(matrix.size, rows) * parts, 32);
  resident = !matrix.varies && threads <= mostResident &&
             (inRegisters || panel() * bytes + rest <= target.sharedPerBlock);
  if (resident)
    return;
  inRegisters = false;
  rows = several && bytes <= 256 ? 2 : 1;
  // The whole matrix in one panel, as far as threads and two panels in shared memory allow.
  threads = std::min<int64_t>(mostThreads, llvm::alignTo(matrix.size * parts / rows, 32));
  while (threads > 32 && sharedBytes(2) > target.sharedPerBlock)
    threads = llvm::alignTo(threads / 2, 32);
}

int64_t Layout::sharedBytes(int64_t ring) const {
  int64_t slots = resident ? !inRegisters : ring;
  int64_t inputs = (ring + (matrix.readsOut ? 2 : 0)) * std::max<int64_t>(1, matrix.inputBytes);
  int64_t landing = slots * panel() * matrix.width * bytesOf(matrix.element) + inputs;
  return llvm::alignTo(llvm::alignTo(landing, 16) +
                           2 * matrix.numberBytes * (matrix.width + threads),
                       slots > 0 ? matrix.ringAlignment() : 16);
}

/// Of a thread: its numbers, those on their way as elements, as many of the state.
int64_t Layout::registers() const {
  int64_t words = matrix.numberBytes / 4;
  bool held = !resident && matrix.width * bytesOf(matrix.element) <= heldBytes;
  int64_t numbers = inRegisters || held ? (rows + 1) * ofRow() * words : 48;
  int64_t packed = held ? ofRow() * rows * bytesOf(matrix.element) / 4 : 0;
  return std::min<int64_t>(255, 48 + numbers + packed);
}

std::optional<std::string> declinesDenseSequential(const Mapping &mapping, const Target &target) {
  Layout layout(mapping, target);
  if (layout.matrix.size > sizeLimit)
    return llvm::formatv("a matrix of {0} rows: at most {1} are supported", layout.matrix.size,
                         sizeLimit)
        .str();
  if (int64_t least = layout.sharedBytes(2); least > target.sharedPerBlock)
    return llvm::formatv("{0} bytes of shared memory for what two steps read, {1} are there", least,
                         target.sharedPerBlock)
        .str();
  return std::nullopt;
}

bool keepsMatrix(const Mapping &mapping, const Target &target) {
  bool pinned = false;
  for (StringRef field : {"lane_threads", "time_threads", "steps"})
    pinned |= tuned(mapping, field, 0) != 0;
  return !pinned && !declinesDenseSequential(mapping, target) && Layout(mapping, target).resident;
}

Knobs knobsOfDenseSequential() { return {{"ring", {2, 4, 6, 8, 12, 16, 24}}}; }

KernelChoice chooseDenseSequential(const Mapping &mapping, const Target &target,
                                   const Sizes &sizes) {
  Layout layout(mapping, target);
  KernelChoice choice;
  choice.kernel = "dense_sequential";
  choice.splitsMatrix = true;
  choice.element = layout.matrix.element;
  choice.resident = layout.resident;
  choice.parts = layout.parts;
  choice.rows = layout.rows;
  double lanes = laneCount(mapping, sizes);
  int64_t blocks = lanes > target.multiprocessors && layout.threads <= 128 ? 2 : 1;
  if (layout.resident) {
    // Blocks hide each other's barriers, as many as there are lanes for.
    constexpr int64_t most = 8;
    int64_t fit = std::min(target.registersPerMultiprocessor / (layout.threads * layout.registers()),
                           target.sharedPerBlock / layout.sharedBytes(2));
    auto wanted = static_cast<int64_t>(std::ceil(lanes / static_cast<double>(target.multiprocessors)));
    blocks = std::clamp<int64_t>(std::min(fit, wanted), 1, most);
  }
  // Measured on an H200 (bench/results/h200-dense.md): 16 matrices of 8 kB, 12 in each of two
  // blocks, 24 of 2 kB. Of inputs alone, 8 steps of 200 ns each hide the latency of memory.
  constexpr int64_t bytesAhead = 136 << 10, mostAhead = 24, inputsAhead = 8;
  int64_t budget = std::min(bytesAhead, target.sharedPerBlock / blocks);
  int64_t ring = layout.resident ? inputsAhead : mostAhead;
  while (ring > 2 && layout.sharedBytes(ring) > budget)
    --ring;
  ring = std::clamp<int64_t>(tuned(mapping, "ring", ring), 2, ring);
  choice.wide =
      plan::PolicyAttr::get(mapping.op.getContext(), mapping.walk, /*lane_threads=*/1,
                            layout.threads, /*lanes=*/1, /*steps=*/1, ring, /*runs=*/1, blocks);
  choice.general = choice.wide;
  choice.wideShared = layout.sharedBytes(ring);
  choice.generalShared = choice.wideShared;
  return choice;
}

/// Cycles of a scheduler for each product of a warp: multiplied and added at once in the real ring, added
/// and compared in two, at half of the rate; the exponentials of the log semiring have a quarter of the
/// lanes, beside six other operations. Counted in the machine code, not measured.
static double cyclesOfProduct(scan::Ring ring) {
  switch (ring) {
  case scan::Ring::Real:
    return 1;
  case scan::Ring::MaxPlus:
  case scan::Ring::MinPlus:
    return 3;
  case scan::Ring::Log:
    return 15;
  }
  llvm_unreachable("every ring is listed");
}

Cost costOfDenseSequential(const Mapping &mapping, const Target &target, const Sizes &sizes,
                           Cost cost) {
  // Measured on an H200 (bench/results/h200-dense.md): a step of 16 to 128 rows, its barrier and
  // its products; the share of the bandwidth that is reached.
  constexpr double barrierLatency = 67e-9, productLatency = 25e-12, streamed = 0.87;
  Layout layout(mapping, target);
  double lanes = laneCount(mapping, sizes), steps = stepCount(mapping, sizes);
  double products = static_cast<double>(layout.matrix.size) * static_cast<double>(layout.matrix.size);
  cost.flops = flopsOf(mapping, layout.matrix, sizes);
  cost.registersPerThread = layout.registers();
  cost.errorBound = errorBound(mapping, "in the order of time");
  auto advance = *mapping.op.getBody().getOps<scan::AdvanceOp>().begin();
  double cycles = cyclesOfProduct(advance.getRing());
  double waves = std::max(1.0, std::ceil(lanes / static_cast<double>(target.multiprocessors *
                                                                     cost.policy.getBlocks())));
  double latency = waves * steps * (barrierLatency + products * cycles * productLatency);
  // What a multiprocessor issues for a step: its products, and 45 instructions of each warp beside them,
  // counted in the machine code.
  constexpr double warp = 32, schedulers = 4, issued = 0.7, beside = 45;
  double issue = lanes * steps * (products * cycles / warp +
                                  static_cast<double>(layout.threads) / warp * beside) /
                 (schedulers * issued * static_cast<double>(target.multiprocessors) *
                  target.clock());
  cost.seconds = target.launchOverhead + std::max({cost.bytes / (target.bandwidth * streamed),
                                                   latency, issue, cost.flops / target.flops});
  return cost;
}

} // namespace scanc::planning
