//===- LookBack.cpp - Blocks scan tiles of time in one pass ---------------===//
#include "compiler/planning/Strategy.h"
#include "compiler/planning/Tuning.h"

#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/MathExtras.h"

#include <cmath>

using namespace mlir;
using llvm::formatv;

namespace scanc::planning {

namespace {

constexpr int64_t warp = 32;
/// Tiles of a group, groups of a span: see templates/scanc/grid/look_back.cuh.
constexpr int64_t fan = 16;
/// Bytes of workspace before the notices.
constexpr int64_t head = 256;

/// Right when lanes are few and time is long: the blocks of the grid share a lane's time, each
/// reads its tile once, and learns from the tiles before what enters it.
class LookBack final : public KernelStrategy {
public:
  StringRef name() const override { return "look_back"; }

  std::optional<std::string> declines(const Mapping &mapping, const Target &) const override {
    if (auto reason = declinesElementwise(mapping))
      return reason;
    if (auto reason = declinesReducedLanes(mapping))
      return reason;
    if (auto reason = declinesReassociation(mapping))
      return reason;
    bool timeWalk = mapping.walk == plan::Walk::Time;
    int64_t laneThreads = tuned(mapping, "lane_threads", 1);
    int64_t timeThreads = tuned(mapping, "time_threads", warp);
    if (laneThreads * timeThreads > 1024 ||
        (timeWalk ? timeThreads % warp != 0
                  : timeThreads != warp || tuned(mapping, "runs", 1) != 1))
      return "a block of at most 1024 threads, whole warps of them along contiguous time and 32 "
             "across lanes, is wanted";
    if (int64_t ring = tuned(mapping, "ring", 0); ring > 0 && (ring < 3 || !canStream(mapping)))
      return "a ring is of 3 tiles at least, for one number of state in at most a lane per warp, "
             "their number bound, along contiguous time without segments";
    return std::nullopt;
  }

  Cost cost(const Mapping &mapping, const Target &target, const Sizes &sizes) const override {
    Cost cost = costOf(mapping, choose(mapping, target, sizes), sizes);
    double lanes = laneCount(mapping, sizes);
    double tiles = std::max(1.0, std::ceil(stepCount(mapping, sizes) / tileSteps(cost.policy)));
    cost.workspaceBytes =
        head + static_cast<int64_t>((tiles + tiles / fan + 1) * lanes * laneBytes(mapping));
    Work work = countWork(mapping, sizes);
    cost.flops = 2 * work.flops;
    int64_t items = mapping.stateWords() * cost.policy.getLanes();
    cost.registersPerThread = std::min<int64_t>(
        255,
        40 + cost.policy.getRuns() * (tileRegisters(mapping, cost.policy) + 2 * items) + 4 * items);
    cost.errorBound = errorBound(mapping, "in any order of composition");

    double rows = std::ceil(lanes / (cost.policy.getLaneThreads() * cost.policy.getLanes()));
    double blocks = rows * tiles;
    double resident = target.multiprocessors * std::max<double>(1, cost.policy.getBlocks());
    double waves = std::ceil(blocks / resident);
    // Blocks of one row that are resident together wait for each other; the first for nobody.
    double wait = lookBackLatency * (1 - std::min(1.0, rows / resident)) * (1 - 1 / tiles);
    double occupied = std::min(1.0, blocks / resident);
    double compute = 2 * (work.flops / target.flops + work.special / target.specialRate);
    bool rings = cost.policy.getRing() > 0;
    double streamed = rings ? ringStreamed : streamedOf(mapping, cost);
    // The first tile waits for its loads and for others; of later ones the blocks beside them hide
    // that.
    auto numbers = static_cast<double>(cost.policy.getRuns() * cost.policy.getSteps() *
                                       cost.policy.getLanes());
    double first = rings ? 0 : tileLatency + numbers * numberLatency + wait,
           later = rings ? 0 : (waves - 1) * waveLatency;
    cost.seconds =
        target.launchOverhead + clearing + first +
        std::max({cost.bytes / (target.bandwidth * streamed), later, compute / occupied}) +
        waves * slowText(mapping, target, cost.policy);
    return cost;
  }

  Knobs knobs(const Mapping &mapping, const Target &) const override {
    if (mapping.walk == plan::Walk::Time)
      return {{"time_threads", {64, 128, 256, 512}},
              {"steps", {4, 8, 16}},
              {"ring", {0, 3}},
              {"runs", {1, 2, 4, 8}}};
    return {{"lane_threads", {4, 8, 16, 32}}, {"lanes", {1, 2, 4}}, {"steps", {2, 4, 8, 16}}};
  }

private:
  // Measured on an H200 (bench/results/h200-tuning.md, h200-grid.md). Seconds of a tile from its
  // loads to its stores and of each number of a thread in it, for a block to hear of the tiles
  // before it, of clearing the workspace, of a tile where others keep the multiprocessor busy, and
  // the share of the bandwidth that is reached.
  static constexpr double tileLatency = 1.3e-6, numberLatency = 22e-9, lookBackLatency = 3e-6,
                          clearing = 2e-6, waveLatency = 3.5e-6;
  static constexpr double laneStreamed = 0.95, narrowStreamed = 0.8, ringStreamed = 0.83;
  /// Rows shorter than some sectors waste a share of the bandwidth, which falls with their square.
  static constexpr double shortRow = 13;

  /// The same without a ring: 16-bit elements reach less, and so do rows that begin anywhere and elements that
  /// move one by one.
  static double streamedOf(const Mapping &mapping, const Cost &cost) {
    bool narrow = widestElement(mapping) <= 2;
    auto row = static_cast<double>(cost.policy.getLaneThreads() * cost.policy.getLanes() *
                                   widestElement(mapping));
    if (mapping.walk == plan::Walk::Lanes)
      return cost.elementwise ? (narrow ? 0.32 : 0.51)
                              : (narrow ? narrowStreamed : laneStreamed) /
                                    (1 + shortRow * shortRow / (row * row));
    if (cost.elementwise)
      return narrow ? 0.26 : 0.52;
    if (cost.policy.getShifted())
      return narrow ? 0.87 : 0.9;
    return narrow ? 0.88 : 0.93;
  }

  static int64_t tileSteps(plan::PolicyAttr policy) {
    return policy.getTimeThreads() * policy.getSteps() * policy.getRuns();
  }

  /// Bytes of the maps of one lane, over all states.
  static int64_t laneBytes(const Mapping &mapping) {
    int64_t bytes = 0;
    forEachState(mapping, [&](int64_t numbers, int64_t number) { bytes += 2 * numbers * number; });
    return bytes;
  }

  static int64_t streamThreads(const Mapping &mapping) {
    return tuned(mapping, "time_threads", 512);
  }

  /// Whether blocks can stay and take tile after tile: templates/scanc/kernel/look_back_stream.cuh.
  static bool canStream(const Mapping &mapping) {
    scan::RecurrenceInterface loop = mapping.op;
    int64_t rows = 1;
    for (int64_t lane : mapping.lanes) {
      int64_t size = loop.getDim(lane).getSize();
      if (ShapedType::isDynamic(size))
        return false;
      rows *= std::min<int64_t>(size, warp + 1);
    }
    return mapping.walk == plan::Walk::Time && mapping.stateSize() == 1 && mapping.segment < 0 &&
           loop.getNumStates() == 1 && rows <= streamThreads(mapping) / warp;
  }

  /// Measured on an H200 (bench/results/h200.md): one block for each multiprocessor, its shared memory
  /// full of tiles. Nothing where they would not keep it busy.
  std::optional<KernelChoice> chooseStream(const Mapping &mapping, const Target &target,
                                           const Sizes &sizes) const {
    if (!canStream(mapping))
      return std::nullopt;
    int64_t ring = tuned(mapping, "ring", 3), threads = streamThreads(mapping);
    if (ring == 0)
      return std::nullopt;
    int64_t steps = tuned(mapping, "steps", std::max<int64_t>(2, 16 / widestElement(mapping)));
    auto plain = [&](int64_t runs) {
      return plan::PolicyAttr::get(mapping.op.getContext(), mapping.walk, /*laneThreads=*/1, threads,
                                   /*lanes=*/1, steps, /*ring=*/0, runs, /*blocks=*/1);
    };
    constexpr int64_t cells = 1024; // beside the ring, at most
    int64_t slot = slotBytes(mapping, plain(1));
    int64_t fit = slot > 0 ? (target.sharedPerBlock - cells) / (slot * ring) : 0;
    int64_t runs = tuned(mapping, "runs", std::min<int64_t>(fit, 4));
    if (runs == 0 || runs > fit)
      return std::nullopt;
    KernelChoice choice;
    choice.general = plain(runs);
    choice.wide = withRing(mapping, choice.general, /*wide=*/true, slot * ring);
    constexpr int64_t tilesOfBlock = 8; // fewer are over before the ring is full
    double tiles = laneCount(mapping, sizes) * stepCount(mapping, sizes) / tileSteps(choice.wide);
    if (choice.wide.getRing() < 3 ||
        (tiles < tilesOfBlock * target.multiprocessors && tuned(mapping, "ring", 0) == 0))
      return std::nullopt;
    choice.walkers = target.multiprocessors;
    return choice;
  }

  KernelChoice choose(const Mapping &mapping, const Target &target,
                      const Sizes &sizes) const override {
    KernelChoice choice = chooseTiles(mapping, target, sizes);
    choice.wideShared = sharedBytes(mapping, choice.wide);
    choice.generalShared = sharedBytes(mapping, choice.general);
    scan::RecurrenceInterface loop = mapping.op;
    choice.tiles =
        formatv("max(1, ceildiv({0}, {1}))", loop.getDim(mapping.time).getExtent().getValue(),
                tileSteps(choice.wide));
    // Two maps a tile where a block carries the states, else one and one a group.
    StringRef perRow = choice.walkers > 0 ? "({0} + 1) * 2" : "({0} + {0} / {1} + 2) / 2 * 2";
    std::string slots = formatv(perRow.data(), choice.tiles, fan);
    for (int64_t lane : mapping.lanes)
      slots += " * " + loop.getDim(lane).getExtent().str();
    choice.workspace = formatv("{0} + {1} * {2}", head, slots, laneBytes(mapping));
    return choice;
  }

  KernelChoice chooseTiles(const Mapping &mapping, const Target &target, const Sizes &sizes) const {
    if (auto choice = chooseStream(mapping, target, sizes))
      return *choice;
    bool timeWalk = mapping.walk == plan::Walk::Time;
    int64_t widest = widestElement(mapping), words = mapping.stateWords();
    int64_t laneThreads = tuned(mapping, "lane_threads", timeWalk ? 1 : 8);
    int64_t timeThreads = tuned(mapping, "time_threads", timeWalk ? 256 : warp);
    int64_t steps = timeWalk ? std::max<int64_t>(2, 16 / widest) : std::max<int64_t>(8, 32 / widest);
    int64_t lanes = timeWalk ? 1 : lanesOfVector(mapping);
    int64_t runs = timeWalk ? 8 : 1;
    auto policy = [&](int64_t lanes, bool wide = true) {
      auto plain = plan::PolicyAttr::get(mapping.op.getContext(), mapping.walk, laneThreads,
                                         timeThreads, lanes, steps, /*ring=*/0, runs, /*blocks=*/1);
      // Beside what the tile itself takes; no smaller than what ptxas needs without spilling.
      int64_t need = (timeWalk ? 48 : 56) + (wide ? 0 : 48) + 6 * (words - 1) +
                     runs * (tileRegisters(mapping, plain) / 2 + 2 * words * lanes +
                             mapping.segmentWords(lanes));
      return withBlocks(mapping, plain, target, need);
    };
    // A tile and its maps stay in registers from the first look to the last.
    constexpr int64_t mostRegisters = 120;
    auto registers = [&] {
      return runs * (tileRegisters(mapping, policy(lanes)) + 2 * words * lanes +
                     mapping.segmentWords(lanes)) +
             2 * words * lanes;
    };
    while (lanes > 1 && 2 * words * lanes > mostRegisters / 2)
      lanes /= 2;
    while (runs > 1 && registers() > mostRegisters)
      runs /= 2;
    // The maps of a large state take them all: few steps would only compose these more often (`s5`: 987 us
    // with one step, 345 with 4, 516 with 8).
    constexpr int64_t fewSteps = 4;
    auto tileIsSmall = [&] {
      int64_t whole = tileRegisters(mapping, policy(lanes)), given = steps;
      steps /= 2;
      int64_t half = tileRegisters(mapping, policy(lanes)); // the rest does not vary with time
      steps = given;
      return 2 * (whole - half) <= mostRegisters / 2;
    };
    while (steps > 1 && registers() > mostRegisters && !(steps <= fewSteps && tileIsSmall()))
      steps /= 2;
    while (steps > 1 && hasLongText(mapping, lanes * runs, steps))
      steps /= 2;
    while (lanes > 1 && hasLongText(mapping, lanes * runs, steps))
      lanes /= 2;
    // Fewer steps to a tile where the tiles would not fill the device.
    double rows = std::ceil(laneCount(mapping, sizes) / (laneThreads * lanes));
    auto fills = [&] {
      return rows * stepCount(mapping, sizes) >=
             2.0 * target.multiprocessors * tileSteps(policy(lanes));
    };
    while (runs > 1 && !fills())
      runs /= 2;
    // Fewer lanes too where blocks are too few for all multiprocessors: the chain of one tile
    // counts.
    constexpr int64_t fewNumbers = 32;
    while (!timeWalk && lanes > 2 && lanes * steps > fewNumbers &&
           rows * stepCount(mapping, sizes) <
               static_cast<double>(target.multiprocessors * tileSteps(policy(lanes))))
      lanes /= 2;
    runs = tuned(mapping, "runs", runs);
    steps = tuned(mapping, "steps", steps);

    KernelChoice choice;
    choice.wide = policy(tuned(mapping, "lanes", lanes));
    choice.general = policy(1, /*wide=*/false);
    return choice;
  }

  /// Size of the template's look_back_storage: see templates/scanc/kernel/look_back.cuh, and
  /// look_back_stream.cuh where there is a ring.
  static int64_t sharedBytes(const Mapping &mapping, plan::PolicyAttr policy) {
    int64_t largest = 0;
    forEachState(mapping, [&](int64_t numbers, int64_t number) {
      int64_t map = 2 * number, items = numbers * policy.getLanes();
      int64_t gap = std::max<int64_t>(1, 128 / map / policy.getLaneThreads());
      int64_t bytes = policy.getWalk() == plan::Walk::Time
                          ? policy.getThreads() / warp * map + policy.getLaneThreads() * number
                          : policy.getLaneThreads() * (warp + gap) * map;
      largest = std::max(largest, items * bytes);
    });
    return policy.getRing() * policy.getRuns() * slotBytes(mapping, policy) +
           llvm::alignTo(largest + 4, 16);
  }
};

} // namespace

std::unique_ptr<Strategy> createLookBack() { return std::make_unique<LookBack>(); }

} // namespace scanc::planning
