//===- compiler/LivingKernels.h - Kernels that a process still holds ------===//
//
// Whoever compiles a text again while a kernel of it lives gets that kernel: in
// less than a microsecond, without a look at the disk or the driver. Nothing is
// kept alive here, as a kernel is released with its last copy.
//
//===----------------------------------------------------------------------===//
#ifndef SCANC_RUNTIME_COMPILER_LIVINGKERNELS_H
#define SCANC_RUNTIME_COMPILER_LIVINGKERNELS_H

#include "runtime/process/Fork.h"
#include "scanc/Compile.h"

#include <unordered_map>

namespace scanc::rt {

/// What a caller of `compile` gave, and how many forks ago: kernels do not survive one.
std::string requestOf(std::string_view text, const CompileOptions &options);

class LivingKernels {
public:
  std::optional<Kernel> find(const std::string &request);
  void add(std::string request, const Kernel &kernel);
  /// Entries, of dead kernels too.
  std::size_t size() const { return kernels.size(); }

private:
  struct Held {
    std::weak_ptr<const Program> program;
    std::weak_ptr<Executable> executable;
  };

  ForkMutex mutex;
  std::unordered_map<std::string, Held> kernels;
  std::size_t sweepAt = 64; ///< entries at which those of dead kernels are dropped
};

} // namespace scanc::rt

#endif // SCANC_RUNTIME_COMPILER_LIVINGKERNELS_H
