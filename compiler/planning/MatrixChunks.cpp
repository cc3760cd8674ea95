//===- MatrixChunks.cpp - Blocks share the time of a lane -----------------===//
#include "compiler/planning/MatrixChunks.h"
#include "compiler/planning/Pins.h"
#include "compiler/planning/Tuning.h"

#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/MathExtras.h"

#include <algorithm>
#include <cmath>

using namespace mlir;
using llvm::formatv;

namespace scanc::planning {

// Measured on an H200 (bench/results/h200-dense.md), as are the rates below: seconds of a step, and
// to hear of the chunks before it, with the clearing of flags.
static constexpr double stepLatency = 100e-9, waiting = 10e-6;
static constexpr int64_t leastRing = 3;

int64_t termsOfProducts(const Mapping &mapping) {
  StringRef precision = pinnedValue(mapping.op, "precision");
  return precision == "f16" || precision == "bf16" ? 1 : 2;
}

bool honoursProducts(const Mapping &mapping, StringRef pin, StringRef value) {
  if (pin != "precision")
    return false;
  return Matrix(mapping).element.isF16() ? value == "f16" : value == "bf16" || value == "bf16x3";
}

static std::string products(const Mapping &mapping) {
  bool isHalf = Matrix(mapping).element.isF16();
  return formatv("{0}{1}", termsOfProducts(mapping) > 1 ? "two parts of " : "",
                 isHalf ? "f16" : "bf16");
}

std::string arithmeticOfProducts(const Mapping &mapping) {
  return formatv("products of {0} on the tensor cores", products(mapping)).str();
}

static StringRef errorOfProducts(const Mapping &mapping) {
  bool isHalf = Matrix(mapping).element.isF16();
  if (termsOfProducts(mapping) > 1)
    return isHalf ? "2^-18" : "2^-17";
  return isHalf ? "2^-11" : "2^-8";
}

int64_t mapBytes(const Matrix &matrix, int64_t terms) {
  return llvm::alignTo(terms * matrix.width * matrix.width * bytesOf(matrix.element) +
                           4 * matrix.width + 16,
                       128);
}

int64_t prefixBytes(const Matrix &matrix, int64_t terms) {
  return llvm::alignTo(
      terms * matrix.width * matrix.width * bytesOf(matrix.element) + matrix.width / 4, 128);
}

/// Of a product and the sum that it comes from, in both terms; of a step's walk.
static int64_t registers(const Matrix &matrix, int64_t terms) {
  return std::min<int64_t>(255, 48 + matrix.width / 2 + matrix.width / 4 * terms);
}

/// Slots for own steps, and for maps of other blocks beside them; 0: in the same memory.
struct Rings {
  int64_t own, told = 0;
};

/// Size of the template's chunk_storage: a ring of either kind, then what all share.
static int64_t sharedBytes(const Mapping &mapping, Rings rings) {
  Matrix matrix(mapping);
  int64_t terms = termsOfProducts(mapping), threads = 2 * matrix.width;
  auto toldBytes = [&](int64_t slots) {
    return matrix.ringBytes(slots, terms * matrix.width, 4 * matrix.width + 16, threads);
  };
  int64_t own = matrix.ringBytes(rings.own, matrix.width, matrix.inputBytes, threads);
  int64_t both = rings.told > 0
                     ? own + toldBytes(rings.told)
                     : std::max(own, toldBytes(std::max(leastRing, rings.own / terms)));
  return both + llvm::alignTo(4 * matrix.width + matrix.width / 4 + 12, matrix.ringAlignment());
}

/// Rings of a block that has `room` bytes of shared memory to itself: a third of it for maps of
/// others. Nothing where own steps would have fewer slots than `usual`.
static std::optional<Rings> ringsBeside(const Mapping &mapping, int64_t usual, int64_t chunk,
                                        int64_t room) {
  // Further ahead nothing is gained; maps of others are waited for until all of a ring are ordered.
  constexpr int64_t most = 24, mostTold = 8;
  Rings rings{usual, leastRing};
  if (sharedBytes(mapping, rings) > room)
    return std::nullopt;
  while (rings.told < mostTold && sharedBytes(mapping, {leastRing, rings.told + 1}) <= room / 3)
    ++rings.told;
  while (rings.own < std::min(most, chunk) &&
         sharedBytes(mapping, {rings.own + 1, rings.told}) <= room)
    ++rings.own;
  return rings;
}

std::optional<std::string> declinesChunks(const Mapping &mapping, const Target &target) {
  if (auto reason = declinesMatrix(mapping))
    return reason;
  if (auto reason = declinesTerms(mapping))
    return reason;
  Matrix matrix(mapping);
  if (!matrix.element.isF16() && !matrix.element.isBF16())
    return formatv("a matrix kept as {0}: products are of f16 or bf16", matrix.element).str();
  constexpr int64_t sizeLimit = 128;
  if (matrix.size > sizeLimit)
    return formatv("a matrix of {0} rows: products of at most {1} are supported", matrix.size,
                   sizeLimit)
        .str();
  constexpr int64_t groupLimit = 31; // bits of a word, of which one says more
  if (tuned(mapping, "runs", 1) > groupLimit)
    return formatv("groups of more than {0} chunks", groupLimit).str();
  if (int64_t least = sharedBytes(mapping, {leastRing}); least > target.sharedPerBlock)
    return formatv("{0} bytes of shared memory for three matrices on their way, {1} are there",
                   least, target.sharedPerBlock)
        .str();
  return std::nullopt;
}

Knobs knobsOfChunks() {
  return {{"steps", {16, 32, 64, 128, 256}},
          {"ring", {3, 6, 12}},
          {"runs", {4, 8, 16}},
          {"blocks", {1, 2, 4, 8}}};
}

ChunkCounts countChunks(const Mapping &mapping, const KernelChoice &choice) {
  scan::RecurrenceInterface loop = mapping.op;
  StringRef time = loop.getDim(mapping.time).getExtent().getValue();
  int64_t chunk = choice.wide.getSteps();
  ChunkCounts counts;
  counts.chunks = formatv("ceildiv({0}, {1})", time, chunk);
  counts.groups = formatv("ceildiv({0}, {1})", time, chunk * choice.wide.getRuns());
  for (int64_t lane : mapping.lanes)
    counts.lanes += loop.getDim(lane).getExtent().str() + " * ";
  return counts;
}

KernelChoice chooseChunks(const Mapping &mapping, const Target &target, const Sizes &sizes,
                          bool walks) {
  Matrix matrix(mapping);
  KernelChoice choice;
  choice.element = matrix.element;
  choice.terms = termsOfProducts(mapping);
  // A row in two parts is quicker, but takes more registers than two terms leave.
  bool parted = matrix.width == 64 || (matrix.width > 64 && choice.terms > 1);
  choice.rows = parted ? 2 : 1;
  choice.parts = 2 * choice.rows;
  int64_t threads = 2 * matrix.width;
  // Measured on an H200 (bench/results/h200-dense.md).
  Rings rings{matrix.width == 64 || matrix.width == 128 ? 6 : 8};
  while (rings.own > leastRing && sharedBytes(mapping, rings) > target.sharedPerBlock)
    --rings.own;
  // Two terms of 64 numbers spill in 128 registers.
  int64_t taken = choice.terms > 1 && matrix.width > 32 ? 160 : 128;
  int64_t blocks = target.registersPerMultiprocessor / (threads * taken);
  blocks = std::clamp<int64_t>(
      std::min(blocks, target.sharedPerBlock / sharedBytes(mapping, rings)), 1, 8);
  // As long as leaves about two chunks for every multiprocessor, of few steps one; or nearly one for
  // each, where a multiprocessor has room for one alone: none then waits for another's end.
  double steps = laneCount(mapping, sizes) * stepCount(mapping, sizes);
  int64_t chunk = matrix.width > 64 ? 256 : matrix.width > 32 ? 128 : 64,
          few = matrix.width > 32 ? 32 : 16;
  auto suits = [&](int64_t chunk) {
    double each = steps / static_cast<double>(target.multiprocessors * chunk);
    return each >= (chunk > few ? 1.8 : 0.9) || (blocks == 1 && each >= 0.9 && each <= 1);
  };
  while (chunk > 8 && !suits(chunk))
    chunk /= 2;
  chunk = tuned(mapping, "steps", chunk);
  // Blocks that all run at once share the memory of their multiprocessor.
  double each = std::ceil(steps / static_cast<double>(chunk * target.multiprocessors));
  int64_t resident = tuned(mapping, "blocks", std::max<int64_t>(1, std::min<double>(each, blocks)));
  if (resident < blocks)
    if (auto beside = ringsBeside(mapping, rings.own, chunk, target.sharedPerBlock / resident))
      rings = *beside;
  blocks = resident;
  rings.own = std::max(leastRing, tuned(mapping, "ring", rings.own));
  // The product of a group of large maps takes longer than to walk over them, where they are few.
  bool haveFew = walks && matrix.width > 64 &&
                stepCount(mapping, sizes) <= static_cast<double>(32 * chunk);
  int64_t group = tuned(mapping, "runs", haveFew ? 4 : 8);
  auto policy = [&](int64_t blocks) {
    return plan::PolicyAttr::get(mapping.op.getContext(), mapping.walk, /*lane_threads=*/1, threads,
                                 /*lanes=*/1, chunk, rings.own, group, blocks);
  };
  // Numbers that are read one by one, each with an address, take more registers.
  choice.general = policy(std::max<int64_t>(1, blocks - 1));
  bool wide = matrix.size * bytesOf(matrix.element) % 16 == 0;
  choice.wide = wide ? policy(blocks) : choice.general;
  choice.told = rings.told;
  choice.wideShared = sharedBytes(mapping, rings);
  choice.generalShared = choice.wideShared;

  ChunkCounts counts = countChunks(mapping, choice);
  choice.tiles = "max(1, " + counts.chunks + ")";
  choice.workspace = formatv("128 + {0}{1} * 12", counts.lanes, counts.groups);
  return choice;
}

double chunkCount(const Mapping &mapping, const KernelChoice &choice, const Sizes &sizes) {
  double chunk = static_cast<double>(choice.wide.getSteps());
  return std::max(1.0, std::ceil(stepCount(mapping, sizes) / chunk));
}

double groupCount(const Mapping &mapping, const KernelChoice &choice, const Sizes &sizes) {
  double group = static_cast<double>(choice.wide.getRuns());
  return std::max(1.0, std::ceil(chunkCount(mapping, choice, sizes) / group));
}

Cost costOfChunks(const Mapping &mapping, const Target &target, const Sizes &sizes,
                  const KernelChoice &choice, Cost cost) {
  Matrix matrix(mapping);
  double lanes = laneCount(mapping, sizes), steps = stepCount(mapping, sizes);
  double numbers = static_cast<double>(matrix.size * matrix.size);
  cost.bytes += numbers * static_cast<double>(bytesOf(matrix.element)) * lanes * steps;
  double products = 2 * numbers * static_cast<double>(matrix.size * choice.terms);
  cost.flops = countWork(mapping, sizes).flops + (2 * numbers + products) * lanes * steps;
  cost.registersPerThread = registers(matrix, choice.terms);
  cost.errorBound = formatv("{0}, and {1} of the largest number of a product, per step",
                            errorBound(mapping, "in any order of composition"),
                            errorOfProducts(mapping));
  double told = chunkCount(mapping, choice, sizes) + groupCount(mapping, choice, sizes);
  cost.workspaceBytes =
      static_cast<int64_t>(lanes * told * static_cast<double>(mapBytes(matrix, choice.terms)));
  // Chunks that run at once hide each other's waits, and a multiprocessor takes so long for a number
  // of a matrix; alone, one takes its time.
  bool split = choice.terms > 1;
  double rate = matrix.width > 64 ? (split ? 0.203e-9 : 0.143e-9) : (split ? 0.146e-9 : 0.134e-9);
  if (matrix.width < 32)
    rate *= 1.5; // products of 16 rows leave half of a warp's work undone
  auto padded = static_cast<double>(matrix.width * matrix.width);
  double busy = lanes * steps / static_cast<double>(target.multiprocessors) * padded * rate;
  double alone = waiting + static_cast<double>(choice.wide.getSteps()) *
                               (stepLatency + numbers * (split ? 0.24e-9 : 0.174e-9));
  cost.seconds = target.launchOverhead + std::max({cost.bytes / target.bandwidth, busy, alone});
  return cost;
}

} // namespace scanc::planning
