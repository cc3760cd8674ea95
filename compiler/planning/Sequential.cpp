//===- Sequential.cpp - A thread walks the whole of time for its lanes ----===//
#include "compiler/planning/Kernels.h"
#include "compiler/planning/Strategy.h"

#include "llvm/Support/FormatVariadic.h"

using namespace mlir;

namespace scanc::planning {

namespace {

/// Numbers of state that a thread can hold beside its tiles without spilling.
constexpr int64_t stateLimit = 64;

/// Right when independent lanes fill the GPU: nothing is computed twice, the order of time is kept.
class Sequential final : public Strategy {
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
    Cost cost;
    cost.policy = choose(mapping, target, sizes).wide;
    cost.bytes = compulsoryBytes(mapping, sizes);
    Work work = countWork(mapping, sizes);
    cost.flops = work.flops;
    cost.registersPerThread = std::min<int64_t>(
        255, 24 + 2 * tileRegisters(mapping, cost.policy) +
                 2 * mapping.stateSize() * cost.policy.getLanes());
    cost.errorBound = "c u (|a| M[t-1] + |b|) per step, in the order of time";

    // Two tiles are in flight per thread: a tile's latency is paid once per tile and per wave of
    // resident threads, and hidden only as far as there are threads.
    double groups = laneCount(mapping, sizes) / cost.policy.getLanes();
    double resident = target.multiprocessors *
                      std::min<double>(target.threadsPerMultiprocessor,
                                       target.registersPerMultiprocessor /
                                           std::max<int64_t>(32, cost.registersPerThread));
    double waves = std::max(1.0, groups / resident);
    double tiles = stepCount(mapping, sizes) / cost.policy.getSteps();
    double chain = cost.policy.getSteps() * chainLatency * mapping.op.getStates().size();
    double latency = waves * tiles * (target.memoryLatency + chain);
    double compute = work.flops / target.flops + work.special / target.specialRate;
    double occupied = std::min(1.0, groups / resident);
    cost.seconds = target.launchOverhead +
                   std::max({cost.bytes / target.bandwidth, latency, compute / occupied});
    return cost;
  }

  void lower(const Mapping &mapping, const Target &target, const Sizes &sizes,
             OpBuilder &builder) const override {
    createKernel(mapping, choose(mapping, target, sizes), plan::SequentialOp::getOperationName(),
                 builder);
  }

private:
  /// Seconds from one state to the next: two dependent operations at 1.7 GHz.
  static constexpr double chainLatency = 5e-9;

  KernelChoice choose(const Mapping &mapping, const Target &target, const Sizes &sizes) const {
    MLIRContext *context = mapping.op.getContext();
    // A thread reads 32 bytes of the narrowest row along time, or as many lanes as still leave
    // enough threads to fill the device.
    bool timeWalk = mapping.walk == plan::Walk::Time;
    int64_t element = widestElement(mapping);
    int64_t lanes = 1, steps = timeWalk ? std::max<int64_t>(4, 32 / element) : 8;
    double enough = target.multiprocessors * 256.0;
    if (!timeWalk)
      while (lanes * 2 * element <= 16 && lanes * 2 * mapping.stateSize() <= stateLimit / 2 &&
             laneCount(mapping, sizes) / (lanes * 2) >= enough)
        lanes *= 2;
    auto policy = [&](int64_t lanes) {
      int64_t chosen = steps;
      while (chosen > 2 && tileRegisters(mapping, at(context, mapping, lanes, chosen)) > 48)
        chosen /= 2;
      return at(context, mapping, lanes, chosen);
    };
    return {policy(lanes), policy(1)};
  }

  static plan::PolicyAttr at(MLIRContext *context, const Mapping &mapping, int64_t lanes,
                             int64_t steps) {
    return plan::PolicyAttr::get(context, mapping.walk, /*lane_threads=*/128, /*time_threads=*/1,
                                 lanes, steps);
  }
};

} // namespace

std::unique_ptr<Strategy> createSequential() { return std::make_unique<Sequential>(); }

} // namespace scanc::planning
