//===- OuterSequential.cpp - A state of outer products in registers, step by step ---===//
#include "compiler/planning/OuterSequential.h"

#include "compiler/planning/ChunkForm.h"
#include "compiler/planning/Matrix.h"
#include "compiler/planning/Tuning.h"

#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/MathExtras.h"

#include <algorithm>
#include <cmath>

using namespace mlir;
using llvm::formatv;

namespace scanc::planning {

/// Columns of a thread, threads of a warp, and rows that a thread can hold of them.
static constexpr int64_t side = 4, warp = 32, mostRows = 32;

namespace {

/// Threads that share the rows of a column, and those of a block.
struct Shape {
  int64_t rowThreads, threads;
  int64_t columns() const { return side * threads / rowThreads; }
};

} // namespace

static OuterProducts productsOf(const Mapping &mapping) {
  std::string reason;
  return {mapping.op, *matchChunkForm(mapping.op, reason, /*inF32=*/true)};
}

bool hasOuterProducts(const Mapping &mapping) {
  std::string reason;
  return matchChunkForm(mapping.op, reason, /*inF32=*/true).has_value();
}

std::optional<std::string> declinesOuterSequential(const Mapping &mapping) {
  if (auto reason = declinesData(mapping))
    return reason;
  if (scan::RecurrenceInterface(mapping.op).getReset())
    return std::string("packed sequences (reset at) of a state of outer products");
  OuterProducts products = productsOf(mapping);
  if (auto reason = declinesColumns(mapping.op, products.form))
    return reason;
  if (products.rows > mostRows * warp)
    return formatv("{0} rows of state, of at most {1}", products.rows, mostRows * warp).str();
  if (mostOperations(mapping.op) > operationLimit)
    return formatv("more than {0} operations for one number", operationLimit).str();
  int64_t rowThreads = tuned(products.mapping, "runs", warp), threads = tuned(products.mapping, "time_threads", warp);
  if (!llvm::isPowerOf2_64(rowThreads) || rowThreads > warp || products.rows > mostRows * rowThreads)
    return formatv("runs: expected a power of two of at most {0} that leaves a thread {1} rows", warp, mostRows).str();
  if (threads % warp != 0)
    return std::string("time_threads: expected whole warps");
  if (tuned(products.mapping, "lane_threads", 1) * tuned(products.mapping, "lanes", 1) * tuned(products.mapping, "steps", 1) *
              tuned(products.mapping, "state_threads", 1) != 1 ||
      tuned(products.mapping, "ring", 0) != 0)
    return std::string("a state of outer products by another policy than of runs and time_threads");
  return std::nullopt;
}

Knobs knobsOfOuterSequential() { return {{"time_threads", {32, 64, 128, 256}}, {"runs", {2, 4, 8, 16, 32}}}; }

/// Threads of 16 rows each, in blocks of which neighbours read neighbouring sectors; more and smaller ones until every
/// multiprocessor has one.
static Shape shapeOf(const OuterProducts &products, const Target &target, const Sizes &sizes) {
  constexpr int64_t rowsOfThread = 16, usual = 128, fewestRows = 4;
  double lanes = laneCount(products.mapping, sizes);
  auto rowThreads = std::clamp<int64_t>(llvm::PowerOf2Ceil(llvm::divideCeil(products.rows, rowsOfThread)), 1, warp);
  Shape shape{rowThreads, usual};
  auto isFew = [&] {
    return lanes * std::ceil(static_cast<double>(products.columns) / static_cast<double>(shape.columns())) <
           0.9 * static_cast<double>(target.multiprocessors);
  };
  while (shape.threads > warp && (isFew() || shape.columns() >= 2 * products.columns))
    shape.threads /= 2;
  // Four rows and eight columns, sectors of 32 bytes, are the least.
  while (shape.rowThreads < warp / 2 && shape.rowThreads * 2 * fewestRows <= products.rows &&
         (isFew() || shape.columns() >= 2 * products.columns))
    shape.rowThreads *= 2;
  return {tuned(products.mapping, "runs", shape.rowThreads), tuned(products.mapping, "time_threads", shape.threads)};
}

/// Places of a step, each as long as a step of one.
static int64_t placesOf(const OuterProducts &products) { return static_cast<int64_t>(products.form.earlier.size()) + 1; }

/// The template's outer_sequential_storage: twice the factors of a step, of padded rows.
static int64_t sharedBytes(const OuterProducts &products, const Shape &shape) {
  constexpr int64_t numberBytes = 4;
  int64_t rows = llvm::alignTo(products.rows, side * shape.rowThreads), decayBytes = 0;
  if (products.form.decaysRows)
    decayBytes = products.form.decayInput ? bytesOf(products.form.decayInput.getType()) : numberBytes;
  int64_t vectors = products.form.readsApart() ? 3 : 2;
  return 2 * llvm::alignTo(llvm::alignTo(rows * decayBytes, 16) + (vectors * rows + shape.columns()) * numberBytes, 16);
}

/// 32-bit registers of a thread: its numbers of the state, and what a step takes beside them.
static int64_t registersOf(const OuterProducts &products, const Shape &shape) {
  return std::min<int64_t>(255, 64 + side * llvm::divideCeil(products.rows, shape.rowThreads));
}

static KernelChoice chooseOuterSequential(const OuterProducts &products, const Target &target, const Shape &shape) {
  MLIRContext *context = scan::AffineOp(products.mapping.op)->getContext();
  KernelChoice choice;
  // As many as their registers let be there: what a step waits for is hidden by other blocks alone.
  constexpr int64_t most = 16;
  int64_t blocks = std::clamp<int64_t>(
      target.registersPerMultiprocessor / (shape.threads * registersOf(products, shape)), 1, most);
  choice.wide = plan::PolicyAttr::get(context, plan::Walk::Lanes, /*lane_threads=*/1, shape.threads, /*lanes=*/1,
                                      /*steps=*/1, /*ring=*/0, shape.rowThreads, blocks);
  choice.general = choice.wide;
  choice.wideShared = choice.generalShared = sharedBytes(products, shape);
  choice.tiles = std::to_string(llvm::divideCeil(products.columns, shape.columns()));
  choice.element = products.form.element;
  choice.chunks = &products.form;
  choice.statesInVectors = true;
  return choice;
}

Cost costOfOuterSequential(const Mapping &mapping, const Target &target, const Sizes &sizes) {
  OuterProducts products = productsOf(mapping);
  Shape shape = shapeOf(products, target, sizes);
  KernelChoice choice = chooseOuterSequential(products, target, shape);
  Cost cost;
  cost.policy = choice.wide;
  cost.sharedBytes = cost.mostSharedBytes = choice.wideShared;
  cost.bytes = compulsoryBytes(mapping, sizes);
  double lanes = laneCount(products.mapping, sizes),
         steps = static_cast<double>(placesOf(products)) * stepCount(products.mapping, sizes);
  auto rows = static_cast<double>(products.rows), columns = static_cast<double>(products.columns);
  // Of a number of the state: decay and addition, readout, and what a correction reads.
  double operations = products.form.strength ? 3 : 2;
  cost.flops = 2 * operations * rows * columns * lanes * steps;
  int64_t held = side * llvm::divideCeil(products.rows, shape.rowThreads);
  cost.registersPerThread = registersOf(products, shape);
  cost.errorBound = errorBound(mapping, "in the order of time");
  // A step: its instructions beside those of the warps that wait with it, and what it waits for: a barrier, factors
  // from shared memory, a sum over threads or two.
  constexpr double waitSeconds = 0.25e-6, otherInstructions = 120, streamed = 0.9;
  double warps = lanes * std::ceil(columns / static_cast<double>(shape.columns())) *
                 static_cast<double>(shape.threads / warp);
  double resident = static_cast<double>(target.registersPerMultiprocessor / (warp * cost.registersPerThread));
  double waves = std::max(1.0, std::ceil(warps / (resident * static_cast<double>(target.multiprocessors))));
  double beside = std::max(1.0, std::min(resident, warps / static_cast<double>(target.multiprocessors)) / Target::schedulers);
  double issued = (operations * static_cast<double>(held) + otherInstructions) * beside / target.clock();
  cost.seconds = target.launchOverhead + std::max(cost.bytes / (target.bandwidth * streamed),
                                                  waves * steps * (operations * waitSeconds + issued));
  return cost;
}

void lowerOuterSequential(const Mapping &mapping, const Target &target, const Sizes &sizes, OpBuilder &builder) {
  OuterProducts products = productsOf(mapping);
  createKernel(products.mapping, chooseOuterSequential(products, target, shapeOf(products, target, sizes)),
               "plan.outer_sequential", builder);
}

} // namespace scanc::planning
