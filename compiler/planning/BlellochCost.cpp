//===- BlellochCost.cpp - Seconds of blocks that scan tiles of time -------===//
#include "compiler/planning/BlellochCost.h"

#include "llvm/Support/FormatVariadic.h"

#include <cmath>

using namespace mlir;
using llvm::formatv;

namespace scanc::planning {

// Measured on an H200 (bench/results/h200-grid.md). Seconds of a tile along time and number of
// state, for a block and for each of its threads.
static constexpr double timeTile = 0.15e-6, timeTilePerThread = 0.9e-9;

// Across lanes, fitted to 16 spaces measured on an H200 (bench/results/h200-tuning.md); the grid
// of h200-grid.md was not among them. Seconds from a load to its value in a launch of
// microseconds.
static constexpr double tileLoad = 0.6e-6;
// Seconds of a step in the chain of a thread's own steps, and of a thread's map in the chain of
// a lane.
static constexpr double stepChain = 29e-9, walkChain = 3.1e-9;
// Instructions of a thread: for a number that it reads, composes, replays and stores, for each
// of the number's own operations (of `gated_scan`, 8 x 8192 x 2048, whose 42 leave 256 us), and for
// each map of others that it walks through.
static constexpr double numberSlots = 8.3, operationSlots = 0.57, walkSlots = 15;
// Rows shorter than some sectors waste a share of the bandwidth, which falls with their square.
static constexpr double shortRow = 32;
// Copies of less than 16 bytes go through the cache of first level. Where rings take more than
// this of its memory, tiles take so many times as long.
static constexpr double crowdedCache = 180e3, crowdedTile = 1.5;
// Registers that ptxas uses, of those that are estimated.
static constexpr double usedRegisters = 0.8;
// Bytes of shared memory that the system takes for itself for every block.
static constexpr int64_t systemShared = 1024;
// Of a kept tile, beside its loads (bench/results/h200-inter-chunk.md).
static constexpr double keptTile = 0.2e-6, keptStep = 2.9e-9;
// Of a tile whose readouts are reduced, and of each of its numbers (bench/results/h200.md).
static constexpr double reducedTile = 0.3e-6, reducedNumber = 0.13e-9;
// Of a warp's copy of 4 or 8 bytes a thread, and what it keeps of a multiprocessor meanwhile:
// `norms` in bench/results/h200-tuning.md, with a ring and without.
static constexpr double copySeconds = 8e-9;
// Share of the bandwidth that is reached.
static constexpr double timeStreamed = 0.99, laneStreamed = 0.97, keptStreamed = 0.98;
// The same where rows begin anywhere, and where elements move one by one: along time for each of
// their bytes (bench/results/h200-odd.md).
static constexpr double shiftedStreamed = 0.88, phasedStreamed = 0.78, laneElementStreamed = 0.45,
                        elementStreamed = 0.13;

static double blocksAt(const Mapping &mapping, const Sizes &sizes, plan::PolicyAttr policy) {
  auto perBlock = static_cast<double>(policy.getLaneThreads() * policy.getLanes());
  return std::max(1.0, std::ceil(laneCount(mapping, sizes) / perBlock));
}

/// What each has at least, so that its ring is filled, and how many turns the blocks of a full device take.
static constexpr int64_t leastTiles = 4, turnsOfBlocks = 2;

static bool sharesTime(const Mapping &mapping) { return mapping.stateSize() == 0 && mapping.segment < 0; }

std::string sharersOfTime(const Mapping &mapping, const Target &target, plan::PolicyAttr policy) {
  if (!sharesTime(mapping))
    return {};
  scan::RecurrenceInterface loop = mapping.op;
  std::string blocks = "1";
  for (int64_t lane : mapping.lanes) {
    std::string size = loop.getDim(lane).getExtent().str();
    blocks += " * " + (lane == mapping.lanes.back()
                           ? formatv("ceildiv({0}, {1})", size, policy.getLaneThreads() * policy.getLanes()).str()
                           : size);
  }
  return formatv("max(1, min({0} / {1}, {2} / max(1, {3})))", loop.getDim(mapping.time).getExtent().getValue(),
                 leastTiles * policy.getTimeThreads() * policy.getSteps(),
                 target.multiprocessors * policy.getBlocks() * turnsOfBlocks, blocks);
}

double sharersOfTime(const Mapping &mapping, const Target &target, const Sizes &sizes, plan::PolicyAttr policy) {
  if (!sharesTime(mapping))
    return 1;
  double steps = stepCount(mapping, sizes) /
                 static_cast<double>(leastTiles * policy.getTimeThreads() * policy.getSteps());
  double blocks = static_cast<double>(target.multiprocessors * policy.getBlocks() * turnsOfBlocks) /
                  blocksAt(mapping, sizes, policy);
  return std::max(1.0, std::floor(std::min(steps, blocks)));
}

static double tilesAt(const Mapping &mapping, const Sizes &sizes, plan::PolicyAttr policy) {
  return std::ceil(stepCount(mapping, sizes) /
                   static_cast<double>(policy.getTimeThreads() * policy.getSteps()));
}

/// Whether narrow copies through a ring find little of the cache that they go through.
static bool crowdsCache(const Mapping &mapping, const Target &target, plan::PolicyAttr policy,
                        const BlellochFacts &facts) {
  if (policy.getRing() == 0 || policy.getLanes() * widestElement(mapping) >= 16)
    return false;
  auto threads = static_cast<double>(policy.getThreads());
  double byRegisters = static_cast<double>(target.registersPerMultiprocessor) /
                       (threads * usedRegisters * static_cast<double>(facts.registers));
  double byThreads = static_cast<double>(target.threadsPerMultiprocessor) / threads;
  auto bytes = static_cast<double>(facts.sharedBytes + systemShared);
  double byBytes = static_cast<double>(target.sharedPerBlock + systemShared) / bytes;
  return std::floor(std::min({byRegisters, byThreads, byBytes})) * bytes > crowdedCache;
}

/// A tile takes its chain of dependent steps, and what the blocks of a multiprocessor issue in
/// turns, unless its loads take longer, which a ring orders ahead.
static double secondsAcrossLanes(const Mapping &mapping, const Target &target, const Sizes &sizes,
                                 plan::PolicyAttr policy, const BlellochFacts &facts) {
  Work work = countWork(mapping, sizes);
  double lanes = laneCount(mapping, sizes), steps = stepCount(mapping, sizes);
  double sharers = sharersOfTime(mapping, target, sizes, policy);
  double blocks = blocksAt(mapping, sizes, policy) * sharers, tiles = std::ceil(tilesAt(mapping, sizes, policy) / sharers);
  auto most = static_cast<double>(policy.getBlocks()),
       all = static_cast<double>(target.multiprocessors);
  double together = std::min(most, std::ceil(blocks / all)),
         waves = std::max(1.0, blocks / (all * most));
  auto own = static_cast<double>(policy.getSteps()), wide = static_cast<double>(policy.getLanes());
  double walked = wide * static_cast<double>(policy.getTimeThreads() * mapping.stateSize());
  double operations = work.flops / std::max(1.0, lanes * steps);
  double slots = wide * own * (numberSlots + operationSlots * operations) + walkSlots * walked;
  constexpr double warp = 32;
  double issue = together * static_cast<double>(policy.getThreads()) / warp * slots /
                 (Target::schedulers * target.clock());
  double tile =
      own * stepChain * static_cast<double>(mapping.stateSize()) + walked * walkChain + issue;
  if (crowdsCache(mapping, target, policy, facts))
    tile *= crowdedTile;
  auto ahead = static_cast<double>(std::max<int64_t>(1, policy.getRing() - 1));
  double latency = waves * (tileLoad + tiles * (std::max(tile, tileLoad / ahead) +
                                                slowText(mapping, target, policy)));
  double compute = 2 * work.flops / target.flops + work.special / target.specialRate;
  double row = wide * static_cast<double>(policy.getLaneThreads() * widestElement(mapping));
  double streamed = facts.elementwise    ? laneElementStreamed
                    : policy.getPhased() ? phasedStreamed
                                         : laneStreamed / (1 + shortRow * shortRow / (row * row));
  double moved = compulsoryBytes(mapping, sizes) / (target.bandwidth * streamed);
  double occupied = std::min(1.0, blocks / all);
  // Neither hides all of the other where they are alike.
  double both = std::pow(std::pow(latency, 4) + std::pow(moved, 4), 0.25);
  return target.launchOverhead + std::max(both, compute / occupied);
}

/// Tensors of which a step reads something.
static double copiedTensors(const Mapping &mapping) {
  scan::RecurrenceInterface loop = mapping.op;
  double tensors = 0;
  for (auto [i, input] : llvm::enumerate(loop.getInputs()))
    tensors += loop.getInputMap(i).isFunctionOfDim(mapping.time);
  return tensors;
}

/// Of a tile whose readouts are reduced.
static double secondsOfReduced(const Mapping &mapping, plan::PolicyAttr policy) {
  constexpr double warp = 32;
  auto threads = static_cast<double>(policy.getThreads()),
       steps = static_cast<double>(policy.getSteps());
  double copies = policy.getRing() > 0 ? steps * copiedTensors(mapping) * threads / warp : 0;
  return reducedTile + reducedNumber * static_cast<double>(policy.getLanes()) * steps * threads +
         copySeconds * copies;
}

/// A block takes its tiles one after another; the first waits for its loads.
double secondsOfBlelloch(const Mapping &mapping, const Target &target, const Sizes &sizes,
                         plan::PolicyAttr policy, const BlellochFacts &facts) {
  bool alongTime = policy.getWalk() == plan::Walk::Time;
  if (!alongTime && !facts.kept && mapping.reduced < 0)
    return secondsAcrossLanes(mapping, target, sizes, policy, facts);
  Work work = countWork(mapping, sizes);
  auto threads = static_cast<double>(policy.getThreads());
  double sharers = sharersOfTime(mapping, target, sizes, policy);
  double blocks = blocksAt(mapping, sizes, policy) * sharers, tiles = std::ceil(tilesAt(mapping, sizes, policy) / sharers);
  auto resident = static_cast<double>(target.multiprocessors * policy.getBlocks());
  double tile = facts.kept ? keptTile + keptStep * stepCount(mapping, sizes)
                           : (timeTile + timeTilePerThread * threads) *
                                 static_cast<double>(mapping.stateSize());
  if (mapping.reduced >= 0)
    tile = secondsOfReduced(mapping, policy);
  tile += slowText(mapping, target, policy);
  double latency = std::ceil(blocks / resident) * (target.memoryLatency + tiles * tile);
  double occupied = std::min(1.0, blocks / resident);
  // Functions are called once: their values wait in registers for the replay.
  double compute = 2 * work.flops / target.flops + work.special / target.specialRate;
  double streamed = alongTime ? timeStreamed : facts.kept ? keptStreamed : laneStreamed;
  if (facts.elementwise)
    streamed = alongTime ? elementStreamed * static_cast<double>(widestElement(mapping))
                         : laneElementStreamed;
  else if (policy.getShifted())
    streamed = shiftedStreamed;
  return target.launchOverhead +
         std::max({compulsoryBytes(mapping, sizes) / (target.bandwidth * streamed), latency,
                   compute / occupied});
}

} // namespace scanc::planning
