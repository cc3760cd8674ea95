//===- MatmulScan.cpp - Tiles of time as products on the tensor cores -----===//
#include "compiler/planning/Pins.h"
#include "compiler/planning/Strategy.h"
#include "compiler/planning/Tuning.h"

#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/MathExtras.h"

#include <cmath>

using namespace mlir;
using llvm::formatv;

namespace scanc::planning {

namespace {

/// Lane groups and runs of time that a warp holds: see templates/scanc/kernel/matmul_scan.cuh.
constexpr int64_t groupsOfWarp = 8, runsOfWarp = 4;

/// Right when operations, not bytes, are short: many lanes share each transition, and a tile of time
/// is a product of their inputs with the triangular matrix of its decays.
class MatmulScan final : public KernelStrategy {
public:
  StringRef name() const override { return "matmul_scan"; }

  std::optional<std::string> declines(const Mapping &mapping, const Target &) const override {
    if (mapping.segment >= 0)
      return "packed sequences (reset at)";
    if (auto reason = declinesElementwise(mapping))
      return reason;
    if (auto reason = declinesReducedLanes(mapping))
      return reason;
    if (auto reason = declinesReassociation(mapping))
      return reason;
    for (auto advance : mapping.op.getBody().getOps<scan::AdvanceOp>())
      if (advance.getRing() != scan::Ring::Real)
        return formatv("the {0} semiring: tensor cores multiply and add",
                       scan::stringifyRing(advance.getRing()))
            .str();
    scan::RecurrenceInterface loop = mapping.op;
    if (loop.getNumStates() != 1 || mapping.stateSize() != 1)
      return formatv("{0} numbers of state per lane, 1 is wanted", mapping.stateSize()).str();
    for (StringAttr index : loop.getState(0).getIndices())
      if (mapping.isRegister(loop.findDim(index.getValue())))
        return formatv("a state with the index {0}, of size 1, that is summed over", index.getValue()).str();
    if (!loop.getState(0).getElementType().isF32())
      return std::string("a state of type f64 or c64: the sums of tensor cores are f32");
    if (mapping.walk == plan::Walk::Time)
      return std::string("time innermost in memory: products take whole rows of lanes");
    if (sharedLanes(mapping) == 0)
      return std::string("a transition of its own for each lane: products need lanes that share one");
    if (tuned(mapping, "lane_threads", groupsOfWarp) % groupsOfWarp != 0 ||
        tuned(mapping, "time_threads", runsOfWarp) % runsOfWarp != 0 ||
        tuned(mapping, "steps", 2) % 2 != 0 ||
        tuned(mapping, "lane_threads", groupsOfWarp) * tuned(mapping, "time_threads", runsOfWarp) > 1024)
      return std::string("a block of at most 1024 threads, multiples of 8 along lanes and of 4 along "
                         "time, and an even number of steps are wanted");
    return std::nullopt;
  }

  bool honours(const Mapping &, StringRef pin, StringRef value) const override {
    if (pin == "radix")
      return value == "8" || value == "16" || value == "32";
    return pin == "precision" &&
           (value == "tf32x3" || value == "tf32" || value == "bf16x3" || value == "bf16");
  }

  std::string arithmetic(const Mapping &mapping) const override {
    return "products of " + precision(mapping) + " on the tensor cores, radix 8, 16 or 32";
  }

  Cost cost(const Mapping &mapping, const Target &target, const Sizes &sizes) const override {
    Cost cost = costOf(mapping, choose(mapping, target, sizes), sizes);
    double lanes = laneCount(mapping, sizes), steps = stepCount(mapping, sizes);
    double radix = runsOfWarp * cost.policy.getSteps();
    bool threeProducts = StringRef(precision(mapping)).ends_with("x3");
    // Of a tile: 2 radix^2 for each lane and product.
    cost.flops = 2 * radix * lanes * steps * (threeProducts ? 3 : 1);
    cost.registersPerThread = registers(mapping, cost.policy);
    cost.errorBound = errorBound(mapping, "in any order of composition") + ", and " +
                      errorOfProducts(precision(mapping));

    double perBlock = cost.policy.getLaneThreads() * cost.policy.getLanes();
    double blocks = std::max(1.0, std::ceil(lanes / perBlock));
    double resident = target.multiprocessors * cost.policy.getBlocks();
    double waves = std::ceil(blocks / resident);
    double tiles =
        std::ceil(steps / static_cast<double>(cost.policy.getTimeThreads() * cost.policy.getSteps()));
    double perMultiprocessor =
        std::min<double>(cost.policy.getBlocks(), std::ceil(blocks / target.multiprocessors));
    double tile = tileLatency + perMultiprocessor * cost.policy.getThreads() * tilePerThread;
    double latency = waves * (target.memoryLatency + tiles * tile);
    Work work = countWork(mapping, sizes);
    double compute = cost.flops / (tensorShare * target.flops) + work.special / target.specialRate;
    double occupied = std::min(1.0, blocks / resident);
    cost.seconds = target.launchOverhead +
                   std::max({cost.bytes / (target.bandwidth * streamed), latency, compute / occupied});
    return cost;
  }

  Knobs knobs(const Mapping &mapping, const Target &) const override {
    Knobs knobs{
        {"lane_threads", {8, 16, 32}}, {"time_threads", {8, 16, 32, 64}}, {"lanes", {1, 2, 4}}};
    if (pinnedValue(mapping.op, "radix").empty()) // steps, four times
      knobs.push_back({"steps", {2, 4, 8}});
    return knobs;
  }

private:
  // Measured on an H200 (bench/results/h200-inter-chunk.md). Seconds of a tile, and for each of the
  // threads that share a multiprocessor; the share of the bandwidth that is reached; the
  // rate of products beside that of other operations.
  static constexpr double tileLatency = 0.8e-6, tilePerThread = 2.45e-9, streamed = 0.88, tensorShare = 3;

  static std::string precision(const Mapping &mapping) {
    StringRef pinned = pinnedValue(mapping.op, "precision");
    return pinned.empty() ? "tf32x3" : pinned.str();
  }

  static std::string errorOfProducts(StringRef precision) {
    StringRef share = precision == "tf32x3"   ? "2^-20"
                      : precision == "bf16x3" ? "2^-14"
                      : precision == "tf32"   ? "2^-10"
                                              : "2^-7";
    return formatv("{0} M[t] of products in {1}", share, precision).str();
  }

  KernelChoice choose(const Mapping &mapping, const Target &target,
                      const Sizes &sizes) const override {
    int64_t radix = 16;
    pinnedValue(mapping.op, "radix").getAsInteger(10, radix);
    int64_t steps = tuned(mapping, "steps", radix / runsOfWarp);
    int64_t lanes = lanesOfVector(mapping);
    int64_t laneThreads = tuned(mapping, "lane_threads", groupsOfWarp);
    auto blocksOf = [&](int64_t lanes) { return laneCount(mapping, sizes) / (laneThreads * lanes); };
    if (lanes > 2 && blocksOf(lanes) < target.multiprocessors)
      lanes = 2; // two lanes are the two halves of a product
    lanes = tuned(mapping, "lanes", lanes);
    // Two warps along time; where blocks are few, as many as time has tiles.
    int64_t timeThreads = 2 * runsOfWarp;
    while (timeThreads * laneThreads < 512 &&
           blocksOf(lanes) * static_cast<double>(timeThreads) < 16.0 * target.multiprocessors &&
           static_cast<double>(timeThreads * steps) < stepCount(mapping, sizes))
      timeThreads *= 2;
    timeThreads = tuned(mapping, "time_threads", timeThreads);
    auto policy = [&](int64_t lanes) {
      auto plain = plan::PolicyAttr::get(mapping.op.getContext(), mapping.walk, laneThreads,
                                         timeThreads, lanes, steps, /*ring=*/0, /*runs=*/1,
                                         /*blocks=*/1);
      return withBlocks(mapping, plain, target, registers(mapping, plain));
    };
    KernelChoice choice;
    choice.wide = policy(lanes);
    choice.general = policy(1);
    choice.wideShared = sharedBytes(choice.wide);
    choice.generalShared = sharedBytes(choice.general);
    choice.sharedDims = sharedLanes(mapping);
    choice.products = precision(mapping);
    return choice;
  }

  /// 32-bit registers of a thread: its tile and the next, its states, the decays in two parts.
  static int64_t registers(const Mapping &mapping, plan::PolicyAttr policy) {
    int64_t steps = policy.getSteps();
    return std::min<int64_t>(255, 80 + tileRegisters(mapping, policy) + steps * steps);
  }

  /// Size of the template's matmul_scan_storage.
  static int64_t sharedBytes(plan::PolicyAttr policy) {
    int64_t tiles = policy.getTimeThreads() / runsOfWarp, number = 4;
    int64_t ends = 2 * tiles * policy.getLaneThreads() * policy.getLanes() * number;
    int64_t decays = 2 * tiles * (policy.getLaneThreads() / groupsOfWarp) * number;
    return llvm::alignTo(llvm::alignTo(ends, 16) + decays, 16);
  }
};

} // namespace

std::unique_ptr<Strategy> createMatmulScan() { return std::make_unique<MatmulScan>(); }

} // namespace scanc::planning
