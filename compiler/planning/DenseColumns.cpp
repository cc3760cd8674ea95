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

/// How the columns of a block are walked: `shape` of the template but for its numbers of columns and steps.
struct Walk {
  int64_t parts;
  bool staged, products;

  /// Rows of a thread.
  int64_t rows(const Matrix &matrix) const {
    return products ? 4 * llvm::divideCeil(matrix.size, 16) : llvm::divideCeil(matrix.size, parts);
  }
  /// Bytes of a matrix, whose rows begin in different banks.
  int64_t slotBytes(const Matrix &matrix) const {
    int64_t pitch = products ? 16 * (llvm::divideCeil(matrix.size, 16) | 1) * bytesOf(matrix.element)
                             : 16 * (llvm::divideCeil(matrix.size * bytesOf(matrix.element), 16) | 1);
    return rows(matrix) * parts * pitch;
  }
};

/// Size of the template's dense_columns_storage.
int64_t sharedBytes(const Matrix &matrix, Walk walk, plan::PolicyAttr policy) {
  constexpr int64_t line = 128, number = 4;
  bool exchanges = walk.parts > 1 && walk.parts < matrix.size;
  int64_t piece = 16 / bytesOf(matrix.element);
  int64_t height = number * (llvm::alignTo(matrix.size, piece) + 4);
  int64_t columns = walk.products ? number : (exchanges ? 2 * policy.getLaneThreads() : 1) * height;
  int64_t inputs = walk.staged ? policy.getRing() * walk.rows(matrix) * policy.getThreads() : 1;
  return llvm::alignTo(llvm::alignTo(policy.getRing() * walk.slotBytes(matrix), line) + columns + number * inputs,
                       line);
}

/// 32-bit registers of a thread: its rows in three forms and inputs in two, addresses of what it
/// copies of a matrix. No smaller than what ptxas needs without spilling in any example.
int64_t registers(const Matrix &matrix, Walk walk, plan::PolicyAttr policy) {
  int64_t rows = walk.rows(matrix);
  int64_t pieces = matrix.size * matrix.width * bytesOf(matrix.element) / 16;
  int64_t copies = llvm::divideCeil(pieces, policy.getThreads());
  int64_t inputs = (walk.staged ? 1 : 2) * policy.getSteps();
  return std::min<int64_t>(255, (walk.products ? 60 : 132) + rows * ((walk.products ? 8 : 3) + inputs) + 4 * copies);
}

plan::PolicyAttr policyOf(const Mapping &mapping, const Matrix &matrix, const Target &target, const Sizes &sizes,
                          const Columns &lanes, Walk walk) {
  int64_t parts = walk.parts;
  // Whole warps; as many columns as there are, as far as the loads of a block hide each other.
  int64_t columns = 128 / parts;
  auto blocks = [&] { return lanes.sequences * std::ceil(lanes.columns / static_cast<double>(columns)); };
  // Staged, two rows of a thread want two warps, which share what the block copies.
  bool pairs = walk.staged && !walk.products && walk.rows(matrix) > 1;
  // A block for each multiprocessor, nearly, where its columns share what it copies with least waiting.
  double wanted = static_cast<double>(target.multiprocessors) * (walk.products || walk.staged ? 0.75 : 1);
  auto tooMany = [&] { return columns / 2 >= lanes.columns || blocks() < wanted; };
  // Every block copies all matrices: only few bytes for a single warp.
  int64_t slot = walk.slotBytes(matrix), least = slot <= 2 << 10 && !pairs ? 32 : 64;
  while (columns / 2 * parts >= least && tooMany())
    columns /= 2;
  columns = tuned(mapping, "lane_threads", columns);
  int64_t rows = walk.rows(matrix);
  // As many inputs ahead as registers hold, products in the text as compile in little time, and two groups of
  // matrices. Where a multiprocessor has one block, staged, all of its matrices may be on their way at once.
  bool alone = walk.staged && !walk.products && blocks() <= static_cast<double>(target.multiprocessors);
  constexpr int64_t mostInputs = 32, mostProducts = 1024;
  int64_t bytesAhead = alone ? 96 << 10 : 32 << 10, mostSteps = walk.products && walk.staged ? 4 : 16;
  int64_t mostRing = alone ? std::clamp<int64_t>(static_cast<int64_t>(stepCount(mapping, sizes)), 16, 64) : 16;
  int64_t steps = std::min({mostInputs / rows, mostProducts / (rows * matrix.size), bytesAhead / (2 * slot)});
  steps = llvm::bit_floor<uint64_t>(
      std::clamp<int64_t>(steps, 1, rows == 1 || pairs ? mostSteps : std::min<int64_t>(8, mostSteps)));
  auto policy = [&](int64_t ring) {
    return plan::PolicyAttr::get(mapping.op.getContext(), mapping.walk, columns, parts, /*lanes=*/1,
                                 steps, ring, /*runs=*/1, /*blocks=*/1);
  };
  int64_t staged = walk.staged ? 4 * rows * columns * parts : 0;
  int64_t room = (target.sharedPerBlock - sharedBytes(matrix, walk, policy(0))) / (slot + staged);
  steps = std::clamp<int64_t>(tuned(mapping, "steps", steps), 1, std::max<int64_t>(1, room / 2));
  int64_t ring = std::min(tuned(mapping, "ring", std::min(bytesAhead / slot, mostRing)), room);
  ring = steps * std::max<int64_t>(2, ring / steps);
  return withBlocks(mapping, policy(ring), target, registers(matrix, walk, policy(ring)));
}

/// Matrices that are read number by number leave no registers for the addresses of many inputs.
plan::PolicyAttr withFewSteps(plan::PolicyAttr policy) {
  int64_t steps = std::min<int64_t>(2, policy.getSteps());
  return policy.with({.steps = steps, .ring = policy.getRing() / steps * steps});
}

/// The longest of three: what memory, the work of a multiprocessor and the steps one after another take.
double seconds(const Mapping &mapping, const Matrix &matrix, const Target &target,
               const Sizes &sizes, Walk walk, plan::PolicyAttr policy) {
  // Measured on an H200 (bench/results/h200-dense.md): of a step, and of each product of a thread;
  // cycles in which a warp is given 16 bytes of shared memory per thread, and the share that is reached;
  // of products in f64, the same of 16 x 16 numbers, and of a scheduler.
  constexpr double stepLatency = 85e-9, stagedLatency = 52e-9, productLatency = 1.5e-9, streamed = 0.92;
  // A shuffle is as long as a read.
  constexpr double cyclesOfRead = 4, readsReached = 0.87, warp = 32;
  // Bytes of matrices that all blocks read through the L2, which steps of one row a thread, or staged, do not hide.
  constexpr double throughL2 = 5e12;
  constexpr double tensorLatency = 40e-9, blockLatency = 90e-9, blockTime = 175e-9;
  Columns lanes(mapping, sizes);
  int64_t parts = policy.getTimeThreads(), rows = walk.rows(matrix);
  double blocks = lanes.sequences * std::ceil(lanes.columns / static_cast<double>(policy.getLaneThreads()));
  double resident = static_cast<double>(target.multiprocessors * policy.getBlocks());
  double steps = stepCount(mapping, sizes);
  double reads = static_cast<double>(matrix.width * bytesOf(matrix.element)) / 16 * rows +
                 (parts == 1 ? 0 : static_cast<double>(matrix.size) / (rows == 1 ? 1 : 4));
  double warps = std::max(1.0, blocks * policy.getThreads() / warp / target.multiprocessors);
  double busy = reads * cyclesOfRead * warps / (target.clock() * readsReached);
  double latency = (walk.staged ? stagedLatency : stepLatency) +
                   productLatency * static_cast<double>(rows * matrix.size);
  if (walk.products) {
    double numbers = static_cast<double>(rows * rows) / 16; // 16 x 16 at a time
    busy = blockTime * numbers * warps / Target::schedulers;
    latency = tensorLatency + blockLatency * numbers;
  }
  double waves = std::max(1.0, std::ceil(blocks / resident));
  double copied = parts > 1 && (rows == 1 || walk.staged) && !walk.products
                      ? blocks * steps * static_cast<double>(matrix.size * matrix.width * bytesOf(matrix.element))
                      : 0;
  return target.launchOverhead + copied / throughL2 +
         std::max({compulsoryBytes(mapping, sizes) / (target.bandwidth * streamed), steps * busy,
                   waves * steps * latency});
}

/// How columns can be walked, under what is pinned.
SmallVector<Walk> walksOf(const Mapping &mapping, const Matrix &matrix, const Target &target) {
  constexpr int64_t warp = 32, mostThreads = 1024, mostProducts = 64;
  SmallVector<Walk> walks;
  bool copied = copiesBias(mapping);
  for (bool products : {false, true})
    for (bool staged : {products, !products}) // the first of equals is taken
      for (int64_t parts : {1, 2, 4, 8, 16}) {
        bool fits = products ? parts == 4 && matrix.size >= 4 && matrix.size <= mostProducts
                             : parts <= matrix.size && llvm::divideCeil(matrix.size, parts) <= mostRows;
        // Staged, a thread of many rows waits for the port of shared memory; two rows of 16 were measured.
        constexpr int64_t rowsOfPairs = 16;
        bool isPairs = 2 * parts == matrix.size && matrix.size == rowsOfPairs;
        bool wanted = !staged || products || parts == matrix.size || isPairs;
        int64_t threads = tuned(mapping, "lane_threads", warp) * parts;
        if (fits && (copied || !staged) && tuned(mapping, "staged", staged && wanted) == staged &&
            tuned(mapping, "products", products && target.f64Products) == products &&
            tuned(mapping, "time_threads", parts) == parts && threads % warp == 0 && threads <= mostThreads)
          walks.push_back({parts, staged, products});
      }
  return walks;
}

} // namespace

bool sharesMatrix(const Mapping &mapping, const Target &target) {
  if (sharedLanes(mapping) == 0 || declinesTerms(mapping))
    return false;
  Matrix matrix(mapping);
  constexpr int64_t mostParts = 16, states = 32 << 10; // beside two matrices
  Walk most{mostParts, /*staged=*/false, /*products=*/false};
  return matrix.size <= mostRows * mostParts && 2 * most.slotBytes(matrix) + states <= target.sharedPerBlock;
}

std::optional<std::string> declinesDenseColumns(const Mapping &mapping, const Target &target) {
  Matrix matrix(mapping);
  if (walksOf(mapping, matrix, target).empty())
    return llvm::formatv("a column of {0} rows wants time_threads of 1, 2, 4, 8 or 16, no more than rows, "
                         "{1} rows each at most, and whole warps of lane_threads x time_threads, 1024 threads at "
                         "most; with products, 4 of them and at most 64 rows; staged, inputs that are read as "
                         "they lie, in f32",
                         matrix.size, mostRows)
        .str();
  return std::nullopt;
}

Knobs knobsOfDenseColumns() {
  return {{"lane_threads", {2, 4, 8, 16, 32, 64, 128}},
          {"time_threads", {1, 2, 4, 8, 16}},
          {"steps", {1, 2, 4, 8}},
          {"ring", {4, 8, 16, 64}}};
}

/// The cheapest of the ways to walk columns.
static std::pair<Walk, plan::PolicyAttr> chooseWalk(const Mapping &mapping, const Matrix &matrix,
                                                    const Target &target, const Sizes &sizes) {
  Columns lanes(mapping, sizes);
  std::pair<Walk, plan::PolicyAttr> chosen;
  double best = HUGE_VAL;
  for (Walk walk : walksOf(mapping, matrix, target)) {
    plan::PolicyAttr policy = policyOf(mapping, matrix, target, sizes, lanes, walk);
    // Of pairs of rows, blocks that share a multiprocessor hold each other up.
    bool isCrowded = lanes.sequences * std::ceil(lanes.columns / static_cast<double>(policy.getLaneThreads())) >
                     static_cast<double>(target.multiprocessors);
    if (walk.staged && !walk.products && walk.rows(matrix) > 1 && isCrowded && tuned(mapping, "staged", 0) == 0 &&
        best < HUGE_VAL)
      continue;
    if (double time = seconds(mapping, matrix, target, sizes, walk, policy); time < best) {
      best = time;
      chosen = {walk, policy};
    }
  }
  return chosen;
}

KernelChoice chooseDenseColumns(const Mapping &mapping, const Target &target, const Sizes &sizes) {
  Matrix matrix(mapping);
  Columns lanes(mapping, sizes);
  KernelChoice choice;
  choice.kernel = "dense_columns";
  choice.element = matrix.element;
  choice.sharedDims = lanes.dims;
  auto [walk, policy] = chooseWalk(mapping, matrix, target, sizes);
  choice.wide = policy;
  choice.staged = walk.staged;
  choice.tensorCores = walk.products;
  choice.groupsOfWarp = choice.wide.getLaneThreads();
  choice.parts = choice.wide.getTimeThreads();
  choice.rows = llvm::divideCeil(matrix.size, choice.parts);
  choice.general = withFewSteps(choice.wide);
  if (matrix.size * bytesOf(matrix.element) % 16 != 0)
    choice.wide = choice.general;
  choice.wideShared = sharedBytes(matrix, walk, choice.wide);
  choice.generalShared = sharedBytes(matrix, walk, choice.general);
  return choice;
}

Cost costOfDenseColumns(const Mapping &mapping, const Target &target, const Sizes &sizes, Cost cost) {
  Matrix matrix(mapping);
  cost.flops = flopsOf(mapping, matrix, sizes);
  auto [walk, policy] = chooseWalk(mapping, matrix, target, sizes);
  cost.registersPerThread = registers(matrix, walk, policy);
  cost.errorBound = errorBound(mapping, "in the order of time");
  cost.seconds = seconds(mapping, matrix, target, sizes, walk, policy);
  return cost;
}

} // namespace scanc::planning
