//===- MatrixChunks.h - Blocks share the time of a lane -------*- C++ -*-===//
#ifndef SCANC_COMPILER_PLANNING_MATRIXCHUNKS_H
#define SCANC_COMPILER_PLANNING_MATRIXCHUNKS_H

#include "compiler/planning/Matrix.h"

namespace scanc::planning {

/// What `cyclic_reduction` and the `blelloch` of dense transitions answer alike, where `hasMatrix`:
/// see templates/scanc/grid/matrix_chunks.cuh.
std::optional<std::string> declinesChunks(const Mapping &, const Target &);
bool honoursProducts(const Mapping &, llvm::StringRef pin, llvm::StringRef value);
std::string arithmeticOfProducts(const Mapping &);

Knobs knobsOfChunks();

/// Elements for a number of a product.
int64_t termsOfProducts(const Mapping &);
/// Sizes of the template's told_map and step_prefix.
int64_t mapBytes(const Matrix &, int64_t terms);
int64_t prefixBytes(const Matrix &, int64_t terms);

/// Formulas: what is told of each lane and chunk, and of each group of them.
struct ChunkCounts {
  std::string lanes, chunks, groups; ///< `lanes` ends in " * ", or is empty
};
ChunkCounts countChunks(const Mapping &, const KernelChoice &);

/// The choice but for the workspace that nobody has written. `walks`: a state is what goes from chunk to
/// chunk.
KernelChoice chooseChunks(const Mapping &, const Target &, const Sizes &, bool walks);
/// How many chunks, and groups of them, a lane has.
double chunkCount(const Mapping &, const KernelChoice &, const Sizes &);
double groupCount(const Mapping &, const KernelChoice &, const Sizes &);
/// `cost` with the matrices read twice, a product for each step, and what is told of chunks.
Cost costOfChunks(const Mapping &, const Target &, const Sizes &, const KernelChoice &, Cost cost);

/// Whether all steps have one matrix, whose powers are made once: the answers of `cyclic_reduction` then are those of
/// PowerReduction.cpp. Requires a matrix.
bool hasOneMatrix(const Mapping &);
std::optional<std::string> declinesPowers(const Mapping &, const Target &);
Knobs knobsOfPowers();
KernelChoice choosePowers(const Mapping &, const Target &, const Sizes &);
Cost costOfPowers(const Mapping &, const Target &, const Sizes &, const KernelChoice &, Cost cost);

} // namespace scanc::planning

#endif // SCANC_COMPILER_PLANNING_MATRIXCHUNKS_H
