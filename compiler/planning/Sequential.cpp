//===- Sequential.cpp - A thread walks the whole of time for its lanes ----===//
#include "compiler/planning/Strategy.h"
#include "compiler/planning/Tuning.h"

#include "llvm/Support/FormatVariadic.h"

#include <algorithm>
#include <cmath>

using namespace mlir;

namespace scanc::planning {

namespace {

/// Numbers of state that a thread can hold beside its tiles without spilling.
constexpr int64_t stateLimit = 64;

/// Right when independent lanes fill the GPU: nothing is computed twice, the order of time is kept.
class Sequential final : public KernelStrategy {
public:
  StringRef name() const override { return "sequential"; }

  std::optional<std::string> declines(const Mapping &mapping, const Target &) const override {
    if (auto reason = declinesElementwise(mapping))
      return reason;
    if (int64_t size = mapping.stateSize(); size > stateLimit)
      return llvm::formatv("{0} numbers of state per lane, at most {1} fit in registers", size,
                           stateLimit)
          .str();
    return std::nullopt;
  }

  Cost cost(const Mapping &mapping, const Target &target, const Sizes &sizes) const override {
    Cost cost = costOf(mapping, choose(mapping, target, sizes), sizes);
    Work work = countWork(mapping, sizes);
    cost.flops = work.flops;
    cost.registersPerThread = std::min<int64_t>(
        255, 24 + 2 * tileRegisters(mapping, cost.policy) +
                 2 * mapping.stateSize() * cost.policy.getLanes());
    cost.errorBound = errorBound(mapping, "in the order of time");

    // A thread walks its steps one after another: a step costs its chain of dependent operations,
    // and without a ring a tile costs the latency of its loads.
    double groups = laneCount(mapping, sizes) / cost.policy.getLanes();
    double resident = target.multiprocessors *
                      std::min<double>(target.threadsPerMultiprocessor,
                                       target.registersPerMultiprocessor /
                                           std::max<int64_t>(32, cost.registersPerThread));
    double waves = std::max(1.0, groups / resident);
    double steps = stepCount(mapping, sizes);
    double operations = (work.flops + 4 * work.special) * cost.policy.getLanes() /
                        std::max(1.0, laneCount(mapping, sizes) * steps);
    bool alongTime = mapping.walk == plan::Walk::Time;
    // Copies of what neighbouring lanes share go to cells of their own, and meet in banks.
    double own = cost.policy.getRing() ? ownShare(mapping, cost.policy) : 1;
    double step = operations * operationLatency +
                  (alongTime ? vectorLatency / cost.policy.getSteps() : stepLatency / own) +
                  (cost.policy.getRing() ? 0 : target.memoryLatency / cost.policy.getSteps());
    double compute = work.flops / target.flops + work.special / target.specialRate;
    double occupied = std::min(1.0, groups / resident);
    bool narrow = cost.policy.getLanes() * widestElement(mapping) < 8;
    double streamed = alongTime                 ? timeStreamed
                      : !cost.policy.getRing() ? ringlessStreamed
                                               : (narrow ? narrowStreamed : laneStreamed) * own;
    cost.seconds =
        target.launchOverhead + std::max({cost.bytes / (target.bandwidth * streamed),
                                          waves * steps * step, compute / occupied});
    return cost;
  }

private:
  // Measured on an H200 (bench/results/h200-grid.md). Seconds of a step beside its arithmetic, of a
  // vector of steps along time, and of one operation of a thread that runs nearly alone.
  static constexpr double stepLatency = 18e-9, vectorLatency = 95e-9, operationLatency = 0.5e-9;
  /// Share of the bandwidth that is reached: along time neighbouring threads read far-apart rows, and
  /// copies of 4 bytes keep less on its way than copies of 8.
  static constexpr double timeStreamed = 0.28, laneStreamed = 0.97, narrowStreamed = 0.89,
                          ringlessStreamed = 0.92;

  /// Bytes that the rings of a multiprocessor keep on their way: twice what its share of the bandwidth
  /// moves in a latency, so that a tile has landed when it is asked for.
  static constexpr int64_t bytesAhead = 72 << 10;

  KernelChoice choose(const Mapping &mapping, const Target &target,
                      const Sizes &sizes) const override {
    int64_t element = widestElement(mapping);
    bool timeWalk = mapping.walk == plan::Walk::Time;
    // A thread reads 16 bytes along time, or two lanes: 4 bytes of 16-bit elements are the smallest
    // copy, 8 of 32-bit ones are faster than 4 (bench/results).
    int64_t lanes = timeWalk || element > 4 || 2 * mapping.stateSize() > 8 ? 1 : 2;
    int64_t steps = timeWalk ? std::max<int64_t>(4, 16 / element) : 8;
    KernelChoice choice;
    lanes = tuned(mapping, "lanes", lanes);
    choice.wide = choosePolicy(mapping, target, sizes, lanes, steps, true);
    choice.general = choosePolicy(mapping, target, sizes, 1, steps, false);
    choice.wideShared = choice.wide.getRing() * slotBytes(mapping, choice.wide);
    choice.generalShared = choice.general.getRing() * slotBytes(mapping, choice.general);
    return choice;
  }

  static plan::PolicyAttr choosePolicy(const Mapping &mapping, const Target &target,
                                       const Sizes &sizes, int64_t lanes, int64_t steps,
                                       bool wide) {
    // Blocks as large as still leave one for every multiprocessor.
    double groups = laneCount(mapping, sizes) / lanes;
    int64_t threads = 128;
    while (threads > 32 && groups / threads < 0.9 * target.multiprocessors)
      threads /= 2;
    auto policy = [&](int64_t steps) {
      return plan::PolicyAttr::get(mapping.op.getContext(), mapping.walk, threads,
                                   /*time_threads=*/1, lanes, steps, /*ring=*/0, /*runs=*/1, /*blocks=*/1);
    };
    while (steps > 2 && tileRegisters(mapping, policy(steps)) > (wide ? 96 : 48))
      steps /= 2;
    threads = tuned(mapping, "lane_threads", threads);
    steps = tuned(mapping, "steps", steps);
    double blocks = std::ceil(groups / threads / target.multiprocessors);
    double resident = std::clamp<double>(blocks, 1, target.threadsPerMultiprocessor / threads);
    return withRing(mapping, policy(steps), wide,
                    static_cast<int64_t>(bytesAhead / resident) + slotBytes(mapping, policy(steps)));
  }
};

} // namespace

std::unique_ptr<Strategy> createSequential() { return std::make_unique<Sequential>(); }

} // namespace scanc::planning
