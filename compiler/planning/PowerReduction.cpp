//===- PowerReduction.cpp - Blocks share time under one matrix ------------===//
#include "compiler/planning/MatrixChunks.h"
#include "compiler/planning/Tuning.h"

#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/MathExtras.h"

#include <algorithm>
#include <cmath>

using namespace mlir;
using llvm::formatv;

namespace scanc::planning {

bool hasOneMatrix(const Mapping &mapping) { return !Matrix(mapping).varies; }

/// Size of the template's power_reduction_storage: what its parts need one after another, then what they share.
static int64_t sharedBytes(const Matrix &matrix, int64_t threads, int64_t ring) {
  int64_t vectors = 2 * matrix.numberBytes * (matrix.width + threads);
  int64_t squares = 2 * 4 * matrix.width * (matrix.width + 4);
  int64_t inputs = llvm::alignTo(ring * std::max<int64_t>(1, matrix.inputBytes), 16);
  int64_t own = llvm::alignTo(inputs + vectors, 16);
  int64_t told = ring * 4 * matrix.width + vectors;
  int64_t common = llvm::alignTo(4 * matrix.width + 8 + threads / 32 * 4, 16);
  return std::max({squares, own, told}) + common;
}

std::optional<std::string> declinesPowers(const Mapping &mapping, const Target &target) {
  if (auto reason = declinesMatrix(mapping))
    return reason;
  if (auto reason = declinesTerms(mapping))
    return reason;
  constexpr int64_t sizeLimit = 128;
  Matrix matrix(mapping);
  if (matrix.size > sizeLimit)
    return formatv("a matrix of {0} rows: powers of at most {1} are supported", matrix.size, sizeLimit)
        .str();
  if (auto reason = declinesDenseSequential(mapping, target))
    return reason;
  if (!chooseDenseSequential(mapping, target, {}).resident)
    return std::string("a matrix that threads do not keep");
  if (int64_t steps = tuned(mapping, "steps", 1); !llvm::isPowerOf2_64(steps))
    return formatv("chunks of {0} steps, which is no power of two", steps).str();
  return std::nullopt;
}

Knobs knobsOfPowers() { return {{"steps", {16, 32, 64, 128, 256}}, {"ring", {4, 8, 16}}}; }

/// Seconds of a step of a walk, and of a product of the matrix with itself.
static double stepSeconds(const Matrix &matrix) {
  // Measured on an H200 (bench/results/h200-dense.md), as are the constants below.
  constexpr double barrierLatency = 85e-9, productLatency = 10.6e-12;
  return barrierLatency + productLatency * static_cast<double>(matrix.size * matrix.size);
}
static double squareSeconds(const Matrix &matrix, int64_t threads, const Target &target) {
  // Cycles for 4 terms of a tile of 4 x 8 numbers: for each warp of a scheduler, and of one alone.
  constexpr double issue = 150, alone = 210, warp = 32;
  auto width = static_cast<double>(matrix.width), all = static_cast<double>(threads);
  double turns = std::ceil(width * width / 32 / all);
  double beside = std::ceil(all / warp / Target::schedulers);
  return width / 4 * turns * std::max(alone, issue * beside) / target.clock();
}

/// Seconds with chunks of `chunk` steps: the end of each while the power is made, the states, the steps.
static double secondsWith(const Mapping &mapping, const Target &target, const Sizes &sizes, int64_t chunk,
                          int64_t threads) {
  Matrix matrix(mapping);
  double steps = stepCount(mapping, sizes), step = stepSeconds(matrix);
  auto own = static_cast<double>(chunk);
  double chunks = std::max(1.0, std::ceil(steps / own));
  double power = std::log2(own) * squareSeconds(matrix, threads, target);
  double waves = std::ceil(laneCount(mapping, sizes) * (chunks + 1) /
                           static_cast<double>(target.multiprocessors));
  // Tickets and flags, and the rows of the matrix three times.
  double hearing = 6e-6 + 2e-9 * static_cast<double>(matrix.size * matrix.size);
  return hearing + waves * (std::max(power, own * step) + (chunks - 1) * step + own * step);
}

KernelChoice choosePowers(const Mapping &mapping, const Target &target, const Sizes &sizes) {
  Matrix matrix(mapping);
  KernelChoice choice = chooseDenseSequential(mapping, target, sizes);
  choice.kernel = "power_reduction";
  choice.splitsMatrix = false;
  choice.element = matrix.element;
  int64_t threads = choice.wide.getTimeThreads();
  constexpr int64_t least = 16, most = 1024, ahead = 8;
  int64_t chunk = least;
  for (int64_t other = least; other <= most; other *= 2)
    if (secondsWith(mapping, target, sizes, other, threads) <
        secondsWith(mapping, target, sizes, chunk, threads))
      chunk = other;
  chunk = tuned(mapping, "steps", chunk);
  int64_t ring = std::max<int64_t>(2, tuned(mapping, "ring", ahead));
  while (ring > 2 && sharedBytes(matrix, threads, ring) > target.sharedPerBlock)
    ring /= 2;
  choice.wide = plan::PolicyAttr::get(mapping.op.getContext(), mapping.walk, /*lane_threads=*/1, threads,
                                      /*lanes=*/1, chunk, ring, /*runs=*/1, /*blocks=*/1);
  choice.general = choice.wide;
  choice.wideShared = sharedBytes(matrix, threads, ring);
  choice.generalShared = choice.wideShared;
  ChunkCounts counts = countChunks(mapping, choice);
  choice.tiles = formatv("(1 + max(1, {0}))", counts.chunks);
  choice.workspace = formatv("128 + {0}{1} * 4", counts.lanes, choice.tiles);
  choice.scratch =
      formatv("{0}({1} + max(1, {2})) * {3}", counts.lanes, matrix.width, counts.chunks, 4 * matrix.width);
  return choice;
}

Cost costOfPowers(const Mapping &mapping, const Target &target, const Sizes &sizes,
                  const KernelChoice &choice, Cost cost) {
  Matrix matrix(mapping);
  double lanes = laneCount(mapping, sizes), chunks = chunkCount(mapping, choice, sizes);
  auto size = static_cast<double>(matrix.size);
  double products = std::log2(static_cast<double>(choice.wide.getSteps())) * 2 * size * size * size;
  cost.flops = 2 * flopsOf(mapping, matrix, sizes) + lanes * products;
  cost.registersPerThread = 160;
  cost.errorBound = errorBound(mapping, "in any order of composition");
  cost.workspaceBytes = static_cast<int64_t>(lanes * (static_cast<double>(matrix.width) + chunks)) *
                        matrix.width * 4;
  double seconds = secondsWith(mapping, target, sizes, choice.wide.getSteps(), choice.wide.getTimeThreads());
  cost.seconds = target.launchOverhead + std::max(seconds, cost.bytes / target.bandwidth);
  return cost;
}

} // namespace scanc::planning
