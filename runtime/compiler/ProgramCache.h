//===- compiler/ProgramCache.h - Programs by the text they were made from -===//
//
// With it a text that was compiled before needs no compiler: its program is found
// by what the compiler was given, and the program's kernels by what they are made
// of. So a change that changes no kernel, as of a comment, is compiled again, but
// not by NVRTC. Errors are not kept, and the compiler has no warnings that could
// be lost.
//
//===----------------------------------------------------------------------===//
#ifndef SCANC_RUNTIME_COMPILER_PROGRAMCACHE_H
#define SCANC_RUNTIME_COMPILER_PROGRAMCACHE_H

#include "runtime/cache/DiskCache.h"
#include "scanc/SampleInputs.h"

namespace scanc::rt {

/// What is asked of the compiler. A signature is kept as a program with parameters alone.
enum class Question : std::uint8_t { program, signature, samples };

/// Everything that decides the answer, as a KeyText. `compiler` as of `compilerIdentity`; `wisdom`: the digest of
/// the record of a search that the planner uses, "" where it uses none. A program has an architecture as its target.
std::string aliasKey(Question question, std::string_view text, const CompileOptions &options,
                     std::string_view compiler, std::string_view wisdom = "");

class ProgramCache {
public:
  /// A folder that cannot be used keeps nothing.
  explicit ProgramCache(const CacheFolder &folder);

  std::optional<Program> read(std::string_view key);
  void write(std::string_view key, const Program &program);
  std::optional<SampleInputs> readSamples(std::string_view key);
  void writeSamples(std::string_view key, const SampleInputs &samples);

private:
  std::unique_ptr<DiskCache> disk;
};

} // namespace scanc::rt

#endif // SCANC_RUNTIME_COMPILER_PROGRAMCACHE_H
