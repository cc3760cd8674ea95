//===- fakes/FakeCudaState.h - What the fake driver knows -------*- C++ -*-===//
#ifndef SCANC_TESTS_RUNTIME_FAKES_FAKECUDASTATE_H
#define SCANC_TESTS_RUNTIME_FAKES_FAKECUDASTATE_H

#include "FakeCuda.h"

#include "runtime/launch/Driver.h"

#include <unistd.h>

#include <array>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <set>
#include <vector>

struct CUctx_st {
  int device;
  unsigned long long id;
};
struct CUlib_st {
  std::string image;
};
struct CUkern_st {
  CUlib_st *library;
  std::string name;
};
struct CUfunc_st {
  CUkern_st *kernel;
  CUctx_st *context;
  int dynamicShared = 48 << 10;
};
struct CUmemPoolHandle_st {
  int device;
};
struct CUevent_st {
  CUctx_st *context;
};
struct CUstream_st {
  CUctx_st *context;
  int capturing = 0; ///< 1: yes, 2: invalidated
  std::vector<std::function<void()>> recorded;
};
struct CUgraph_st {
  std::vector<std::function<void()>> nodes;
};

namespace scanc::testing::fake {

using rt::Driver;
using Address = Driver::Address;
using Node = std::function<void()>;

constexpr int success = 0, invalidValue = 1, outOfMemory = 2, noDevice = 100, invalidImage = 200,
              invalidContext = 201, invalidHandle = 400, notFound = 500;
constexpr int handleOffset = 100; ///< of a device, so that its index is no handle

struct Memory {
  std::size_t bytes;
  int device;
};

struct State : FakeCuda {
  std::recursive_mutex mutex; ///< of what follows
  pid_t process = 0;          ///< that initialised
  std::array<CUctx_st, 8> primary{};
  unsigned long long contextIds = 0;
  std::set<const void *> live; ///< handles
  std::map<Address, Memory> memory;
  std::set<CUstream_st *> captures; ///< streams that capture, still valid
};

inline State &fake() {
  static auto &state = *new State; // outlives whoever calls at the end of the process
  return state;
}

inline thread_local std::vector<CUctx_st *> contextStack;
inline thread_local int captureMode = 0; ///< 0: of every thread, 2: relaxed

inline CUctx_st *currentContext() { return contextStack.empty() ? nullptr : contextStack.back(); }

inline int misuse(int result) {
  ++fake().misuses;
  return result;
}

inline bool isLive(const void *handle) { return fake().live.count(handle) > 0; }

template <typename T>
T *make(T value) {
  auto *made = new T(std::move(value));
  fake().live.insert(made);
  return made;
}

/// Gives a handle back; it is never given out again.
inline int destroy(const void *handle) {
  return fake().live.erase(handle) ? success : misuse(invalidHandle);
}

/// Counts the call of `name` and says whether it fails, in what way.
inline int enter(const char *name) {
  if (int fault = fake().faults.called(name))
    return fault;
  if (fake().process != getpid())
    return FakeCuda::notInitialized;
  return fake().sticky;
}

/// As `enter`, for a call that must not be made while a stream captures.
inline int enterUnsafe(const char *name, bool alsoRelaxed = false) {
  if (int fault = enter(name))
    return fault;
  std::lock_guard lock(fake().mutex);
  if (fake().captures.empty() || (captureMode == 2 && !alsoRelaxed))
    return success;
  for (CUstream_st *stream : fake().captures)
    stream->capturing = 2;
  fake().captures.clear();
  return FakeCuda::captureUnsupported;
}

/// Enqueues `node`: runs it, or records it where the stream captures.
inline int enqueue(CUstream_st *stream, Node node) {
  std::lock_guard lock(fake().mutex);
  if (!stream) {
    if (!currentContext())
      return misuse(invalidContext);
    for (CUstream_st *capturing : fake().captures)
      capturing->capturing = 2;
    if (!fake().captures.empty())
      return fake().captures.clear(), FakeCuda::captureImplicit;
  } else if (!isLive(stream)) {
    return misuse(invalidHandle);
  } else if (stream->capturing == 2) {
    return FakeCuda::captureInvalidated;
  } else if (stream->capturing == 1) {
    return stream->recorded.push_back(std::move(node)), success;
  }
  node();
  return fake().sticky;
}

inline bool isInside(std::int64_t address, std::int64_t bytes, int device) {
  auto next = fake().memory.upper_bound(address);
  if (bytes <= 0)
    return true;
  if (next == fake().memory.begin())
    return false;
  auto [begin, memory] = *std::prev(next);
  return address + bytes <= static_cast<std::int64_t>(begin + memory.bytes) &&
         memory.device == device;
}

/// What to return of a call that gives something back: it does so even where it fails.
inline int both(int fault, int result) { return fault ? fault : result; }

} // namespace scanc::testing::fake

/// Begins a function of the driver: returns where the call fails, and locks the state.
#define SCANC_ENTER(name)                                                                          \
  if (int fault = enter(name))                                                                     \
    return fault;                                                                                  \
  std::lock_guard lock(fake().mutex)

#endif // SCANC_TESTS_RUNTIME_FAKES_FAKECUDASTATE_H
