//===- launch/LaunchTrace.h - Which kernels were launched last --*- C++ -*-===//
//
// A kernel that fails does so after its launch has returned; some later call
// of the driver reports it, without a name. So the last launches are noted.
//
//===----------------------------------------------------------------------===//
#ifndef SCANC_RUNTIME_LAUNCH_LAUNCHTRACE_H
#define SCANC_RUNTIME_LAUNCH_LAUNCHTRACE_H

#include <string>
#include <vector>

namespace scanc::rt {

/// `description`, kept for the life of the process, once for each text.
const std::string *keptDescription(std::string description);

/// Notes a launch: one atomic addition and one store. `description` is one that is kept.
void noteLaunch(const std::string *description);

/// The kernels of the last 16 launches of this process, latest first, each once.
std::vector<std::string> lastLaunches();

} // namespace scanc::rt

#endif // SCANC_RUNTIME_LAUNCH_LAUNCHTRACE_H
