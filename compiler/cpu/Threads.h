//===- Threads.h - The threads that launches share --------------*- C++ -*-===//
#ifndef SCANC_COMPILER_CPU_THREADS_H
#define SCANC_COMPILER_CPU_THREADS_H

#include "llvm/ADT/STLFunctionalExtras.h"

#include <cstdint>

namespace scanc::cpu {

/// SCANC_CPU_THREADS, or the threads of the machine.
std::int64_t threadCount();

/// Calls `work` on this thread and on up to `threads - 1` others, and returns when every call has.
/// The others are threads of one pool, started when first needed and joined at exit. Those that
/// serve another caller are not waited for: `work` shares out its tasks as threads come.
void onThreads(std::int64_t threads, llvm::function_ref<void()> work);

} // namespace scanc::cpu

#endif // SCANC_COMPILER_CPU_THREADS_H
