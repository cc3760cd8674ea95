//===- CyclicReduction.cpp - Blocks share the matrices of one lane --------===//
#include "compiler/planning/Matrix.h"
#include "compiler/planning/Pins.h"
#include "compiler/planning/Tuning.h"

#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/MathExtras.h"

#include <algorithm>
#include <cmath>

using namespace mlir;
using llvm::formatv;

namespace scanc::planning {

namespace {

/// Right when a few long sequences have a matrix for each step: blocks share the time of a lane, and
/// what a chunk of it does to the state is a product on the tensor cores.
class CyclicReduction final : public KernelStrategy {
public:
  StringRef name() const override { return "cyclic_reduction"; }

  std::optional<std::string> declines(const Mapping &mapping, const Target &target) const override {
    if (!hasMatrix(mapping)) {
      if (auto reason = declinesElementwise(mapping))
        return reason;
      return std::string("an elementwise transition: there are no matrices to multiply");
    }
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
    if (int64_t least = sharedBytes(mapping, leastRing); least > target.sharedPerBlock)
      return formatv("{0} bytes of shared memory for three matrices on their way, {1} are there",
                     least, target.sharedPerBlock)
          .str();
    return std::nullopt;
  }

  bool honours(const Mapping &mapping, StringRef pin, StringRef value) const override {
    if (pin != "precision" || !hasMatrix(mapping))
      return false;
    return Matrix(mapping).element.isF16() ? value == "f16" : value == "bf16" || value == "bf16x3";
  }

  std::string arithmetic(const Mapping &mapping) const override {
    return formatv("products of {0} on the tensor cores", products(mapping)).str();
  }

  Cost cost(const Mapping &mapping, const Target &target, const Sizes &sizes) const override {
    KernelChoice choice = choose(mapping, target, sizes);
    Cost cost = costOf(mapping, choice, sizes);
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
    double chunk = static_cast<double>(choice.wide.getSteps());
    double chunks = std::max(1.0, std::ceil(steps / chunk));
    double groups = std::max(1.0, std::ceil(chunks / static_cast<double>(choice.wide.getRuns())));
    cost.workspaceBytes = static_cast<int64_t>(
        lanes * (chunks + groups) * static_cast<double>(mapBytes(matrix, choice.terms)));
    // Chunks that run at once hide each other's waits, and a multiprocessor takes so long for a number
    // of a matrix; alone, one takes its time.
    bool split = choice.terms > 1;
    double rate = matrix.width > 64 ? (split ? 0.219e-9 : 0.16e-9) : (split ? 0.146e-9 : 0.134e-9);
    double busy = lanes * steps / static_cast<double>(target.multiprocessors) * numbers * rate;
    double alone = waiting + chunk * (stepLatency + numbers * (split ? 0.3e-9 : 0.2e-9));
    cost.seconds =
        target.launchOverhead + std::max({cost.bytes / target.bandwidth, busy, alone});
    return cost;
  }

private:
  // Measured on an H200 (bench/results/h200-dense.md), as are the rates above: seconds of a step, and
  // to hear of the chunks before it, with the clearing of flags.
  static constexpr double stepLatency = 200e-9, waiting = 8e-6;
  static constexpr int64_t leastRing = 3;

  static int64_t termsOf(const Mapping &mapping) {
    StringRef precision = pinnedValue(mapping.op, "precision");
    return precision == "f16" || precision == "bf16" ? 1 : 2;
  }

  static std::string products(const Mapping &mapping) {
    bool isHalf = Matrix(mapping).element.isF16();
    return formatv("{0}{1}", termsOf(mapping) > 1 ? "two parts of " : "", isHalf ? "f16" : "bf16");
  }

  static StringRef errorOfProducts(const Mapping &mapping) {
    bool isHalf = Matrix(mapping).element.isF16();
    if (termsOf(mapping) > 1)
      return isHalf ? "2^-18" : "2^-17";
    return isHalf ? "2^-11" : "2^-8";
  }

  /// Of a product and the sum that it comes from, in both terms; of a step's walk.
  static int64_t registers(const Matrix &matrix, int64_t terms) {
    return std::min<int64_t>(255, 48 + matrix.width / 2 + matrix.width / 4 * terms);
  }

  /// Size of the template's told_map.
  static int64_t mapBytes(const Matrix &matrix, int64_t terms) {
    return llvm::alignTo(terms * matrix.width * matrix.width * bytesOf(matrix.element) +
                             4 * matrix.width + 16,
                         128);
  }

  /// Size of the template's cyclic_reduction_storage: one ring of either kind, then what all share.
  static int64_t sharedBytes(const Mapping &mapping, int64_t ring) {
    Matrix matrix(mapping);
    int64_t terms = termsOf(mapping), threads = 2 * matrix.width;
    int64_t own = matrix.ringBytes(ring, matrix.width, matrix.inputBytes, threads);
    int64_t told = matrix.ringBytes(std::max(leastRing, ring / terms), terms * matrix.width,
                                    4 * matrix.width + 16, threads);
    return std::max(own, told) +
           llvm::alignTo(4 * matrix.width + matrix.width / 4 + 12, matrix.ringAlignment());
  }

  KernelChoice choose(const Mapping &mapping, const Target &target,
                      const Sizes &sizes) const override {
    Matrix matrix(mapping);
    KernelChoice choice;
    choice.element = matrix.element;
    choice.terms = termsOf(mapping);
    choice.rows = matrix.width > 16 ? 2 : 1;
    choice.parts = 2 * choice.rows;
    int64_t threads = 2 * matrix.width;
    // Measured on an H200 (bench/results/h200-dense.md).
    int64_t ring = matrix.width == 64 || matrix.width == 128 ? 6 : 8;
    ring = tuned(mapping, "ring", ring);
    while (ring > leastRing && sharedBytes(mapping, ring) > target.sharedPerBlock)
      --ring;
    ring = std::max(leastRing, ring);
    int64_t blocks = target.registersPerMultiprocessor / (threads * 128);
    blocks = std::min(blocks, target.sharedPerBlock / sharedBytes(mapping, ring));
    blocks = tuned(mapping, "blocks", std::clamp<int64_t>(blocks, 1, 8));
    // As long as leaves about two chunks for every multiprocessor, or one of 32 steps or fewer.
    double steps = laneCount(mapping, sizes) * stepCount(mapping, sizes);
    int64_t chunk = matrix.width > 32 ? 128 : 64;
    while (chunk > 8 && steps < (chunk > 32 ? 1.8 : 0.9) *
                                    static_cast<double>(target.multiprocessors * chunk))
      chunk /= 2;
    chunk = tuned(mapping, "steps", chunk);
    int64_t group = tuned(mapping, "runs", 8);
    auto policy = [&](int64_t blocks) {
      return plan::PolicyAttr::get(mapping.op.getContext(), mapping.walk, /*lane_threads=*/1, threads,
                                   /*lanes=*/1, chunk, ring, group, blocks);
    };
    // Numbers that are read one by one, each with an address, take more registers.
    choice.general = policy(std::max<int64_t>(1, blocks - 1));
    bool wide = matrix.size * bytesOf(matrix.element) % 16 == 0;
    choice.wide = wide ? policy(blocks) : choice.general;
    choice.wideShared = sharedBytes(mapping, ring);
    choice.generalShared = choice.wideShared;

    scan::RecurrenceInterface loop = mapping.op;
    StringRef time = loop.getDim(mapping.time).getExtent().getValue();
    std::string lanes, chunks = formatv("ceildiv({0}, {1})", time, chunk),
                       groups = formatv("ceildiv({0}, {1})", time, chunk * group);
    for (int64_t lane : mapping.lanes)
      lanes += loop.getDim(lane).getExtent().str() + " * ";
    choice.tiles = "max(1, " + chunks + ")";
    choice.workspace = formatv("128 + {0}{1} * 12", lanes, groups);
    choice.scratch = formatv("{0}(({1} + {2}) * {3} + {2} * {4})", lanes, chunks, groups,
                             mapBytes(matrix, choice.terms), 4 * matrix.width);
    return choice;
  }
};

} // namespace

std::unique_ptr<Strategy> createCyclicReduction() { return std::make_unique<CyclicReduction>(); }

} // namespace scanc::planning
