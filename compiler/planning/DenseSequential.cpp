//===- DenseSequential.cpp - A block walks the whole of time for one lane -===//
#include "compiler/planning/Matrix.h"
#include "compiler/planning/Tuning.h"

#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/MathExtras.h"

#include <algorithm>
#include <cmath>

using namespace mlir;

namespace scanc::planning {

/// Rows of the largest matrix, and bytes of one: a quarter is in the registers of a thread, twice.
static constexpr int64_t sizeLimit = 256, rowLimit = 768;

std::optional<std::string> declinesDenseSequential(const Mapping &mapping) {
  Matrix matrix(mapping);
  int64_t limit = std::min(sizeLimit, rowLimit / bytesOf(matrix.element));
  if (matrix.size > limit)
    return llvm::formatv("a matrix of {0} rows, kept as {1}: at most {2} are supported",
                         matrix.size, matrix.element, limit)
        .str();
  return std::nullopt;
}

/// Rows of a thread: two share what they read of the state, while both fit registers, as they are
/// multiplied and as they are taken.
static int64_t rowsOf(const Matrix &matrix) {
  return matrix.size > 16 && matrix.width * bytesOf(matrix.element) <= 256 ? 2 : 1;
}

KernelChoice chooseDenseSequential(const Mapping &mapping, const Target &target,
                                   const Sizes &sizes) {
  Matrix matrix(mapping);
  KernelChoice choice;
  choice.kernel = "dense_sequential";
  choice.element = matrix.element;
  // A thread reads whole pieces of 16 bytes, and holds its numbers in f32 beside those on their
  // way.
  int64_t pieces = matrix.width * bytesOf(matrix.element) / 16;
  choice.parts = pieces < 4 ? 2 : 4;
  choice.rows = rowsOf(matrix);
  // The whole matrix in one panel, as far as 256 threads and two panels in shared memory allow.
  int64_t threads =
      std::min<int64_t>(256, llvm::alignTo(matrix.size * choice.parts / choice.rows, 32));
  auto panel = [&] { return threads / choice.parts * choice.rows; };
  auto sharedBytes = [&](int64_t ring) {
    return matrix.ringBytes(ring, panel(), matrix.inputBytes, threads);
  };
  while (threads > 32 && sharedBytes(2) > target.sharedPerBlock)
    threads = llvm::alignTo(threads / 2, 32);
  int64_t resident = laneCount(mapping, sizes) > target.multiprocessors && threads <= 128 ? 2 : 1;
  // Measured on an H200 (bench/results/h200-dense.md): 16 matrices of 8 kB, 12 in each of two
  // blocks, 24 of 2 kB.
  constexpr int64_t bytesAhead = 136 << 10, most = 24;
  int64_t budget = std::min(bytesAhead, target.sharedPerBlock / resident);
  int64_t ring = most;
  while (ring > 2 && sharedBytes(ring) > budget)
    --ring;
  ring = std::clamp<int64_t>(tuned(mapping, "ring", ring), 2, ring);
  choice.wide =
      plan::PolicyAttr::get(mapping.op.getContext(), mapping.walk, /*lane_threads=*/1, threads,
                            /*lanes=*/1, /*steps=*/1, ring, /*runs=*/1, resident);
  choice.general = choice.wide;
  choice.wideShared = sharedBytes(ring);
  choice.generalShared = choice.wideShared;
  return choice;
}

Cost costOfDenseSequential(const Mapping &mapping, const Target &target, const Sizes &sizes,
                           Cost cost) {
  // Measured on an H200 (bench/results/h200-dense.md): 163 ns a step of 64 rows, its barrier and
  // its products; the share of the bandwidth that is reached.
  constexpr double barrierLatency = 90e-9, productLatency = 18e-12, streamed = 0.87;
  Matrix matrix(mapping);
  double lanes = laneCount(mapping, sizes), steps = stepCount(mapping, sizes);
  double products = static_cast<double>(matrix.size) * static_cast<double>(matrix.size);
  cost.flops = flopsOf(mapping, matrix, sizes);
  // Of a thread: its numbers, those on their way in halves, as many of the state.
  int64_t ofRow = matrix.width / 4, rows = rowsOf(matrix);
  cost.registersPerThread = std::min<int64_t>(
      255, 48 + ofRow * rows + ofRow * rows * bytesOf(matrix.element) / 4 + ofRow);
  cost.errorBound = errorBound(mapping, "in the order of time");
  double waves = std::max(1.0, std::ceil(lanes / static_cast<double>(target.multiprocessors *
                                                                     cost.policy.getBlocks())));
  double latency = waves * steps * (barrierLatency + products * productLatency);
  cost.seconds = target.launchOverhead + std::max({cost.bytes / (target.bandwidth * streamed),
                                                   latency, cost.flops / target.flops});
  return cost;
}

} // namespace scanc::planning
