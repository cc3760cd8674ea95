//===- cache/Eviction.h - A cache folder within its limits ------*- C++ -*-===//
//
// The entries that were not used for longest go first. An entry that another
// process has just replaced or read stays.
//
//===----------------------------------------------------------------------===//
#ifndef SCANC_RUNTIME_CACHE_EVICTION_H
#define SCANC_RUNTIME_CACHE_EVICTION_H

#include "scanc/Cache.h"

namespace scanc::rt {

/// Removes entries until what is left is within `limits`, what was set aside as damaged more than a
/// week ago, and what writers that ended early left more than an hour ago.
Evicted evict(const std::string &folder, const CacheLimits &limits);

/// The same down to nine tenths of the limits, if they are passed and nobody did within the last
/// minute.
void evictNowAndThen(const std::string &folder, const CacheLimits &limits);

/// Notes that the file behind a descriptor is in use; at most once an hour.
void stampUse(int file, std::int64_t lastUse);

} // namespace scanc::rt

#endif // SCANC_RUNTIME_CACHE_EVICTION_H
