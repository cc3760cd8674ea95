//===- cache/NodeLock.h - One process of a machine at a time ----*- C++ -*-===//
//
// Saves work, and is never needed for a right result: who cannot have the lock
// goes on without it. Lock files lie in a folder of this machine, for locks of
// network file systems hang, and are never removed: another may wait for one.
//
//===----------------------------------------------------------------------===//
#ifndef SCANC_RUNTIME_CACHE_NODELOCK_H
#define SCANC_RUNTIME_CACHE_NODELOCK_H

#include <chrono>
#include <string_view>

namespace scanc::rt {

class NodeLock {
public:
  /// Waits for the lock of `name`, at most as long as `patience`. Names share 4096 locks.
  explicit NodeLock(std::string_view name,
                    std::chrono::milliseconds patience = std::chrono::seconds(5));
  NodeLock(const NodeLock &) = delete;
  NodeLock &operator=(const NodeLock &) = delete;
  ~NodeLock();

  bool isHeld() const { return held; }

private:
  int file = -1;
  bool held = false;
};

} // namespace scanc::rt

#endif // SCANC_RUNTIME_CACHE_NODELOCK_H
