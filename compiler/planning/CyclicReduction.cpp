//===- CyclicReduction.cpp - Blocks share the matrices of one lane --------===//
#include "compiler/planning/MatrixChunks.h"

#include "llvm/Support/FormatVariadic.h"

using namespace mlir;
using llvm::formatv;

namespace scanc::planning {

namespace {

/// Right when a few long sequences have a matrix for each step: blocks share the time of a lane, and
/// what a chunk of it does to the state is a product on the tensor cores. Where all steps have one matrix, that is a
/// power of it.
class CyclicReduction final : public KernelStrategy {
public:
  StringRef name() const override { return "cyclic_reduction"; }

  std::optional<std::string> declines(const Mapping &mapping, const Target &target) const override {
    if (sharesPowers(mapping))
      return declinesPowers(mapping, target);
    if (hasMatrix(mapping))
      return declinesChunks(mapping, target);
    if (auto reason = declinesElementwise(mapping))
      return reason;
    return std::string("an elementwise transition: there are no matrices to multiply");
  }

  bool honours(const Mapping &mapping, StringRef pin, StringRef value) const override {
    if (sharesPowers(mapping))
      return KernelStrategy::honours(mapping, pin, value);
    return hasMatrix(mapping) && honoursProducts(mapping, pin, value);
  }

  std::string arithmetic(const Mapping &mapping) const override {
    return sharesPowers(mapping) ? KernelStrategy::arithmetic(mapping) : arithmeticOfProducts(mapping);
  }

  Cost cost(const Mapping &mapping, const Target &target, const Sizes &sizes) const override {
    KernelChoice choice = choose(mapping, target, sizes);
    return (sharesPowers(mapping) ? costOfPowers : costOfChunks)(mapping, target, sizes, choice,
                                                                 costOf(mapping, choice, sizes));
  }

  Knobs knobs(const Mapping &mapping, const Target &) const override {
    return sharesPowers(mapping) ? knobsOfPowers() : knobsOfChunks();
  }

private:
  static bool sharesPowers(const Mapping &mapping) {
    return hasMatrix(mapping) && !declinesMatrix(mapping) && hasOneMatrix(mapping);
  }

  /// Maps of chunks and groups, and the state that enters each group.
  KernelChoice choose(const Mapping &mapping, const Target &target,
                      const Sizes &sizes) const override {
    if (sharesPowers(mapping))
      return choosePowers(mapping, target, sizes);
    Matrix matrix(mapping);
    KernelChoice choice = chooseChunks(mapping, target, sizes, /*walks=*/true);
    ChunkCounts counts = countChunks(mapping, choice);
    choice.scratch =
        formatv("{0}(({1} + {2}) * {3} + {2} * {4})", counts.lanes, counts.chunks, counts.groups,
                mapBytes(matrix, choice.terms), 4 * matrix.width);
    return choice;
  }
};

} // namespace

std::unique_ptr<Strategy> createCyclicReduction() { return std::make_unique<CyclicReduction>(); }

} // namespace scanc::planning
