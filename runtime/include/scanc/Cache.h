//===- scanc/Cache.h - Kernels and programs kept on disk --------*- C++ -*-===//
//
// Thread-safe. The folder is SCANC_CACHE_DIR, else $XDG_CACHE_HOME/scanc, else ~/.cache/scanc; it and what lies in
// it belong to the user alone, as who may write there may run code as its reader. Faults of the
// disk are no errors of a launch: kernels are compiled again.
//
//===----------------------------------------------------------------------===//
#ifndef SCANC_CACHE_H
#define SCANC_CACHE_H

#include "scanc/Compile.h"
#include "scanc/Nvrtc.h"

#include <cstdint>

namespace scanc {

/// What a cache may hold. The default is what SCANC_CACHE_MAX_SIZE ("512M", "2G") and SCANC_CACHE_MAX_ENTRIES say,
/// else 512 MiB in 20000 files.
struct CacheLimits {
  std::int64_t bytes = std::int64_t(512) << 20;
  std::int64_t entries = 20000; ///< file systems count files, too
};
CacheLimits cacheLimits();

/// "512M" (K, M and G are powers of 1024) as bytes; -1 where it is no size.
std::int64_t parseSize(const std::string &text);

struct CacheState {
  std::string folder; ///< empty: nothing is kept on disk
  std::string below;  ///< a folder on a network file system, read where `folder`, on this machine, has nothing; or empty
  bool isReadOnly = false;
  std::string fault;  ///< why the folder cannot be used; empty when it can, or is made at the first compile
  std::int64_t entries = 0; ///< of `folder`: kernels and programs
  std::int64_t programs = 0; ///< of these
  std::int64_t bytes = 0;
  std::int64_t quarantined = 0; ///< damaged entries that were moved aside
};
CacheState cacheState();

/// Entries that were removed, and their bytes.
struct Evicted {
  std::int64_t entries = 0;
  std::int64_t bytes = 0;
};
/// Removes what was not used for longest until the rest is within `limits`, what was moved aside more
/// than a week ago, and what writers that ended early left. SC7005 where the folder cannot be used.
Result<Evicted> pruneCache(const CacheLimits &limits);

struct Verified {
  std::int64_t entries = 0;
  std::int64_t damaged = 0; ///< moved aside
};
/// Reads every entry whole and compares its checksum. SC7005 where the folder cannot be used.
Result<Verified> verifyCache();

struct CachePushed {
  std::int64_t entries = 0, bytes = 0; ///< that were not there
};
/// Publishes what this machine has to the folder on a network file system that `CacheState::below` names.
/// SC7005 where there is none, or it cannot be written.
Result<CachePushed> pushCache();

/// Whether an entry is in the cache, and if not, in what the nearest one differs.
struct CacheAnswer {
  std::string variant; ///< whose kernel it is; "program" for that
  std::string entry;      ///< path of its entry, or of the nearest one; empty where there is none
  bool isHit = false;
  std::string difference; ///< of the nearest entry, for people; empty for a hit
};
/// For what the compiler makes of a text, for the architecture that is `options.target`.
Result<CacheAnswer> explainCachedProgram(std::string_view text, const CompileOptions &options);
/// For every variant of every kernel of `program`, compiled for `architecture` by the NVRTC of this
/// machine. Fails where there is no NVRTC (SC5001 to SC5003), or with SC7005.
Result<std::vector<CacheAnswer>> explainCache(const Program &program,
                                              const std::string &architecture);

struct CacheWarmed {
  std::int64_t compiled = 0, found = 0; ///< kernels
};
/// Compiles what `explainCache` finds missing; needs no GPU. Fails as that does, and with the errors of
/// `compileCuda`; a disk that cannot be written is SC7005.
Result<CacheWarmed> warmCache(const Program &program, const std::string &architecture);

} // namespace scanc

#endif // SCANC_CACHE_H
