//===- Clocks.h - What happened before what in a launch ---------*- C++ -*-===//
//
// A vector clock over every thread of a grid would hold thousands of entries.
// Barriers make it sparse: a thread knows everything of its block before the
// last block barrier, everything of its warp before the last warp barrier, and
// of other threads only what a release told it. A moment is therefore a triple
// of counters, and knowledge a set of bounds on them.
//
//===----------------------------------------------------------------------===//
#ifndef SCANC_TESTS_EMULATION_CLOCKS_H
#define SCANC_TESTS_EMULATION_CLOCKS_H

#include <algorithm>
#include <cstdint>
#include <map>
#include <memory>

namespace scanc::emulation {

/// When a thread did something. Warps and threads are numbered through the grid.
struct Moment {
  std::uint32_t block = 0, warp = 0, thread = 0;
  std::uint32_t blockEpoch = 0; ///< barriers that the block has passed
  std::uint32_t warpEpoch = 0;  ///< warp barriers and shuffles that the warp has passed
  std::uint32_t clock = 0;      ///< releases that the thread has made
};

/// What releases have told: all that block, warp or thread k did before its counter was `[k]`.
struct Knowledge {
  std::map<std::uint32_t, std::uint32_t> blocks, warps, threads;

  bool covers(const Moment &moment) const {
    return below(blocks, moment.block, moment.blockEpoch) ||
           below(warps, moment.warp, moment.warpEpoch) ||
           below(threads, moment.thread, moment.clock);
  }

  void add(const Knowledge &other) {
    raise(blocks, other.blocks);
    raise(warps, other.warps);
    raise(threads, other.threads);
  }

  /// Adds what a thread knows of its own block at `now`, up to and including `now`.
  void addOwn(const Moment &now) {
    raise(blocks, now.block, now.blockEpoch);
    raise(warps, now.warp, now.warpEpoch);
    raise(threads, now.thread, now.clock + 1);
  }

private:
  using Bounds = std::map<std::uint32_t, std::uint32_t>;

  static bool below(const Bounds &bounds, std::uint32_t key, std::uint32_t count) {
    auto bound = bounds.find(key);
    return bound != bounds.end() && count < bound->second;
  }
  static void raise(Bounds &bounds, std::uint32_t key, std::uint32_t count) {
    std::uint32_t &bound = bounds[key];
    bound = std::max(bound, count);
  }
  static void raise(Bounds &bounds, const Bounds &others) {
    for (auto [key, count] : others)
      raise(bounds, key, count);
  }
};

/// Knowledge is shared between threads and never changed once shared.
using KnowledgeRef = std::shared_ptr<const Knowledge>;

/// What somebody knows who knows both. Null knows nothing.
inline KnowledgeRef join(const KnowledgeRef &a, const KnowledgeRef &b) {
  if (!b || a == b)
    return a;
  if (!a)
    return b;
  auto both = std::make_shared<Knowledge>(*a);
  both->add(*b);
  return both;
}

/// Whether everything at `past`, in another thread, happened before the thread that is at `now` and
/// was told `known`.
inline bool happenedBefore(const Moment &past, const Moment &now, const KnowledgeRef &known) {
  if (past.block == now.block && (past.blockEpoch < now.blockEpoch ||
                                  (past.warp == now.warp && past.warpEpoch < now.warpEpoch)))
    return true;
  return known && known->covers(past);
}

} // namespace scanc::emulation

#endif // SCANC_TESTS_EMULATION_CLOCKS_H
