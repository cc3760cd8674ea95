//===- Sequential.cpp - A thread walks the whole of time for its lanes ----===//
#include "compiler/planning/Body.h"
#include "compiler/planning/Matrix.h"
#include "compiler/planning/OuterSequential.h"
#include "compiler/planning/Parts.h"
#include "compiler/planning/Reduction.h"
#include "compiler/planning/Tuning.h"

#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/MathExtras.h"

#include <algorithm>
#include <cmath>

using namespace mlir;

namespace scanc::planning {

namespace {

/// Numbers of state that a thread can hold beside its tiles without spilling.
constexpr int64_t stateLimit = 64;

/// Right when independent lanes fill the GPU: nothing is computed twice, the order of time is kept. A lane
/// whose step has a matrix takes a block, or shares one: see DenseSequential.cpp, DenseColumns.cpp. One whose state is
/// a sum of outer products has several: see OuterSequential.cpp.
class Sequential final : public KernelStrategy {
public:
  StringRef name() const override { return "sequential"; }
  bool updatesInPlace() const override { return true; }

  std::optional<std::string> declines(const Mapping &mapping, const Target &target) const override {
    if (hasMatrix(mapping)) {
      if (auto reason = declinesMatrix(mapping))
        return reason;
      return sharesMatrix(mapping, target) ? declinesDenseColumns(mapping, target)
                                           : declinesDenseSequential(mapping, target);
    }
    if (walksOuterProducts(mapping))
      return declinesOuterSequential(mapping);
    if (auto reason = declinesElementwise(mapping))
      return reason;
    if (int64_t size = mapping.stateSize(); size > stateLimit)
      return llvm::formatv("{0} numbers of state per lane, at most {1} fit in registers", size,
                           stateLimit)
          .str();
    int64_t lanes = lanesOf(mapping, 1);
    if (auto reason =
            declinesReduction(mapping, lanes, mostThreads,
                              std::max(warp, threadsReduced(mapping, lanes)), /*timeThreads=*/1))
      return reason;
    int64_t parts = tuned(mapping, "state_threads", 1);
    if (auto reason = declinesBlock(mapping, tuned(mapping, "lane_threads", warp) * parts))
      return reason;
    if (parts == 1)
      return std::nullopt;
    if (auto reason = declinesParts(mapping))
      return "state_threads: " + *reason;
    if (!llvm::isPowerOf2_64(parts) || parts > warp || tuned(mapping, "steps", parts) % parts ||
        tuned(mapping, "lane_threads", warp) * parts % warp)
      return std::string("state_threads: expected a power of two of at most 32 that divides the "
                         "steps, and whole warps");
    return std::nullopt;
  }

  Cost cost(const Mapping &mapping, const Target &target, const Sizes &sizes) const override {
    if (!hasMatrix(mapping) && walksOuterProducts(mapping))
      return costOfOuterSequential(mapping, target, sizes);
    KernelChoice choice = choose(mapping, target, sizes);
    if (hasMatrix(mapping))
      return costOfMatrix(mapping, choice, target, sizes);
    Cost cost = costOf(mapping, choice, sizes);
    cost.flops = countWork(mapping, sizes).flops;
    cost.registersPerThread = registers(mapping, cost.policy);
    cost.errorBound = errorBound(mapping, "in the order of time");
    cost.seconds = seconds(mapping, target, sizes, cost.policy, choice.sharedDims, cost.elementwise);
    return cost;
  }

  Knobs knobs(const Mapping &mapping, const Target &target) const override {
    if (hasMatrix(mapping))
      return sharesMatrix(mapping, target) ? knobsOfDenseColumns() : knobsOfDenseSequential();
    if (walksOuterProducts(mapping))
      return knobsOfOuterSequential();
    if (!declinesParts(mapping))
      return {{"lane_threads", {8, 16, 32, 64}},
              {"lanes", {1, 2, 4}},
              {"steps", {4, 8, 16, 32}},
              {"ring", {0, 4, 16}},
              {"state_threads", {1, 2, 4, 8}}};
    Knobs knobs{{"lane_threads", {32, 64, 128}}, {"steps", {4, 8, 16}}, {"ring", {0, 4, 8, 16}}};
    if (mapping.walk == plan::Walk::Lanes)
      knobs.push_back({"lanes", {1, 2, 4}});
    return knobs;
  }

  void lower(const Mapping &mapping, const Target &target, const Sizes &sizes,
             OpBuilder &builder) const override {
    if (!hasMatrix(mapping) && walksOuterProducts(mapping))
      return lowerOuterSequential(mapping, target, sizes, builder);
    KernelStrategy::lower(mapping, target, sizes, builder);
  }

private:
  /// Whether a state of outer products is walked by columns: where no thread can hold a lane of it, and where
  /// the one step of it is the way of its state through the registers.
  static bool walksOuterProducts(const Mapping &mapping) {
    if (!hasOuterProducts(mapping))
      return false;
    scan::RecurrenceInterface loop = mapping.op;
    return declinesElementwise(mapping) || mapping.stateSize() > stateLimit ||
           (loop.getDim(mapping.time).getSize() == 1 && !loop.getReset());
  }

  // Measured on an H200 (bench/results/h200-grid.md). Seconds of a step beside its arithmetic, of a
  // vector of steps along time, and of one operation of a thread that runs nearly alone.
  static constexpr double stepLatency = 18e-9, vectorLatency = 95e-9, operationLatency = 0.5e-9;
  /// Share of the bandwidth that is reached: along time neighbouring threads read far-apart rows, and
  /// copies of 4 bytes keep less on its way than copies of 8.
  static constexpr double timeStreamed = 0.28, laneStreamed = 0.97, narrowStreamed = 0.89,
                          ringlessStreamed = 0.92;
  /// The same in strips of rows that begin anywhere, and where 16-bit elements move one by one.
  static constexpr double phasedStreamed = 0.44, halfStreamed = 0.24;

  /// Bytes that the rings of a multiprocessor keep on their way: twice what its share of the bandwidth
  /// moves in a latency, so that a tile has landed when it is asked for.
  static constexpr int64_t bytesAhead = 72 << 10;

  static constexpr int64_t warp = 32;
  /// Of a block, which may all hold one reduced dimension.
  static constexpr int64_t mostThreads = 1024;

  static int64_t registers(const Mapping &mapping, plan::PolicyAttr policy) {
    // Where lanes are reduced, the states of a tile wait for what is read out of them.
    int64_t kept = mapping.reduced < 0 ? 2 : 2 + policy.getSteps();
    return std::min<int64_t>(255, 24 + 2 * tileRegisters(mapping, policy) +
                                      kept * mapping.stateWords() * policy.getLanes() /
                                          policy.getStateThreads());
  }

  /// Adjacent lanes of a thread. It reads 16 bytes along time, or two lanes: 4 bytes of 16-bit elements
  /// are the smallest copy, 8 of 32-bit ones are faster than 4 (bench/results). Two lanes also share what
  /// they read for their points, which in parts comes from shared memory: with one lane, 391 us of
  /// `complex_memory` where two take 306.
  static int64_t lanesOf(const Mapping &mapping, int64_t parts) {
    int64_t words = 2 * llvm::divideCeil(mapping.stateWords(), parts);
    bool large = parts > 1 ? words > 16 : widestElement(mapping) > 4 || words > 8;
    constexpr int64_t fewSteps = 2;
    bool single = mapping.lanes.empty() || (mapping.walk == plan::Walk::Time && parts == 1) || large ||
                  (parts == 1 && hasLongText(mapping, 2, fewSteps));
    int64_t lanes = single ? 1 : 2;
    return tuned(mapping, "lanes", lanesReduced(mapping, lanes, comfortableThreads));
  }
  /// A reduced dimension takes more lanes of a thread before it takes more threads than these, whose
  /// registers suffice.
  static constexpr int64_t comfortableThreads = 512;

  static double seconds(const Mapping &mapping, const Target &target, const Sizes &sizes,
                        plan::PolicyAttr policy, int64_t sharedDims, bool elementwise = false) {
    return policy.getStateThreads() > 1
               ? secondsInParts(mapping, target, sizes, policy, sharedDims)
               : secondsAlone(mapping, target, sizes, policy, elementwise);
  }

  /// A thread walks its steps one after another: a step costs its chain of dependent operations, and
  /// without a ring a tile costs the latency of its loads.
  static double secondsAlone(const Mapping &mapping, const Target &target, const Sizes &sizes,
                             plan::PolicyAttr policy, bool elementwise) {
    Work work = countWork(mapping, sizes);
    double groups = laneCount(mapping, sizes) / policy.getLanes();
    double resident =
        target.multiprocessors *
        std::min<double>(target.threadsPerMultiprocessor,
                         target.registersPerMultiprocessor /
                             std::max<int64_t>(32, registers(mapping, policy)));
    double waves = std::max(1.0, groups / resident);
    double steps = stepCount(mapping, sizes);
    double operations = (work.flops + 4 * work.special) * policy.getLanes() /
                        std::max(1.0, laneCount(mapping, sizes) * steps);
    bool alongTime = mapping.walk == plan::Walk::Time;
    // Copies of what neighbouring lanes share go to cells of their own, and meet in banks.
    double own = policy.getRing() ? ownShare(mapping, policy) : 1;
    double step = operations * operationLatency +
                  (alongTime ? vectorLatency / policy.getSteps() : stepLatency / own) +
                  (policy.getRing() ? 0 : target.memoryLatency / policy.getSteps());
    double compute = work.flops / target.flops + work.special / target.specialRate;
    double occupied = std::min(1.0, groups / resident);
    bool narrow = policy.getLanes() * widestElement(mapping) < 8;
    // Some multiprocessors have a block less, and keep less on its way; the others move a little more. A block
    // for each has all of that for itself.
    double blocks = std::ceil(groups / static_cast<double>(policy.getLaneThreads()));
    double share = blocks / target.multiprocessors, even = share <= 1 ? 1 : std::min(1.0, 1.05 * share / std::ceil(share));
    double streamed = alongTime               ? timeStreamed
                      : policy.getPhased()  ? phasedStreamed
                      : !policy.getRing()   ? (elementwise ? halfStreamed : ringlessStreamed)
                                            : (narrow ? narrowStreamed : laneStreamed) * own * even;
    return target.launchOverhead +
           std::max({compulsoryBytes(mapping, sizes) / (target.bandwidth * streamed),
                     waves * steps * step, compute / occupied}) +
           waves * std::ceil(steps / static_cast<double>(policy.getSteps())) *
               slowText(mapping, target, policy);
  }

  // Instructions of a warp, from the machine code of selective_scan and complex_memory (sm_90a): of one
  // counted operation on a point and of one beside the points, of what passes between the threads of a
  // lane at a step and of each word that they merge; of the loads and addresses of a step, of what a
  // thread reads for each of its points, and of 16 bytes from shared memory, which keep its pipe busy for 4
  // cycles.
  static constexpr double pointSlots = 0.5, aloneSlots = 1, exchangeSlots = 3, mergeSlots = 5,
                          moveSlots = 2, readSlots = 6.5, sharedSlots = 4;
  /// Of a tile in parts, at most: the cache of instructions holds 2048 of 16 bytes (411 us of
  /// `complex_memory` with 16 steps of 146, 306 with 8).
  static constexpr double mostSlots = 1900;
  /// Instructions that a scheduler issues in a cycle for each of its warps, and at most
  /// (bench/results/h200.md).
  static constexpr double warpRate = 0.50, mostRate = 0.66;
  /// Seconds from the loads of a tile to its values: what a scheduler's other warps do not hide
  /// (bench/results/h200-tuning.md, `selective`).
  static constexpr double tileLoad = 0.6e-6;

  /// Words that the threads of a lane merge at a step.
  static int64_t mergedWords(const Mapping &mapping) {
    int64_t words = 0;
    for (auto reduce : mapping.op.getBody().getOps<scan::ReduceOp>())
      words += wordsOf(reduce.getType());
    return words;
  }

  /// Instructions of a warp at a step, with the state in parts.
  static double slotsOfStep(const Mapping &mapping, const Sizes &sizes, plan::PolicyAttr policy,
                            int64_t sharedDims) {
    double visited = laneCount(mapping, sizes) * stepCount(mapping, sizes);
    Work work = countWork(mapping, sizes), alone = countAlone(mapping, sizes);
    Work common = countCommon(mapping, sizes, sharedDims); // a warp computes that once
    auto parts = static_cast<double>(policy.getStateThreads());
    double points = work.flops / std::max(1.0, visited) - alone.flops - common.flops;
    double merged = mergeSlots * static_cast<double>(mergedWords(mapping)) * (parts - 1) / parts;
    return policy.getLanes() * ((points * pointSlots + alone.flops * aloneSlots) / parts +
                                exchangeSlots + merged) +
           moveSlots + common.flops * pointSlots / warp +
           (sharedDims > 0
                ? sharedSlots / 16 *
                      static_cast<double>(commonBytes(mapping, policy.getStateThreads(), sharedDims))
                : readSlots * static_cast<double>(
                                  llvm::divideCeil(mapping.stateSize(), policy.getStateThreads())));
  }

  /// With the state in parts, a multiprocessor is bound by what its schedulers issue or by its
  /// exponentials, and where a scheduler has but one warp by the loads of the next tile too.
  static double secondsInParts(const Mapping &mapping, const Target &target, const Sizes &sizes,
                               plan::PolicyAttr policy, int64_t sharedDims) {
    double lanes = laneCount(mapping, sizes), steps = stepCount(mapping, sizes);
    Work work = countWork(mapping, sizes), common = countCommon(mapping, sizes, sharedDims);
    auto parts = static_cast<double>(policy.getStateThreads());
    double slots = slotsOfStep(mapping, sizes, policy, sharedDims);
    double warps = lanes / policy.getLanes() * parts / warp;
    double special = work.special - common.special * steps * (lanes - warps);
    double blocks =
        std::ceil(lanes / static_cast<double>(policy.getLanes() * policy.getLaneThreads()));
    double fullest = std::ceil(blocks / static_cast<double>(target.multiprocessors)) *
                     static_cast<double>(policy.getThreads()) / (warp * Target::schedulers);
    double beside = std::max(1.0, fullest);
    double rate = std::min(mostRate, warpRate * beside);
    double ofTile =
        static_cast<double>(policy.getSteps()) * beside * slots / (target.clock() * rate);
    double issue =
        steps / static_cast<double>(policy.getSteps()) * std::hypot(ofTile, tileLoad / beside);
    return target.launchOverhead +
           std::max({compulsoryBytes(mapping, sizes) / (target.bandwidth * ringlessStreamed), issue,
                     special / target.specialRate});
  }

  static Cost costOfMatrix(const Mapping &mapping, const KernelChoice &choice, const Target &target,
                           const Sizes &sizes) {
    auto complete = choice.kernel == "dense_columns" ? costOfDenseColumns : costOfDenseSequential;
    return complete(mapping, target, sizes, costOf(mapping, choice, sizes));
  }

  /// Lanes that share a matrix are walked side by side, unless it is the same at all steps, and each lane
  /// is faster by itself with a matrix that its block keeps.
  static KernelChoice chooseMatrix(const Mapping &mapping, const Target &target,
                                   const Sizes &sizes) {
    if (!sharesMatrix(mapping, target))
      return chooseDenseSequential(mapping, target, sizes);
    KernelChoice columns = chooseDenseColumns(mapping, target, sizes);
    if (!keepsMatrix(mapping, target))
      return columns;
    KernelChoice kept = chooseDenseSequential(mapping, target, sizes);
    return costOfMatrix(mapping, kept, target, sizes).seconds <
                   costOfMatrix(mapping, columns, target, sizes).seconds
               ? kept
               : columns;
  }

  KernelChoice choose(const Mapping &mapping, const Target &target,
                      const Sizes &sizes) const override {
    if (hasMatrix(mapping))
      return chooseMatrix(mapping, target, sizes);
    int64_t parts = tuned(mapping, "state_threads", 0);
    if (parts > 0 || declinesParts(mapping))
      return chooseWith(mapping, target, sizes, std::max<int64_t>(1, parts));
    KernelChoice best = chooseWith(mapping, target, sizes, 1);
    auto consider = [&](KernelChoice other, double wanted) {
      if (seconds(mapping, target, sizes, other.wide, other.sharedDims) <
          wanted * seconds(mapping, target, sizes, best.wide, best.sharedDims))
        best = other;
    };
    for (int64_t parts = 2; parts <= 8 && parts < mapping.stateSize(); parts *= 2)
      consider(chooseWith(mapping, target, sizes, parts), 1);
    // Where schedulers have warps to spare, one lane a thread makes more warps of it.
    constexpr double gainThatCounts = 0.95;
    if (int64_t parts = best.wide.getStateThreads(); parts > 1 && best.wide.getLanes() > 1)
      consider(chooseWith(mapping, target, sizes, parts, /*single=*/true), gainThatCounts);
    return best;
  }

  static KernelChoice chooseWith(const Mapping &mapping, const Target &target, const Sizes &sizes,
                                 int64_t parts, bool single = false) {
    int64_t element = widestElement(mapping);
    bool timeWalk = mapping.walk == plan::Walk::Time;
    int64_t lanes = single ? tuned(mapping, "lanes", 1) : lanesOf(mapping, parts);
    // A tile waits for its readouts over lanes: the larger it is, the fewer wait.
    int64_t acrossLanes = mapping.reduced < 0 ? 8 : 16;
    int64_t steps = timeWalk ? std::max<int64_t>(4, 16 / element) : acrossLanes;
    if (timeWalk && parts > 1) // the owners' steps of a lane fill 16 bytes at least
      steps = std::max(steps, acrossLanes);
    KernelChoice choice;
    if (parts > 1 && tuned(mapping, "ring", 0) == 0)
      choice.sharedDims = commonDims(mapping, sizes, warp / parts * lanes);
    // What a warp reads once lies in few registers: twice the steps for each exchange.
    if (choice.sharedDims > 0)
      steps *= single ? 4 : 2; // half the lanes in twice the steps
    auto policy = [&](int64_t lanes, int64_t parts, bool wide, bool phased = false) {
      return choosePolicy(mapping, target, sizes, lanes, steps, parts, choice.sharedDims, wide,
                          phased);
    };
    auto sharedBytes = [&](plan::PolicyAttr policy) {
      return policy.getRing() * slotBytes(mapping, policy) +
             exchangeBytes(mapping, policy, choice.sharedDims) + reductionBytes(mapping, policy);
    };
    choice.wide = policy(lanes, parts, true);
    int64_t generalLanes = mapping.reduced < 0 ? 1 : lanes;
    // With fewer lanes as many more points: a thread has as much to do, and a warp as many lanes.
    int64_t generalParts = parts == 1 ? 1 : std::max<int64_t>(2, parts * generalLanes / lanes);
    choice.general = policy(generalLanes, tuned(mapping, "state_threads", generalParts), false);
    choice.wideShared = sharedBytes(choice.wide);
    choice.generalShared = sharedBytes(choice.general);
    if ((choice.phased = policy(lanes, parts, true, true)))
      choice.phasedShared = sharedBytes(choice.phased);
    return choice;
  }

  static plan::PolicyAttr choosePolicy(const Mapping &mapping, const Target &target,
                                       const Sizes &sizes, int64_t lanes, int64_t steps,
                                       int64_t parts, int64_t sharedDims, bool wide,
                                       bool phased) {
    // Blocks as large as still leave one for every multiprocessor.
    double groups = laneCount(mapping, sizes) / lanes;
    int64_t reduced = threadsReduced(mapping, lanes), least = std::max(warp, reduced);
    int64_t threads = least * std::max<int64_t>(1, 128 / least);
    while (threads > least && groups * parts / threads < 0.9 * target.multiprocessors)
      threads /= 2;
    // Warps that leave schedulers idle spread best one by one.
    if (parts > 1 && groups * parts / warp <= Target::schedulers * target.multiprocessors)
      threads = least;
    // Element by element, what neighbouring owners read lies side by side where they take turns.
    plan::Walk walk = wide || parts == 1 ? mapping.walk : plan::Walk::Lanes;
    auto policy = [&](int64_t steps) {
      return plan::PolicyAttr::get(mapping.op.getContext(), walk, threads / parts,
                                   /*time_threads=*/1, lanes, steps, /*ring=*/0, /*runs=*/1,
                                   /*blocks=*/1, parts, reduced);
    };
    // A tile and the one ahead beside the states; less of large blocks, whose threads have few registers.
    int64_t room = wide ? 96 : 48;
    if (reduced > 0)
      room = std::min(room, target.registersPerMultiprocessor / threads / 2 - 32);
    while (steps > std::max<int64_t>(2, parts) &&
           (tileRegisters(mapping, policy(steps), sharedDims) > room ||
            (parts == 1 && hasLongText(mapping, lanes, steps)) ||
            (parts > 1 && static_cast<double>(steps) *
                                  slotsOfStep(mapping, sizes, policy(steps), sharedDims) > mostSlots)))
      steps /= 2;
    threads = tuned(mapping, "lane_threads", threads / parts) * parts;
    steps = tuned(mapping, "steps", steps);
    double blocks = std::ceil(groups * parts / threads / target.multiprocessors);
    double resident = std::clamp<double>(blocks, 1, target.threadsPerMultiprocessor / threads);
    // Bound by what they issue, threads that share a state are better off without copies.
    int64_t ring = parts > 1 ? 0
                             : static_cast<int64_t>(bytesAhead / resident) +
                                   slotBytes(mapping, policy(steps));
    plan::PolicyAttr plain = phased ? withStrips(mapping, policy(steps)) : policy(steps);
    return plain ? withRing(mapping, plain, wide, ring) : plain;
  }
};

} // namespace

std::unique_ptr<Strategy> createSequential() { return std::make_unique<Sequential>(); }

} // namespace scanc::planning
