//===- scanc_emulation/hooks.h - What a kernel on the CPU asks of its host -===//
//
// Included by every emulated kernel and by the host library: it must stay cheap
// to compile. A kernel is a shared object that calls back through `Hooks`, so
// neither side links against the other.
//
//===----------------------------------------------------------------------===//
#ifndef SCANC_EMULATION_HOOKS_H
#define SCANC_EMULATION_HOOKS_H

#include <source_location>
#include <stdint.h>

namespace scanc::emulation {

using Place = std::source_location;

/// The functions of the host library, called by one emulated thread at a time. Those that return
/// an address check the access first and give the bytes to use: shared memory is one object in the
/// kernel's text and one copy per resident block in the host. None returns after a fault.
struct Hooks {
  uint32_t (*threadIndex)();
  uint32_t (*blockIndex)();
  uint32_t (*blockCount)();
  void (*awaitLaunchBefore)();
  void (*blockBarrier)(Place);
  void (*warpBarrier)(Place);
  /// Gives `bytes` bytes at `own` to the warp and fetches those of lane `source` into `result`.
  void (*shuffle)(const void *own, void *result, uint32_t bytes, uint32_t source, Place);
  /// Gives `bytes` bytes at `own` to the warp and fetches those of all 32 lanes, in their order.
  void (*gather)(const void *own, void *all, uint32_t bytes, Place);
  /// `readOnly`: the load takes the path that is not coherent with stores of this launch.
  const void *(*globalLoad)(const void *address, uint32_t bytes, uint32_t alignment, bool readOnly,
                            Place);
  void *(*globalStore)(void *address, uint32_t bytes, uint32_t alignment, Place);
  const void *(*sharedLoad)(const void *address, uint32_t bytes, uint32_t alignment, Place);
  void *(*sharedStore)(void *address, uint32_t bytes, uint32_t alignment, Place);
  void (*storeRelease)(uint32_t *address, uint32_t value, Place);
  uint32_t (*loadAcquire)(const uint32_t *address, Place);
  uint32_t (*atomicAdd)(uint32_t *address, uint32_t value, Place);
  // Atomic, as the three above, but they order no other memory.
  void (*storeRelaxed)(void *address, const void *value, uint32_t bytes, Place);
  void (*loadRelaxed)(const void *address, void *value, uint32_t bytes, Place);
  uint32_t (*addRelaxed)(uint32_t *address, uint32_t value, Place);
  /// A copy from global to shared memory lands when the thread waits for its group, not before. Of
  /// its bytes the first `present` are read; the others become 0.
  void (*startCopy)(void *to, const void *from, uint32_t bytes, uint32_t present, bool readOnly,
                    Place);
  void (*closeCopies)();
  void (*awaitCopies)(uint32_t open);
  /// A cell of shared memory that counts the times at which all bytes had landed that it expected.
  void (*expectBytes)(uint64_t *cell, uint32_t bytes, Place);
  void (*landBytes)(uint64_t *cell, uint32_t bytes, Place);
  /// The same where `of` threads arrive in place of bytes.
  void (*arrive)(uint64_t *cell, uint32_t of, Place);
  uint32_t (*timesLanded)(const uint64_t *cell, Place);
};

/// What a kernel tells of itself when it is loaded.
struct ModuleFacts {
  void (*run)(const void *arguments); ///< one thread's execution of the kernel
  uint64_t argumentBytes;             ///< size of the kernel's one parameter, 0 without any
  char *sharedBegin;                  ///< its statically sized shared memory; null without any
  uint64_t sharedBytes;
  char *dynamicBegin; ///< where its dynamic shared memory would begin
};

/// The table that this kernel calls; set when it is loaded.
inline const Hooks *hooks;

/// As much as a block of any device may have. Only its addresses are used.
inline constexpr uint64_t maxDynamicShared = 227 * 1024;
alignas(1024) inline char dynamicShared[maxDynamicShared];

} // namespace scanc::emulation

#endif // SCANC_EMULATION_HOOKS_H
