//===- DenseColumns.cpp - A block walks lanes that share their matrices ---===//
#include "compiler/planning/Matrix.h"
#include "compiler/planning/Tuning.h"

#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/MathExtras.h"

#include <algorithm>
#include <cmath>

using namespace mlir;

namespace scanc::planning {

namespace {

/// Rows of a thread: its state and its sums, and what a step adds, are in registers.
constexpr int64_t mostRows = 16;

/// How the lanes of a recurrence lie: `columns` of each sequence share its matrices.
struct Columns {
  Columns(const Mapping &mapping, const Sizes &sizes)
      : dims(sharedLanes(mapping)), columns(laneCount(mapping, sizes, dims)),
        sequences(columns > 0 ? laneCount(mapping, sizes) / columns : 0) {}

  int64_t dims;
  double columns, sequences;
};

/// 16 bytes of a row: how many of them it has.
int64_t piecesOf(const Matrix &matrix) { return llvm::divideCeil(matrix.size * bytesOf(matrix.element), 16); }

int64_t slotBytes(const Matrix &matrix, int64_t parts) {
  return llvm::alignTo(matrix.size, parts) * 16 * (piecesOf(matrix) | 1); // rows begin in different banks
}

/// Size of the template's dense_columns_storage.
int64_t sharedBytes(const Matrix &matrix, plan::PolicyAttr policy) {
  constexpr int64_t line = 128;
  int64_t parts = policy.getTimeThreads();
  bool exchanges = parts > 1 && parts < matrix.size;
  int64_t height = 4 * (piecesOf(matrix) * 16 / bytesOf(matrix.element) + 4);
  return llvm::alignTo(llvm::alignTo(policy.getRing() * slotBytes(matrix, parts), line) +
                           (exchanges ? 2 * policy.getLaneThreads() : 1) * height,
                       line);
}

/// 32-bit registers of a thread: its rows in three forms and inputs in two, addresses of what it
/// copies of a matrix. No smaller than what ptxas needs without spilling in any example.
int64_t registers(const Matrix &matrix, plan::PolicyAttr policy) {
  int64_t rows = llvm::divideCeil(matrix.size, policy.getTimeThreads());
  int64_t pieces = matrix.size * matrix.width * bytesOf(matrix.element) / 16;
  int64_t copies = llvm::divideCeil(pieces, policy.getThreads());
  return std::min<int64_t>(255, 132 + rows * (3 + 2 * policy.getSteps()) + 4 * copies);
}

plan::PolicyAttr policyOf(const Mapping &mapping, const Matrix &matrix, const Target &target,
                          const Columns &lanes, int64_t parts) {
  // Whole warps; as many columns as there are, as far as the loads of a block hide each other.
  int64_t columns = 128 / parts;
  auto tooMany = [&] { // or too few blocks for every multiprocessor
    return columns / 2 >= lanes.columns ||
           lanes.sequences * std::ceil(lanes.columns / columns) < target.multiprocessors;
  };
  // Every block copies all matrices: only few bytes for a single warp.
  int64_t slot = slotBytes(matrix, parts), least = slot <= 2 << 10 ? 32 : 64;
  while (columns / 2 * parts >= least && tooMany())
    columns /= 2;
  columns = tuned(mapping, "lane_threads", columns);
  int64_t rows = llvm::divideCeil(matrix.size, parts);
  // As many inputs ahead as registers hold, products in the text as compile in little time, and two groups of
  // matrices.
  constexpr int64_t mostInputs = 32, mostProducts = 1024, bytesAhead = 32 << 10, most = 16;
  int64_t steps = std::min({mostInputs / rows, mostProducts / (rows * matrix.size), bytesAhead / (2 * slot)});
  steps = llvm::bit_floor<uint64_t>(std::clamp<int64_t>(steps, 1, rows == 1 ? most : most / 2));
  auto policy = [&](int64_t ring) {
    return plan::PolicyAttr::get(mapping.op.getContext(), mapping.walk, columns, parts, /*lanes=*/1,
                                 steps, ring, /*runs=*/1, /*blocks=*/1);
  };
  int64_t room = (target.sharedPerBlock - sharedBytes(matrix, policy(0))) / slot;
  steps = std::clamp<int64_t>(tuned(mapping, "steps", steps), 1, room / 2);
  int64_t ring = std::min(tuned(mapping, "ring", std::min(bytesAhead / slot, most)), room);
  ring = steps * std::max<int64_t>(2, ring / steps);
  return withBlocks(mapping, policy(ring), target, registers(matrix, policy(ring)));
}

/// Matrices that are read number by number leave no registers for the addresses of many inputs.
plan::PolicyAttr withFewSteps(plan::PolicyAttr policy) {
  int64_t steps = std::min<int64_t>(2, policy.getSteps());
  return policy.with({.steps = steps, .ring = policy.getRing() / steps * steps});
}

/// The longest of three: what memory, the reads of shared memory and the steps one after another take.
double seconds(const Mapping &mapping, const Matrix &matrix, const Target &target,
               const Sizes &sizes, plan::PolicyAttr policy) {
  // Measured on an H200 (bench/results/h200-dense.md): of a step, and of each product of a thread;
  // cycles in which a warp is given 16 bytes of shared memory per thread, and the share that is reached.
  constexpr double stepLatency = 85e-9, productLatency = 1.5e-9, streamed = 0.92;
  constexpr double cyclesOfRead = 4, readsReached = 0.87, warp = 32;
  Columns lanes(mapping, sizes);
  int64_t parts = policy.getTimeThreads(), rows = llvm::divideCeil(matrix.size, parts);
  double blocks = lanes.sequences * std::ceil(lanes.columns / policy.getLaneThreads());
  double resident = static_cast<double>(target.multiprocessors * policy.getBlocks());
  double steps = stepCount(mapping, sizes);
  double reads = static_cast<double>(matrix.width * bytesOf(matrix.element)) / 16 * rows +
                 (parts > 1 ? static_cast<double>(matrix.size) / 4 : 0); // as long as shuffles take
  double warps = blocks * policy.getThreads() / warp / target.multiprocessors;
  double shared = steps * reads * cyclesOfRead * std::max(1.0, warps) / (target.clock() * readsReached);
  double walk = std::max(1.0, std::ceil(blocks / resident)) * steps *
                (stepLatency + productLatency * static_cast<double>(rows * matrix.size));
  return target.launchOverhead +
         std::max({compulsoryBytes(mapping, sizes) / (target.bandwidth * streamed), shared, walk});
}

/// How many threads may share a column, under what is pinned.
SmallVector<int64_t> partCounts(const Mapping &mapping, const Matrix &matrix) {
  constexpr int64_t warp = 32, mostThreads = 1024;
  SmallVector<int64_t> counts;
  for (int64_t parts : {1, 2, 4, 8, 16})
    if (int64_t threads = tuned(mapping, "lane_threads", warp) * parts;
        parts <= matrix.size && llvm::divideCeil(matrix.size, parts) <= mostRows &&
        tuned(mapping, "time_threads", parts) == parts && threads % warp == 0 && threads <= mostThreads)
      counts.push_back(parts);
  return counts;
}

} // namespace

bool sharesMatrix(const Mapping &mapping, const Target &target) {
  if (sharedLanes(mapping) == 0 || declinesTerms(mapping))
    return false;
  Matrix matrix(mapping);
  constexpr int64_t mostParts = 16, states = 32 << 10; // beside two matrices
  return matrix.size <= mostRows * mostParts &&
         2 * slotBytes(matrix, mostParts) + states <= target.sharedPerBlock;
}

std::optional<std::string> declinesDenseColumns(const Mapping &mapping) {
  Matrix matrix(mapping);
  if (partCounts(mapping, matrix).empty())
    return llvm::formatv("a column of {0} rows wants time_threads of 1, 2, 4, 8 or 16, no more than rows, "
                         "{1} rows each at most, and whole warps of lane_threads x time_threads, 1024 threads at most",
                         matrix.size, mostRows)
        .str();
  return std::nullopt;
}

Knobs knobsOfDenseColumns() {
  return {{"lane_threads", {2, 4, 8, 16, 32, 64, 128}},
          {"time_threads", {1, 2, 4, 8, 16}},
          {"steps", {1, 2, 4, 8}},
          {"ring", {4, 8, 16}}};
}

KernelChoice chooseDenseColumns(const Mapping &mapping, const Target &target, const Sizes &sizes) {
  Matrix matrix(mapping);
  Columns lanes(mapping, sizes);
  KernelChoice choice;
  choice.kernel = "dense_columns";
  choice.element = matrix.element;
  choice.sharedDims = lanes.dims;
  double best = HUGE_VAL;
  for (int64_t parts : partCounts(mapping, matrix)) {
    plan::PolicyAttr policy = policyOf(mapping, matrix, target, lanes, parts);
    if (double time = seconds(mapping, matrix, target, sizes, policy); time < best) {
      best = time;
      choice.wide = policy;
    }
  }
  choice.groupsOfWarp = choice.wide.getLaneThreads();
  choice.parts = choice.wide.getTimeThreads();
  choice.rows = llvm::divideCeil(matrix.size, choice.parts);
  choice.general = withFewSteps(choice.wide);
  if (matrix.size * bytesOf(matrix.element) % 16 != 0)
    choice.wide = choice.general;
  choice.wideShared = sharedBytes(matrix, choice.wide);
  choice.generalShared = sharedBytes(matrix, choice.general);
  return choice;
}

Cost costOfDenseColumns(const Mapping &mapping, const Target &target, const Sizes &sizes, Cost cost) {
  Matrix matrix(mapping);
  cost.flops = flopsOf(mapping, matrix, sizes);
  cost.registersPerThread = registers(matrix, cost.policy);
  cost.errorBound = errorBound(mapping, "in the order of time");
  cost.seconds = seconds(mapping, matrix, target, sizes, cost.policy);
  return cost;
}

} // namespace scanc::planning
