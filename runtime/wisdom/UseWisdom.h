//===- wisdom/UseWisdom.h - A strategy from a wisdom file -------*- C++ -*-===//
#ifndef SCANC_RUNTIME_WISDOM_USEWISDOM_H
#define SCANC_RUNTIME_WISDOM_USEWISDOM_H

#include "runtime/wisdom/Wisdom.h"
#include "scanc/Compile.h"

#include <functional>

namespace scanc::rt {

/// The name under which a wisdom file knows a kernel: of `identity` of the compiler.
Result<std::string> kernelKey(std::string_view text, const CompileOptions &options);

struct WisdomUse {
  WisdomMatch match = WisdomMatch::untuned;
  std::string strategy; ///< of the record; empty where there is none
  std::string detail;   ///< for people; empty where no wisdom was asked
};

/// The best record of the wisdom file of `options` whose strategy `accepts`: what no longer fits is left
/// out. Nothing is asked where a strategy is given, for the CPU, and for a plan. `options.target` is an
/// architecture or "cpu". Fails where the file cannot be read, and as a compilation does.
Result<WisdomUse> useWisdom(std::string_view text, const CompileOptions &options,
                            const std::function<bool(const std::string &strategy)> &accepts);

} // namespace scanc::rt

#endif // SCANC_RUNTIME_WISDOM_USEWISDOM_H
