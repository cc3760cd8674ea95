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

    // A thread walks its steps one after another: a step costs its chain of dependent operations,
    // and a tile the latency of its loads as far as the tile before does not hide it.
    double groups = laneCount(mapping, sizes) / cost.policy.getLanes();
    double resident = target.multiprocessors *
                      std::min<double>(target.threadsPerMultiprocessor,
                                       target.registersPerMultiprocessor /
                                           std::max<int64_t>(32, cost.registersPerThread));
    double waves = std::max(1.0, groups / resident);
    double steps = stepCount(mapping, sizes);
    double operations = (work.flops + 4 * work.special) /
                        std::max(1.0, laneCount(mapping, sizes) * steps);
    double chain = steps * (stepLatency + operations * operationLatency);
    double latency = steps / cost.policy.getSteps() * target.memoryLatency;
    double compute = work.flops / target.flops + work.special / target.specialRate;
    double occupied = std::min(1.0, groups / resident);
    cost.seconds = target.launchOverhead + std::max({cost.bytes / target.bandwidth,
                                                     waves * (chain + latency),
                                                     compute / occupied});
    return cost;
  }

  void lower(const Mapping &mapping, const Target &target, const Sizes &sizes,
             OpBuilder &builder) const override {
    createKernel(mapping, choose(mapping, target, sizes), plan::SequentialOp::getOperationName(),
                 builder);
  }

private:
  /// Seconds of a step beside its arithmetic, and of one operation of a thread that runs nearly
  /// alone on its scheduler; fitted to gated_scan and selective_scan on an H200 (bench/results).
  static constexpr double stepLatency = 0.2e-6;
  static constexpr double operationLatency = 2e-9;

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
