//===- Blelloch.cpp - A block scans tiles of time, work-efficiently -------===//
#include "compiler/planning/BlellochCost.h"
#include "compiler/planning/MatrixChunks.h"
#include "compiler/planning/Reduction.h"
#include "compiler/planning/Strategy.h"
#include "compiler/planning/Tuning.h"

#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;

namespace scanc::planning {

namespace {

/// Right when lanes are too few to fill the GPU with one thread each: the threads of a block share
/// a lane's time. Every step's map is computed twice, once to compose and once to replay. Where a step has
/// a matrix, blocks share a lane's time: see DenseBlelloch.cpp.
class Blelloch final : public KernelStrategy {
public:
  StringRef name() const override { return "blelloch"; }

  std::optional<std::string> declines(const Mapping &mapping, const Target &target) const override {
    if (hasMatrix(mapping))
      return declinesChunks(mapping, target);
    if (auto reason = declinesElementwise(mapping))
      return reason;
    if (auto reason = declinesReassociation(mapping))
      return reason;
    if (mapping.reduced >= 0 && mapping.walk == plan::Walk::Time)
      return "a readout over lanes, with time innermost in memory";
    int64_t lanes = lanesOf(mapping), reduced = threadsReduced(mapping, lanes);
    if (auto reason = declinesReduction(mapping, lanes, reduceLimit, reduced,
                                        reducedAlongTime(reduced)))
      return reason;
    int64_t timeThreads = tuned(mapping, "time_threads", 32);
    if (timeThreads * tuned(mapping, "lane_threads", 1) > 1024 ||
        (mapping.walk == plan::Walk::Time && timeThreads % 32 != 0))
      return "a block of at most 1024 threads, whole warps of them along contiguous time, is wanted";
    // What is chosen otherwise is a multiple of these.
    bool timeWalk = mapping.walk == plan::Walk::Time;
    return declinesBlock(mapping, tuned(mapping, "time_threads", timeWalk ? 32 : 8) *
                                      tuned(mapping, "lane_threads", timeWalk ? 1 : 8));
  }

  bool honours(const Mapping &mapping, StringRef pin, StringRef value) const override {
    return hasMatrix(mapping) ? honoursProducts(mapping, pin, value)
                              : KernelStrategy::honours(mapping, pin, value);
  }

  std::string arithmetic(const Mapping &mapping) const override {
    return hasMatrix(mapping) ? arithmeticOfProducts(mapping) : KernelStrategy::arithmetic(mapping);
  }

  Cost cost(const Mapping &mapping, const Target &target, const Sizes &sizes) const override {
    Cost cost = costOf(mapping, choose(mapping, target, sizes), sizes);
    if (hasMatrix(mapping))
      return costOfDenseBlelloch(mapping, target, sizes, cost);
    Work work = countWork(mapping, sizes);
    cost.flops = 2 * work.flops;
    bool kept = keepsTime(mapping, sizes);
    cost.registersPerThread =
        kept ? keptRegisters(mapping, cost.policy) : registers(mapping, cost.policy);
    cost.errorBound = errorBound(mapping, "in any order of composition");

    cost.seconds = seconds(mapping, target, sizes, cost.policy, cost.elementwise);
    return cost;
  }

  Knobs knobs(const Mapping &mapping, const Target &) const override {
    if (hasMatrix(mapping))
      return knobsOfChunks();
    if (mapping.walk == plan::Walk::Time) {
      int64_t time = scan::RecurrenceInterface(mapping.op).getDim(mapping.time).getSize();
      if (!ShapedType::isDynamic(time) && time <= shortRow)
        return {{"lane_threads", {1, 2, 4, 8}},
                {"time_threads", {32, 64, 128}},
                {"steps", {2, 4, 8, 16}},
                {"ring", {0, 2}}};
      return {{"lane_threads", {1, 2}},
              {"time_threads", {64, 128, 256, 512, 1024}},
              {"steps", {4, 8, 16}},
              {"ring", {0, 2, 3}}};
    }
    return {{"lane_threads", {4, 8, 16, 32}},
            {"time_threads", {4, 8, 16}},
            {"lanes", {1, 2, 4}},
            {"steps", {4, 8, 16}},
            {"ring", {0, 2, 3}}};
  }

private:
  /// Tiles across lanes are four times as large as along time; more only take the room of other blocks.
  static constexpr int64_t laneRing = 2;
  /// Bytes of a row of lanes that a block moves: two sectors of four lines.
  static constexpr int64_t rowBytes = 256;

  /// Longest row of which a block has several.
  static constexpr int64_t shortRow = 512;

  /// How a block covers lanes and time.
  struct Shape {
    int64_t laneThreads, timeThreads, lanes, steps;
    bool streams; ///< through a ring, where there can be one
  };

  /// Shapes across lanes beside the usual one, for blocks too few to fill the device: more threads
  /// along time for fewer lanes, or where these are reduced, half the steps in registers.
  static llvm::SmallVector<Shape> shortShapes(const Mapping &mapping, const Shape &usual) {
    llvm::SmallVector<Shape> shapes;
    if (mapping.walk == plan::Walk::Time || mapping.segment >= 0 || mapping.stateSize() > 1)
      return shapes;
    if (mapping.reduced >= 0) {
      shapes.push_back(usual);
      shapes.back().steps = std::max<int64_t>(1, usual.steps / 2);
      shapes.back().streams = false;
      return shapes;
    }
    int64_t few = std::min<int64_t>(2, usual.lanes);
    constexpr int64_t bytesOfTile = 64; // of a tensor, for each thread
    constexpr int64_t mostRegisters = 48;
    int64_t steps = std::clamp<int64_t>(bytesOfTile / (few * widestElement(mapping)), 8, 16);
    if (tileRegisters(mapping, plan::PolicyAttr::get(mapping.op.getContext(), mapping.walk, 1, 1,
                                                     few, steps)) > mostRegisters)
      steps = 8;
    for (int64_t laneThreads : {8, 16, 32})
      shapes.push_back({tuned(mapping, "lane_threads", laneThreads),
                        tuned(mapping, "time_threads", 16), tuned(mapping, "lanes", few), steps,
                        true});
    return shapes;
  }

  static double seconds(const Mapping &mapping, const Target &target, const Sizes &sizes,
                        plan::PolicyAttr policy, bool elementwise = false) {
    return secondsOfBlelloch(mapping, target, sizes, policy,
                             {keepsTime(mapping, sizes), elementwise, registers(mapping, policy),
                              sharedBytes(mapping, policy)});
  }

  struct AlongTime {
    int64_t threads, ring;
  };

  /// Measured on an H200 (bench/results). A short row is one tile, of `fewest` threads at least. A block that has a multiprocessor to
  /// itself is large; so is one of many that walk long rows, which spend less on the carry. Blocks that
  /// all run at once keep enough on its way with one tile each.
  static AlongTime alongTime(double lanes, double steps, int64_t stepsOfThread, int64_t fewest,
                             const Target &target) {
    bool alone = lanes <= target.multiprocessors, many = lanes >= 16 * target.multiprocessors;
    if (steps < 4096) {
      int64_t threads = fewest;
      while (threads < 256 && threads * stepsOfThread < steps)
        threads *= 2;
      return {threads, 3};
    }
    return {alone || (many && steps >= 16384) ? 512 : 256, alone || many ? 3 : 2};
  }

  /// Threads of a block that may hold a reduced dimension; where it takes more lanes of a thread first;
  /// all threads of such a block, as many as leave each its registers.
  static constexpr int64_t reduceLimit = 128, reduceComfort = 64, reducingThreads = 256;

  /// Threads along time beside `reduced` ones that hold a reduced dimension, which they do once: whole
  /// warps of them.
  static int64_t reducedAlongTime(int64_t reduced) {
    constexpr int64_t usual = 8, warp = 32;
    if (reduced == 0)
      return usual;
    if (reduced * usual < warp)
      return warp / reduced;
    return std::min<int64_t>(usual, llvm::bit_floor<uint64_t>(reducingThreads / reduced));
  }

  /// Steps of a thread before its lanes are known.
  static int64_t mostSteps(const Mapping &mapping) {
    bool timeWalk = mapping.walk == plan::Walk::Time;
    int64_t steps = timeWalk ? std::max<int64_t>(2, 16 / widestElement(mapping)) : 8;
    // Steps of all states are held at once while they are replayed.
    while (steps > 2 && steps * mapping.stateWords() > 32)
      steps /= 2;
    return steps;
  }

  /// Adjacent lanes of a thread.
  static int64_t lanesOf(const Mapping &mapping) {
    int64_t lanes = mapping.walk == plan::Walk::Time ? 1 : lanesOfVector(mapping);
    while (lanes > 1 && (lanes * mostSteps(mapping) * mapping.stateWords() > 32 ||
                         hasLongText(mapping, lanes, 1)))
      lanes /= 2;
    return tuned(mapping, "lanes", lanesReduced(mapping, lanes, reduceComfort));
  }

  /// Steps of a thread. Where lanes are reduced, all of a thread are in registers at once, and a tile waits
  /// for its readouts: it is as large as registers let it (16 steps: 199 us, 8: 208 us).
  static int64_t stepsOf(const Mapping &mapping, int64_t lanes) {
    int64_t steps = mapping.reduced < 0 ? mostSteps(mapping) : 16;
    auto registersOf = [&](int64_t steps) {
      return tileRegisters(mapping, plan::PolicyAttr::get(mapping.op.getContext(), mapping.walk, 1,
                                                          1, lanes, steps));
    };
    while (mapping.reduced >= 0 && steps > 1 &&
           (registersOf(steps) > 104 || lanes * steps * mapping.stateWords() > 64))
      steps /= 2;
    while (steps > 1 && hasLongText(mapping, lanes, steps))
      steps /= 2;
    return steps;
  }

  KernelChoice choose(const Mapping &mapping, const Target &target,
                      const Sizes &sizes) const override {
    if (hasMatrix(mapping))
      return chooseDenseBlelloch(mapping, target, sizes);
    if (keepsTime(mapping, sizes))
      return chooseKept(mapping, target, sizes);
    bool timeWalk = mapping.walk == plan::Walk::Time;
    int64_t widest = widestElement(mapping);
    int64_t lanes = lanesOf(mapping), steps = stepsOf(mapping, lanes);
    // A block has as many rows as whole warps leave it threads for (64 steps: 43 us, 123 with one).
    constexpr int64_t warp = 32, block = 128, fewBytes = 8;
    double time = stepCount(mapping, sizes);
    bool hasRows = timeWalk && mapping.segment < 0;
    if (hasRows && steps * widest > fewBytes && time <= static_cast<double>(warp * steps / 2))
      steps /= 2;
    AlongTime along =
        alongTime(laneCount(mapping, sizes), time, steps, hasRows ? warp : block, target);
    // A warp in whose steps segments with states begin holds up its block: small ones (465 us for 485).
    if (mapping.numbersSegments() && along.threads == 256)
      along.threads = 128;
    int64_t reduced = threadsReduced(mapping, lanes);
    int64_t timeThreads = timeWalk ? along.threads : reducedAlongTime(reduced);
    int64_t ring = timeWalk ? along.ring : laneRing;
    timeThreads = tuned(mapping, "time_threads", timeThreads);
    int64_t rows = hasRows && time <= static_cast<double>(timeThreads * steps)
                       ? std::max<int64_t>(1, block / timeThreads)
                       : 1;
    int64_t laneThreads =
        timeWalk ? rows : std::clamp<int64_t>(rowBytes / (lanes * widest), 8, 32);
    laneThreads = tuned(mapping, "lane_threads", reduced > 0 ? reduced : laneThreads);
    const Shape usual{laneThreads, timeThreads, lanes, steps, /*streams=*/true};
    auto policyOf = [&](const Shape &shape, bool wide, bool phased = false, bool oneTile = false) {
      // Beside 64-bit offsets the maps of two steps of 16 numbers are too many registers.
      bool narrow = !wide && mapping.stateWords() >= 16;
      auto plain = plan::PolicyAttr::get(mapping.op.getContext(), mapping.walk, shape.laneThreads,
                                         shape.timeThreads, shape.lanes,
                                         narrow ? 1 : tuned(mapping, "steps", shape.steps),
                                         /*ring=*/0, /*runs=*/1, /*blocks=*/1,
                                         /*state_threads=*/1, reduced);
      if (phased && !(plain = withStrips(mapping, plain)))
        return plain;
      int64_t tiles = oneTile || !shape.streams ? 0 : ring;
      plan::PolicyAttr policy =
          withRing(mapping, plain, wide,
                   std::min(slotBytes(mapping, plain) * tiles,
                            target.sharedPerBlock - sharedBytes(mapping, plain)));
      // Short shapes are of few blocks, and 64-bit offsets take registers too.
      constexpr int64_t usualThreads = 8, roomy = 128;
      int64_t least = timeWalk || shape.timeThreads <= usualThreads ? 0 : roomy;
      int64_t need = oneTile ? registersOfTile(mapping, policy)
                             : std::max(least, registers(mapping, policy));
      if (!wide && mapping.numbersSegments()) // beside the addresses of elements
        need += mapping.segmentWords(policy.getLanes());
      return withBlocks(mapping, policy, target, need);
    };
    auto policy = [&](int64_t lanes, int64_t steps, bool wide, bool phased = false,
                      bool oneTile = false) {
      return policyOf({usual.laneThreads, usual.timeThreads, lanes, steps, true}, wide, phased,
                      oneTile);
    };
    KernelChoice choice;
    choice.wide = policy(lanes, steps, true);
    // What begins anywhere, or moves one by one, keeps the usual shape: it was measured with no
    // other.
    for (const Shape &shape : shortShapes(mapping, usual)) {
      constexpr double gainThatCounts = 0.9;
      plan::PolicyAttr other = policyOf(shape, true);
      if (seconds(mapping, target, sizes, other) <
          gainThatCounts * seconds(mapping, target, sizes, choice.wide))
        choice.wide = other;
    }
    if (isOneTile(mapping, sizes, choice.wide)) {
      // Shifted rows have a tile more, and a head.
      choice.shifted = choice.wide;
      choice.shiftedShared = sharedBytes(mapping, choice.shifted);
      choice.wide = policy(lanes, steps, true, false, true);
    }
    // Tiles ahead of it take registers: no ring has elements of 2 bytes.
    choice.general = reduced > 0 ? policy(lanes, std::max<int64_t>(1, steps / 2), false)
                                 : policy(1, steps, false);
    choice.wideShared = sharedBytes(mapping, choice.wide);
    choice.generalShared = sharedBytes(mapping, choice.general);
    if ((choice.phased = policy(lanes, steps, true, true)))
      choice.phasedShared = sharedBytes(mapping, choice.phased);
    choice.tiles = sharersOfTime(mapping, target, choice.wide);
    return choice;
  }

  /// Whether a block holds the whole of time of its lanes in registers, all loads issued at once:
  /// short times of one number per lane, where nothing costly is computed twice.
  static bool keepsTime(const Mapping &mapping, const Sizes &sizes) {
    return mapping.walk == plan::Walk::Lanes && mapping.stateSize() == 1 && mapping.reduced < 0 &&
           stepCount(mapping, sizes) <= keptTime && countWork(mapping, sizes).special == 0;
  }
  /// Longest time that is kept: 16 threads with 16 steps. More threads walk each other's maps for
  /// longer than the loads take (32 of them: 342 us where 16 take 261), more steps spill.
  static constexpr int64_t keptTime = 256;

  static KernelChoice chooseKept(const Mapping &mapping, const Target &target,
                                 const Sizes &sizes) {
    double time = stepCount(mapping, sizes);
    int64_t widest = widestElement(mapping);
    int64_t lanes = tuned(mapping, "lanes", lanesOfVector(mapping));
    // Rows of 256 bytes, or as short as blocks for all multiprocessors want and whole warps let.
    auto fills = [&](int64_t laneThreads, double blocks) {
      return laneCount(mapping, sizes) >=
             blocks * static_cast<double>(laneThreads * lanes * target.multiprocessors);
    };
    constexpr int64_t fewThreads = 8, moreThreads = 16;
    int64_t rows = rowBytes / (lanes * widest);
    // Blocks that wait for loads hide what the walk over more threads takes; others are better off
    // with fewer.
    bool isShort = time <= 64 || (time <= 128 && !fills(rows, 2));
    int64_t timeThreads = tuned(mapping, "time_threads", isShort ? fewThreads : moreThreads);
    int64_t steps =
        tuned(mapping, "steps", time <= 8.0 * static_cast<double>(timeThreads) ? 8 : 16);
    int64_t laneThreads = std::min<int64_t>(rows, 256 / timeThreads);
    while (laneThreads > 8 && !fills(laneThreads, 8))
      laneThreads /= 2;
    if (!fills(laneThreads, 1)) // a block for some multiprocessors: rows of two sectors will do
      laneThreads = 4;
    laneThreads = tuned(mapping, "lane_threads", laneThreads);
    auto policy = [&](int64_t lanes) {
      auto plain = plan::PolicyAttr::get(mapping.op.getContext(), mapping.walk, laneThreads,
                                         timeThreads, lanes, steps, /*ring=*/0, /*runs=*/1,
                                         /*blocks=*/1);
      return withBlocks(mapping, plain, target, keptRegisters(mapping, plain));
    };
    KernelChoice choice;
    choice.wide = policy(lanes);
    choice.general = policy(1);
    choice.wideShared = sharedBytes(mapping, choice.wide);
    choice.generalShared = sharedBytes(mapping, choice.general);
    return choice;
  }

  /// What is written takes the registers of what was read.
  static int64_t keptRegisters(const Mapping &mapping, plan::PolicyAttr policy) {
    return 48 + tileRegisters(mapping, policy) / 2;
  }

  /// 32-bit registers of a thread: its tile, what it writes, and the maps and states of its steps; twice
  /// the tile and room for its addresses where there is no ring. No smaller than what ptxas needs
  /// without spilling in any example.
  static int64_t registers(const Mapping &mapping, plan::PolicyAttr policy) {
    bool ring = policy.getRing() > 0;
    int64_t states = mapping.stateWords() * policy.getLanes() * policy.getSteps();
    if (mapping.reduced >= 0) // maps and states of all lanes at once, and the readouts
      states += 4 * mapping.stateWords() * policy.getLanes() + policy.getSteps();
    return std::min<int64_t>(255, (ring ? 48 : 80) +
                                      (ring ? 1 : 2) * tileRegisters(mapping, policy) + states);
  }

  /// Whether time is known, and vectors along it make one tile of one number a lane: nothing is ordered
  /// ahead, no loop keeps addresses, and nothing costly is computed twice for want of registers.
  static bool isOneTile(const Mapping &mapping, const Sizes &sizes, plan::PolicyAttr policy) {
    scan::RecurrenceInterface loop = mapping.op;
    int64_t steps = loop.getDim(mapping.time).getSize();
    if (mapping.walk != plan::Walk::Time || mapping.segment >= 0 || loop.getNumStates() != 1 ||
        mapping.stateWords() != 1 || ShapedType::isDynamic(steps) ||
        steps > policy.getTimeThreads() * policy.getSteps() ||
        countWork(mapping, sizes).special > 0)
      return false;
    auto isVector = [&](AffineMap map, Value tensor) {
      Type element = cast<RankedTensorType>(tensor.getType()).getElementType();
      return !map.isFunctionOfDim(mapping.time) ||
             accessWidth(mapping, mapping.toKernel(map), element, policy, true) == policy.getSteps();
    };
    for (auto [i, input] : llvm::enumerate(loop.getInputs()))
      if (!isVector(loop.getInputMap(i), input))
        return false;
    for (int64_t i = 0; i < loop.getNumOutputs(); ++i)
      if (!isVector(loop.getOutputMap(i), loop->getResult(i)))
        return false;
    return true;
  }

  /// 32-bit registers of a thread of such a tile: as many blocks as fit with that few are worth a value
  /// computed again.
  static int64_t registersOfTile(const Mapping &mapping, plan::PolicyAttr policy) {
    scan::RecurrenceInterface loop = mapping.op;
    int64_t others = 4 * (loop.getInitStates().size() + loop.getFinalStates().size());
    if (loop.getReverse()) // vectors are turned round
      others += 8;
    return std::min<int64_t>(255, 16 + others + tileRegisters(mapping, policy) + policy.getSteps());
  }

  /// Size of the template's blelloch_storage: see templates/scanc/kernel/blelloch.cuh.
  static int64_t sharedBytes(const Mapping &mapping, plan::PolicyAttr policy);
};

int64_t Blelloch::sharedBytes(const Mapping &mapping, plan::PolicyAttr policy) {
  constexpr int64_t warp = 32;
  // templates/scanc/block/segment_window.cuh: numbers of segments where they have states of their own.
  int64_t segmentBytes = mapping.numbersSegments() ? 48 : 16;
  constexpr int64_t windowBytes = 16;
  int64_t cells = policy.getWalk() == plan::Walk::Time
                      ? policy.getLaneThreads() * (policy.getTimeThreads() / warp)
                      : policy.getThreads();
  int64_t largest = 0;
  forEachState(mapping, [&](int64_t numbers, int64_t number) {
    largest = std::max(largest, 2 * numbers * number);
  });
  // See lanes_abreast in the template.
  bool single = scan::RecurrenceInterface(mapping.op).getNumStates() == 1;
  if (mapping.reduced >= 0 || (single && policy.getRing() == 0))
    cells *= policy.getLanes();
  int64_t segments = mapping.segment >= 0 ? segmentBytes * policy.getThreads() + windowBytes : 0;
  return policy.getRing() * slotBytes(mapping, policy) + reductionBytes(mapping, policy) + segments +
         llvm::alignTo(2 * cells * largest, 16);
}

} // namespace

std::unique_ptr<Strategy> createBlelloch() { return std::make_unique<Blelloch>(); }

} // namespace scanc::planning
