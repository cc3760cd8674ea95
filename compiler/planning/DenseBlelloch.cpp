//===- DenseBlelloch.cpp - Prefixes of the matrices of one lane -----------===//
#include "compiler/planning/MatrixChunks.h"
#include "compiler/planning/Tuning.h"

#include "llvm/Support/FormatVariadic.h"

#include <algorithm>

using namespace mlir;
using llvm::formatv;

namespace scanc::planning {

// Measured on an H200 (bench/results/h200-dense.md): seconds of a product of maps, for each row and
// term, and the share of the bandwidth at which prefixes are written.
static constexpr double mapLatency = 12e-9, prefixStreamed = 0.75;

KernelChoice chooseDenseBlelloch(const Mapping &mapping, const Target &target,
                                 const Sizes &sizes) {
  Matrix matrix(mapping);
  KernelChoice choice = chooseChunks(mapping, target, sizes, /*walks=*/false);
  choice.kernel = "dense_blelloch";
  choice.prefixes = tuned(mapping, "prefixes", 0) > 0;
  // Maps of chunks, of groups, and of all time before each chunk; with them those of all time up to
  // each step.
  ChunkCounts counts = countChunks(mapping, choice);
  choice.scratch = formatv("{0}((2 * {1} + {2}) * {3})", counts.lanes, counts.chunks,
                           counts.groups, mapBytes(matrix, choice.terms));
  if (choice.prefixes)
    choice.scratch += formatv(
        " + {0}{1} * {2}", counts.lanes,
        scan::RecurrenceInterface(mapping.op).getDim(mapping.time).getExtent().getValue(),
        prefixBytes(matrix, choice.terms));
  return choice;
}

Cost costOfDenseBlelloch(const Mapping &mapping, const Target &target, const Sizes &sizes,
                         Cost cost) {
  Matrix matrix(mapping);
  KernelChoice choice = chooseDenseBlelloch(mapping, target, sizes);
  cost = costOfChunks(mapping, target, sizes, choice, cost);
  double lanes = laneCount(mapping, sizes), steps = stepCount(mapping, sizes);
  double chunks = chunkCount(mapping, choice, sizes), groups = groupCount(mapping, choice, sizes);
  double product = 2 * static_cast<double>(matrix.size * matrix.size * matrix.size * choice.terms);
  // The map of all time before a chunk: of a span of groups on the average, and of its own group.
  constexpr double span = 16;
  double members = static_cast<double>(choice.wide.getRuns());
  double before = std::min(span, groups) / 2 + (members - 1) / 2;
  cost.flops += lanes * (groups * std::min(span, groups) + chunks * members) / 2 * product;
  cost.workspaceBytes += static_cast<int64_t>(
      lanes * chunks * static_cast<double>(mapBytes(matrix, choice.terms)));
  cost.seconds += mapLatency * before * static_cast<double>(matrix.size * choice.terms);
  if (choice.prefixes) {
    double written = lanes * steps * static_cast<double>(prefixBytes(matrix, choice.terms));
    cost.bytes += written;
    cost.workspaceBytes += static_cast<int64_t>(written);
    cost.flops += lanes * steps * product;
    cost.seconds += written / (target.bandwidth * prefixStreamed);
  }
  return cost;
}

} // namespace scanc::planning
