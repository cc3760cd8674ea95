//===- Scheduler.cpp - Chooses who runs, and meets at barriers -------------===//
#include "tests/emulation/Scheduler.h"
#include "tests/emulation/Report.h"

#include <algorithm>
#include <boost/context/detail/fcontext.hpp>
#include <cstring>
#include <numeric>
#include <sys/mman.h>

#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/asan_interface.h>
#endif

namespace scanc::emulation {
namespace {

namespace context = boost::context::detail;

constexpr std::uint32_t warpSize = 32;
/// Looks at flags without a store by anybody after which a launch counts as hanging.
constexpr std::int64_t lookLimit = 1 << 21;
/// Accesses of a fiber before another may go on.
constexpr std::uint64_t longestRun = 512;
/// Switches for which one block is favoured, as a power of two.
constexpr std::uint64_t longestBurst = 10;

constexpr std::size_t pageBytes = 4096;
#ifdef __SANITIZE_ADDRESS__
constexpr std::size_t stackBytes = 64 * pageBytes;
#else
constexpr std::size_t stackBytes = 32 * pageBytes;
#endif

/// Stacks with a guard page below each, kept for the next launch of this OS thread. Pages that no
/// fiber touches cost nothing.
class StackPool {
public:
  ~StackPool() { release(); }
  bool reserve(std::size_t wanted) {
    if (wanted <= count)
      return true;
    release();
    void *mapped = mmap(nullptr, wanted * stride, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (mapped == MAP_FAILED)
      return false;
    base = static_cast<char *>(mapped);
    count = wanted;
    for (std::size_t i = 0; i < count; ++i)
      mprotect(base + i * stride, pageBytes, PROT_NONE);
    return true;
  }
  char *stack(std::size_t index) const { return base + index * stride + pageBytes; }

private:
  static constexpr std::size_t stride = stackBytes + pageBytes;
  void release() {
    if (base)
      munmap(base, count * stride);
    base = nullptr;
    count = 0;
  }
  char *base = nullptr;
  std::size_t count = 0;
};

thread_local StackPool stacks;

bool samePlace(Place a, Place b) {
  return a.line() == b.line() &&
         (a.file_name() == b.file_name() || std::strcmp(a.file_name(), b.file_name()) == 0);
}

} // namespace

/// The first thing that runs on a new stack.
struct FiberEntry {
  static void landed(context::transfer_t arrival) {
    static_cast<Fiber *>(arrival.data)->context = arrival.fctx;
  }
  static void run(context::transfer_t arrival) {
    landed(arrival);
    Scheduler &scheduler = *static_cast<Fiber *>(arrival.data)->scheduler;
#ifdef __SANITIZE_ADDRESS__
    const void *bottom;
    std::size_t size;
    __sanitizer_finish_switch_fiber(nullptr, &bottom, &size);
    Fiber &from = *static_cast<Fiber *>(arrival.data);
    if (&from == &scheduler.host) {
      scheduler.host.stack = const_cast<char *>(static_cast<const char *>(bottom));
      scheduler.hostStackBytes = size;
    }
#endif
    scheduler.kernel.run(scheduler.kernel.arguments);
    scheduler.finish();
  }
};

Scheduler::Scheduler(const Kernel &kernel, const Options &options)
    : kernel(kernel), options(options), random(options.seed), waiting(options.blocks) {
  host.scheduler = this;
  if (waiting.empty()) {
    waiting.resize(kernel.blocks);
    std::iota(waiting.begin(), waiting.end(), 0);
  }
  unfinishedBlocks = waiting.size();
  // Hardware starts blocks in an order of its own; a kernel must not rely on one.
  for (std::size_t i = waiting.size(); i > 1; --i)
    std::swap(waiting[i - 1], waiting[random.below(i)]);
}

Result<Statistics> Scheduler::run() {
  const std::size_t slots = std::min<std::size_t>(options.residentBlocks, waiting.size());
  if (!stacks.reserve(slots * kernel.threads))
    return makeFault("environment", "no memory for the stacks of " +
                                        std::to_string(slots * kernel.threads) + " threads");
  resident.resize(slots);
  for (Block &slot : resident)
    start(slot);
  running = &host;
  while (unfinishedBlocks > 0 && !fault) {
    dispatch();
    for (Block &slot : resident)
      if (slot.finished == kernel.threads && !waiting.empty())
        start(slot);
  }
  if (fault)
    return std::move(*fault);
  return statistics;
}

/// Puts the next block of the grid into a slot. Runs on the host's stack: the slot's stacks are
/// free.
void Scheduler::start(Block &slot) {
  const std::size_t firstStack = (&slot - resident.data()) * kernel.threads;
  const bool fresh = slot.fibers.empty();
  if (fresh) {
    slot.fibers.resize(kernel.threads);
    slot.warps.resize((kernel.threads + warpSize - 1) / warpSize);
    slot.shared = SharedMemory(kernel.sharedBytes);
  } else {
    slot.shared.clear();
  }
  slot.number = waiting.back();
  waiting.pop_back();
  slot.arrived = slot.finished = slot.epoch = 0;
  slot.told = false;
  for (std::uint32_t i = 0; i < slot.warps.size(); ++i) {
    Warp &warp = slot.warps[i];
    warp.number = slot.number * slot.warps.size() + i;
    warp.threads = std::min(warpSize, kernel.threads - i * warpSize);
    warp.arrived = warp.epoch = 0;
  }
  for (std::uint32_t i = 0; i < kernel.threads; ++i) {
    Fiber &fiber = slot.fibers[i];
    fiber = Fiber();
    fiber.scheduler = this;
    fiber.block = &slot;
    fiber.warp = &slot.warps[i / warpSize];
    fiber.thread = i;
    fiber.lane = i % warpSize;
    fiber.awaits = kernel.dependent;
    fiber.stack = stacks.stack(firstStack + i);
#ifdef __SANITIZE_ADDRESS__
    // A fiber that was left behind by a fault has not cleaned up.
    __asan_unpoison_memory_region(fiber.stack, stackBytes);
#endif
    fiber.context = context::make_fcontext(fiber.stack + stackBytes, stackBytes, FiberEntry::run);
    slot.ready.push_back(&fiber);
  }
}

void Scheduler::finish() {
  running->state = Fiber::State::finished;
  Block &block = *running->block;
  progress();
  if (++block.finished == kernel.threads) {
    --unfinishedBlocks;
    switchTo(host); // which may use this stack again
  }
  dispatch();
}

Moment Scheduler::now() const {
  const Fiber &me = *running;
  return {me.block->number, me.warp->number, me.block->number * kernel.threads + me.thread,
          me.block->epoch,  me.warp->epoch,  me.clock};
}

void Scheduler::wake(Fiber &fiber) {
  fiber.state = Fiber::State::ready;
  fiber.block->ready.push_back(&fiber);
}

void Scheduler::giveWay() {
  wake(*running);
  dispatch();
}

void Scheduler::blockBarrier(Place place) {
  Fiber &me = *running;
  Block &block = *me.block;
  if (block.arrived == 0)
    block.place = place;
  else
    mustMatch(block.place, place, "block");
  me.place = place;
  me.state = Fiber::State::atBlockBarrier;
  if (++block.arrived < kernel.threads)
    return dispatch();

  block.arrived = 0;
  ++block.epoch;
  if (block.told) {
    KnowledgeRef all;
    for (const Fiber &fiber : block.fibers)
      all = join(all, fiber.known);
    for (Fiber &fiber : block.fibers)
      fiber.known = all;
  }
  for (Fiber &fiber : block.fibers)
    wake(fiber);
  dispatch();
}

void Scheduler::joinWarp(Place place) {
  Fiber &me = *running;
  Warp &warp = *me.warp;
  if (warp.arrived == 0)
    warp.place = place;
  else
    mustMatch(warp.place, place, "warp");
  me.place = place;
  me.state = Fiber::State::atWarpBarrier;
  if (++warp.arrived < warp.threads)
    return dispatch();

  warp.arrived = 0;
  ++warp.epoch;
  Fiber *const first = &me - me.lane;
  if (me.block->told) {
    KnowledgeRef all;
    for (Fiber *fiber = first; fiber != first + warp.threads; ++fiber)
      all = join(all, fiber->known);
    for (Fiber *fiber = first; fiber != first + warp.threads; ++fiber)
      fiber->known = all;
  }
  for (Fiber *fiber = first; fiber != first + warp.threads; ++fiber)
    wake(*fiber);
  dispatch();
}

void Scheduler::warpBarrier(Place place) { joinWarp(place); }

const char *Scheduler::meetWarp(const void *own, std::uint32_t bytes, Place place) {
  Fiber &me = *running;
  Warp &warp = *me.warp;
  // A lane gives to these slots again two shuffles later. By then every lane has entered the
  // shuffle between, so it has read what it wanted.
  std::vector<char> &slots = warp.slots[warp.epoch % 2];
  if (slots.size() < bytes * warpSize)
    slots.resize(bytes * warpSize);
  std::memcpy(slots.data() + me.lane * bytes, own, bytes);
  joinWarp(place);
  return slots.data();
}

void Scheduler::failShuffle(std::uint32_t source, Place place) {
  fail([&] {
    return makeFault("shuffle", "lane " + std::to_string(running->lane) + " of a warp of " +
                                    std::to_string(running->warp->threads) +
                                    " threads reads from lane " + std::to_string(source) + " at " +
                                    spell(place));
  });
}

void Scheduler::shuffle(const void *own, void *result, std::uint32_t bytes, std::uint32_t source,
                        Place place) {
  const char *given = meetWarp(own, bytes, place);
  if (source >= running->warp->threads)
    failShuffle(source, place);
  std::memcpy(result, given + source * bytes, bytes);
}

void Scheduler::gather(const void *own, void *all, std::uint32_t bytes, Place place) {
  const char *given = meetWarp(own, bytes, place);
  if (running->warp->threads < warpSize)
    failShuffle(warpSize - 1, place);
  std::memcpy(all, given, warpSize * bytes);
}

void Scheduler::mustMatch(Place open, Place mine, const char *group) {
  if (samePlace(open, mine))
    return;
  fail([&] {
    const Fiber &me = *running;
    const auto waits = [&](const Fiber &fiber) {
      return &fiber != &me && fiber.state != Fiber::State::ready && samePlace(fiber.place, open);
    };
    const auto other = std::find_if(me.block->fibers.begin(), me.block->fibers.end(), waits);
    return makeFault("divergence",
                     std::string("threads of one ") + group +
                         " meet at different barriers: block " + std::to_string(me.block->number) +
                         ", thread " + std::to_string(other->thread) + " waits at " + spell(open) +
                         ", thread " + std::to_string(me.thread) + " arrives at " + spell(mine));
  });
}

void Scheduler::look(Place place) {
  if (++looks > lookLimit)
    fail([&] {
      return makeFault("hang", "block " + std::to_string(running->block->number) + ", thread " +
                                   std::to_string(running->thread) + " waits at " + spell(place) +
                                   " for a flag that nobody sets; " +
                                   std::to_string(waiting.size()) + " blocks have not started");
    });
}

/// Called when no fiber can go on: every unfinished block waits at a barrier that some of its own
/// threads will not reach.
Error Scheduler::stuckReport() const {
  const Block *stuck = nullptr;
  for (const Block &block : resident)
    if (block.finished < kernel.threads)
      stuck = &block;
  std::string text = "not all threads reach a barrier: block " + std::to_string(stuck->number);
  const std::vector<Fiber> &fibers = stuck->fibers;
  for (std::size_t first = 0, last; first < fibers.size(); first = last) {
    const Fiber &fiber = fibers[first];
    for (last = first + 1; last < fibers.size(); ++last)
      if (fibers[last].state != fiber.state ||
          (fiber.state != Fiber::State::finished && !samePlace(fibers[last].place, fiber.place)))
        break;
    text += first ? "; threads " : ", threads ";
    text += std::to_string(first) + "-" + std::to_string(last - 1);
    if (fiber.state == Fiber::State::finished)
      text += " have finished";
    else
      text += (fiber.state == Fiber::State::atBlockBarrier ? " wait for the block at "
                                                           : " wait for their warp at ") +
              spell(fiber.place);
  }
  return makeFault("divergence", text);
}

void Scheduler::stop() {
  switchTo(host);
  __builtin_unreachable(); // the host never switches back after a fault
}

void Scheduler::dispatch() {
  Fiber *next = pick();
  if (!next) {
    fault = stuckReport();
    next = &host;
  }
  accessesLeft = 1 + random.below(longestRun);
  switchTo(*next);
}

Fiber *Scheduler::pick() {
  if (!favoured || favoured->ready.empty() || --burst < 0) {
    std::uint64_t candidates = 0;
    for (const Block &block : resident)
      candidates += !block.ready.empty();
    if (candidates == 0)
      return nullptr;
    std::uint64_t chosen = random.below(candidates);
    for (Block &block : resident) {
      if (block.ready.empty())
        continue;
      favoured = &block;
      if (chosen-- == 0)
        break;
    }
    burst = 1 << random.below(longestBurst);
    newestFirst = random.below(2);
  }
  std::vector<Fiber *> &ready = favoured->ready;
  if (!newestFirst)
    std::swap(ready[random.below(ready.size())], ready.back());
  Fiber *next = ready.back();
  ready.pop_back();
  return next;
}

void Scheduler::switchTo(Fiber &next) {
  Fiber &from = *running;
  if (&from == &next)
    return;
  running = &next;
  ++statistics.switches;
#ifdef __SANITIZE_ADDRESS__
  const bool leaves = from.state == Fiber::State::finished;
  __sanitizer_start_switch_fiber(leaves ? nullptr : &from.sanitizerStack, next.stack,
                                 &next == &host ? hostStackBytes : stackBytes);
#endif
  FiberEntry::landed(context::jump_fcontext(next.context, &from));
#ifdef __SANITIZE_ADDRESS__
  __sanitizer_finish_switch_fiber(from.sanitizerStack, nullptr, nullptr);
#endif
}

} // namespace scanc::emulation
