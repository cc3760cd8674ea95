//===- Scheduler.h - One fiber per CUDA thread ------------------*- C++ -*-===//
//
// All fibers run on the thread of the caller, one at a time, in an order drawn
// from a seed. A fiber gives way where CUDA lets another thread be faster:
// inside barriers and shuffles, at atomics, and now and then at an access.
//
//===----------------------------------------------------------------------===//
#ifndef SCANC_TESTS_EMULATION_SCHEDULER_H
#define SCANC_TESTS_EMULATION_SCHEDULER_H

#include "scanc_emulation/hooks.h"
#include "tests/emulation/Clocks.h"
#include "tests/emulation/Emulation.h"
#include "tests/emulation/SharedMemory.h"

#include <optional>

namespace scanc::emulation {

struct Block;
class Scheduler;

struct Warp {
  std::uint32_t number = 0;  ///< through the grid
  std::uint32_t threads = 0; ///< 32, less in the last warp of a block
  std::uint32_t arrived = 0; ///< at the warp barrier or shuffle that is open
  std::uint32_t epoch = 0;
  Place place; ///< of the open barrier or shuffle
  /// What the lanes gave to the open shuffle, and to the one before, which slow lanes still read.
  std::vector<char> slots[2];
};

/// A copy from global to shared memory that has not landed.
struct PendingCopy {
  void *to;
  const void *from;
  std::uint32_t bytes;
  std::uint32_t present; ///< of these, from the first, that are read; the others become 0
  std::uint32_t group;   ///< number of the group that it belongs to
  Place place;
};

struct Fiber {
  enum class State : std::uint8_t { ready, atBlockBarrier, atWarpBarrier, finished };

  Scheduler *scheduler = nullptr;
  void *context = nullptr; ///< where it goes on, in the terms of Boost.Context
  char *stack = nullptr;   ///< lowest usable address
  void *sanitizerStack = nullptr;
  Block *block = nullptr;
  Warp *warp = nullptr;
  std::uint32_t thread = 0; ///< in the block
  std::uint32_t lane = 0;
  std::uint32_t clock = 0;
  State state = State::ready;
  bool awaits = false; ///< the launch before has not ended for it
  Place place; ///< of the barrier at which it waits
  std::vector<PendingCopy> copies; ///< in the order in which they were started
  std::uint32_t copyGroup = 0;     ///< the group that is open
  KnowledgeRef known;
  KnowledgeRef lastTold; ///< joined to `known` last: a thread that polls joins it once
};

/// A resident block. The slot is used again for the next block of the grid.
struct Block {
  std::uint32_t number = 0;
  std::uint32_t arrived = 0; ///< at the block barrier that is open
  std::uint32_t finished = 0;
  std::uint32_t epoch = 0;
  Place place;       ///< of the open barrier
  bool told = false; ///< a thread of it has acquired something, ever
  std::vector<Fiber> fibers;
  std::vector<Warp> warps;
  std::vector<Fiber *> ready;
  SharedMemory shared;
};

/// SplitMix64: one word of state, the same numbers everywhere.
class Random {
public:
  explicit Random(std::uint64_t seed) : state(seed) {}
  /// A number below `bound`, which is small: the bias of the remainder does not matter here.
  std::uint64_t below(std::uint64_t bound) {
    std::uint64_t bits = state += 0x9e3779b97f4a7c15;
    bits = (bits ^ (bits >> 30)) * 0xbf58476d1ce4e5b9;
    bits = (bits ^ (bits >> 27)) * 0x94d049bb133111eb;
    return (bits ^ (bits >> 31)) % bound;
  }

private:
  std::uint64_t state;
};

/// The execution of one launch.
class Scheduler {
public:
  struct Kernel {
    void (*run)(const void *arguments);
    const void *arguments;
    std::uint32_t blocks, threads; ///< of the grid, of a block
    std::size_t sharedBytes;
    bool dependent; ///< threads await the launch before
  };

  Scheduler(const Kernel &kernel, const Options &options);

  /// Runs every block to its end, or to the first fault.
  Result<Statistics> run();

  // The rest is called by the running fiber.
  Fiber &current() { return *running; }
  std::uint32_t blocks() const { return kernel.blocks; }
  Moment now() const;
  void blockBarrier(Place place);
  void warpBarrier(Place place);
  void shuffle(const void *own, void *result, std::uint32_t bytes, std::uint32_t source,
               Place place);
  void gather(const void *own, void *all, std::uint32_t bytes, Place place);
  /// Lets any ready fiber go on, perhaps the same one.
  void giveWay();
  /// Counts an access; now and then gives way.
  void access() {
    ++statistics.accesses;
    if (--accessesLeft <= 0)
      giveWay();
  }
  bool flipCoin() { return random.below(2) == 0; }
  /// A look at a flag: a fault after very many of them without `progress` by anyone.
  void look(Place place);
  void progress() { looks = 0; }
  /// Ends the launch with the report that `make` returns. The stacks of all fibers are left as they
  /// are, so nothing that must be destroyed may live on them: a kernel has no such thing, and the
  /// words of the report end with `make`.
  template <typename Make>
  [[noreturn]] void fail(Make make) {
    fault = make();
    stop();
  }

private:
  friend struct FiberEntry;
  void start(Block &slot);
  void finish();
  void wake(Fiber &fiber);
  void joinWarp(Place place);
  /// Gives `bytes` bytes to the warp and waits for the other lanes; where the bytes of all lie.
  const char *meetWarp(const void *own, std::uint32_t bytes, Place place);
  [[noreturn]] void failShuffle(std::uint32_t source, Place place);
  void mustMatch(Place open, Place mine, const char *group);
  Error stuckReport() const;
  /// Lets another fiber go on; the caller of `run` where none can.
  void dispatch();
  Fiber *pick();
  void switchTo(Fiber &next);
  [[noreturn]] void stop();

  const Kernel kernel;
  const Options options;
  Random random;
  std::vector<Block> resident;
  std::vector<std::uint32_t> waiting; ///< numbers of blocks that have not started
  Block *favoured = nullptr;          ///< the block that runs for `burst` more switches
  std::int64_t burst = 0;
  bool newestFirst = false; ///< in this burst the fiber that became ready last goes first
  std::int64_t accessesLeft = 0;
  std::int64_t looks = 0;
  std::uint32_t unfinishedBlocks;
  Fiber host;                     ///< the caller of `run`
  std::size_t hostStackBytes = 0; ///< known to, and needed by, the address sanitizer alone
  Fiber *running = nullptr;
  std::optional<Error> fault;
  Statistics statistics;
};

} // namespace scanc::emulation

#endif // SCANC_TESTS_EMULATION_SCHEDULER_H
