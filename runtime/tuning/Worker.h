//===- tuning/Worker.h - What a child process does --------------*- C++ -*-===//
#ifndef SCANC_RUNTIME_TUNING_WORKER_H
#define SCANC_RUNTIME_TUNING_WORKER_H

#include "runtime/tuning/InProcess.h"

namespace scanc::tuning {

/// Answers requests (tuning/Messages.h) from stdin on stdout until there are no more, or until a
/// candidate has left the device unusable. Gives the exit code of the process. Ends with its
/// parent, and leaves Ctrl-C to it.
int serve(InProcessOptions options = {});

/// scanc's sub-command that calls it.
inline constexpr const char *workerCommand = "evaluate-candidates";

} // namespace scanc::tuning

#endif // SCANC_RUNTIME_TUNING_WORKER_H
