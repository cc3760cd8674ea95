//===- launch/WorkspacePools.h - Where launches take their workspace ------===//
//
// A device's default pool gives its free memory back to the system at every
// synchronisation; taking it anew costs a launch 50 to 100 us on an H200,
// against 2 us from a pool that keeps it. The default pool is the user's to
// tune, so the runtime has its own.
//
//===----------------------------------------------------------------------===//
#ifndef SCANC_RUNTIME_LAUNCH_WORKSPACEPOOLS_H
#define SCANC_RUNTIME_LAUNCH_WORKSPACEPOOLS_H

#include "runtime/launch/Driver.h"

#include <map>
#include <mutex>

namespace scanc::rt {

/// One pool for each device, which keeps its memory. Pools are never destroyed: work that uses
/// their memory may outlive any one executable.
class WorkspacePools {
public:
  explicit WorkspacePools(const Driver &driver) : driver(driver) {}
  /// The pool of device `index`, made by the first call. Null where none can be made: the default
  /// pool gives memory too, or says why not. Called from several threads.
  CUmemPoolHandle_st *of(int index);

private:
  const Driver &driver;
  std::mutex making;
  std::map<int, CUmemPoolHandle_st *> pools; ///< by device, under `making`
};

} // namespace scanc::rt

#endif // SCANC_RUNTIME_LAUNCH_WORKSPACEPOOLS_H
