//===- WorkspacePools.cpp - Pools made at the first need ------------------===//
#include "runtime/launch/WorkspacePools.h"

#include <cstdint>

namespace scanc::rt {

CUmemPoolHandle_st *WorkspacePools::of(int index) {
  if (!driver.memPoolCreate || !driver.memPoolSetAttribute || !driver.memAllocFromPoolAsync)
    return nullptr;
  std::lock_guard lock(making);
  if (auto found = pools.find(index); found != pools.end())
    return found->second;
  RelaxedCapture relaxed(driver);
  MemoryPoolProperties properties;
  properties.device = index;
  CUmemPoolHandle_st *pool = nullptr;
  if (driver.memPoolCreate(&pool, &properties) != Driver::success)
    return nullptr; // not kept: the next executable asks again
  // A pool that refuses the threshold still gives memory, as fast as the default one does.
  std::uint64_t everything = UINT64_MAX;
  driver.memPoolSetAttribute(pool, Driver::releaseThreshold, &everything);
  return pools[index] = pool;
}

} // namespace scanc::rt
