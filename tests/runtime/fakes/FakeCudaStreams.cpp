//===- FakeCudaStreams.cpp - Streams, graphs, memory and events -----------===//
#include "FakeCudaState.h"

using namespace scanc::testing::fake;
using scanc::rt::MemoryPoolProperties;
using scanc::testing::FakeCuda;

namespace {

int allocate(Address *address, std::size_t bytes, int device) {
  if (bytes > std::size_t{1} << 34)
    return outOfMemory;
  auto *memory = static_cast<char *>(std::aligned_alloc(256, (bytes + 256 + 255) / 256 * 256));
  std::memset(memory, 0xFF, bytes + 16);
  std::lock_guard lock(fake().mutex);
  *address = reinterpret_cast<Address>(memory) + 16; // aligned as little as may be
  fake().memory[*address] = {bytes, device};
  ++fake().allocations;
  return success;
}

/// Memory of a capture stays: replays use it.
int release(Address address, bool keep) {
  std::lock_guard lock(fake().mutex);
  auto found = fake().memory.find(address);
  if (found == fake().memory.end())
    return misuse(invalidValue);
  --fake().allocations;
  if (keep)
    return success;
  fake().memory.erase(found);
  std::free(reinterpret_cast<void *>(address - 16));
  return success;
}

} // namespace

extern "C" {

int cuStreamCreate(CUstream_st **stream, unsigned) {
  SCANC_ENTER("cuStreamCreate");
  return *stream = make(CUstream_st{currentContext(), 0, {}}), success;
}
int cuStreamDestroy_v2(CUstream_st *stream) {
  SCANC_ENTER("cuStreamDestroy_v2");
  return destroy(stream);
}
int cuStreamSynchronize(CUstream_st *) { return enter("cuStreamSynchronize"); }
int cuStreamGetCtx(CUstream_st *stream, CUctx_st **context) {
  SCANC_ENTER("cuStreamGetCtx");
  if (!isLive(stream))
    return misuse(invalidHandle);
  return *context = stream->context, success;
}
int cuStreamIsCapturing(CUstream_st *stream, int *status) {
  SCANC_ENTER("cuStreamIsCapturing");
  if (!stream && !fake().captures.empty())
    return FakeCuda::captureImplicit;
  return *status = stream ? stream->capturing : 0, success;
}
int cuStreamBeginCapture_v2(CUstream_st *stream, int) {
  SCANC_ENTER("cuStreamBeginCapture_v2");
  stream->capturing = 1;
  return fake().captures.insert(stream), success;
}
int cuStreamEndCapture(CUstream_st *stream, CUgraph_st **graph) {
  SCANC_ENTER("cuStreamEndCapture");
  bool valid = std::exchange(stream->capturing, 0) == 1;
  fake().captures.erase(stream);
  auto nodes = std::exchange(stream->recorded, {});
  *graph = valid ? make(CUgraph_st{std::move(nodes)}) : nullptr;
  return valid ? success : FakeCuda::captureInvalidated;
}
int cuGraphInstantiateWithFlags(CUgraph_st **executable, CUgraph_st *graph, unsigned long long) {
  SCANC_ENTER("cuGraphInstantiateWithFlags");
  return *executable = make(CUgraph_st{graph->nodes}), success;
}
int cuGraphLaunch(CUgraph_st *executable, CUstream_st *) {
  SCANC_ENTER("cuGraphLaunch");
  for (const Node &node : executable->nodes)
    node();
  return fake().sticky;
}
int cuGraphExecDestroy(CUgraph_st *graph) {
  SCANC_ENTER("cuGraphExecDestroy");
  return destroy(graph);
}
int cuGraphDestroy(CUgraph_st *graph) {
  SCANC_ENTER("cuGraphDestroy");
  return destroy(graph);
}

int cuMemPoolCreate(CUmemPoolHandle_st **pool, const MemoryPoolProperties *properties) {
  if (int fault = enterUnsafe("cuMemPoolCreate"))
    return fault;
  std::lock_guard lock(fake().mutex);
  ++fake().pools;
  return *pool = make(CUmemPoolHandle_st{properties->device}), success;
}
int cuMemPoolSetAttribute(CUmemPoolHandle_st *, int, void *) {
  return enter("cuMemPoolSetAttribute");
}
int cuMemAllocAsync(Address *address, std::size_t bytes, CUstream_st *stream) {
  SCANC_ENTER("cuMemAllocAsync");
  return allocate(address, bytes, (stream ? stream->context : currentContext())->device);
}
int cuMemAllocFromPoolAsync(Address *address, std::size_t bytes, CUmemPoolHandle_st *pool,
                            CUstream_st *) {
  SCANC_ENTER("cuMemAllocFromPoolAsync");
  return isLive(pool) ? allocate(address, bytes, pool->device) : misuse(invalidHandle);
}
int cuMemFreeAsync(Address address, CUstream_st *stream) {
  int fault = enter("cuMemFreeAsync");
  return both(fault, release(address, stream && stream->capturing));
}
int cuMemAlloc_v2(Address *address, std::size_t bytes) {
  if (int fault = enterUnsafe("cuMemAlloc_v2"))
    return fault;
  return currentContext() ? allocate(address, bytes, currentContext()->device)
                          : misuse(invalidContext);
}
int cuMemFree_v2(Address address) {
  int fault = enterUnsafe("cuMemFree_v2");

  return both(fault, release(address, false));
}
int cuMemcpyHtoD_v2(Address to, const void *from, std::size_t bytes) {
  if (int fault = enterUnsafe("cuMemcpyHtoD_v2"))
    return fault;
  return std::memcpy(reinterpret_cast<void *>(to), from, bytes), success;
}
int cuMemcpyDtoH_v2(void *to, Address from, std::size_t bytes) {
  if (int fault = enterUnsafe("cuMemcpyDtoH_v2"))
    return fault;
  return std::memcpy(to, reinterpret_cast<const void *>(from), bytes), success;
}
int cuMemsetD8_v2(Address address, unsigned char value, std::size_t bytes) {
  if (int fault = enterUnsafe("cuMemsetD8_v2"))
    return fault;
  return std::memset(reinterpret_cast<void *>(address), value, bytes), success;
}
int cuMemsetD8Async(Address address, unsigned char value, std::size_t bytes, CUstream_st *stream) {
  if (int fault = enter("cuMemsetD8Async"))
    return fault;
  return enqueue(stream, [=] { std::memset(reinterpret_cast<void *>(address), value, bytes); });
}

int cuEventCreate(CUevent_st **event, unsigned) {
  SCANC_ENTER("cuEventCreate");
  ++fake().events;
  return *event = make(CUevent_st{currentContext()}), success;
}
int cuEventRecord(CUevent_st *event, CUstream_st *) {
  SCANC_ENTER("cuEventRecord");
  return isLive(event) ? success : misuse(invalidHandle);
}
int cuEventSynchronize(CUevent_st *) { return enterUnsafe("cuEventSynchronize"); }
int cuEventElapsedTime(float *milliseconds, CUevent_st *, CUevent_st *) {
  return *milliseconds = 1, enter("cuEventElapsedTime");
}
int cuEventDestroy_v2(CUevent_st *event) {
  int fault = enter("cuEventDestroy_v2");
  std::lock_guard lock(fake().mutex);
  return --fake().events, both(fault, destroy(event));
}

} // extern "C"
