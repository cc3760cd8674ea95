//===- scanc/core/hardware.cuh - The device's functions, on the CPU --------===//
//
// Found before the file of the same name in templates/, whose functions it offers
// one for one. Every access goes to the host library, which checks it and says
// where the bytes are; `Place` arguments are never given: they hold the caller's
// line for reports.
//
//===----------------------------------------------------------------------===//
#pragma once
#include "scanc_emulation/hooks.h"
#include "scanc_emulation/words.h"

namespace scanc::device {

using emulation::Place;

static __device__ __forceinline__ int thread_index() { return emulation::hooks->threadIndex(); }
static __device__ __forceinline__ int block_index() { return emulation::hooks->blockIndex(); }
static __device__ __forceinline__ int lane_index() { return thread_index() % 32; }
static __device__ __forceinline__ int warp_index() { return thread_index() / 32; }

static __device__ __forceinline__ void block_barrier(Place place = Place::current()) {
  emulation::hooks->blockBarrier(place);
}

static __device__ __forceinline__ void warp_barrier(Place place = Place::current()) {
  emulation::hooks->warpBarrier(place);
}

/// The value of lane `source`; every lane of the warp calls it.
template <typename T>
static __device__ __forceinline__ T shuffle(T value, int source, Place place = Place::current()) {
  static_assert(__is_trivially_copyable(T));
  T result;
  emulation::hooks->shuffle(&value, &result, sizeof(T), source, place);
  return result;
}

/// The value of the lane `reach` below; a lane that has none keeps its own.
template <typename T>
static __device__ __forceinline__ T shuffle_up(T value, int reach, Place place = Place::current()) {
  const int lane = lane_index();
  return shuffle(value, lane < reach ? lane : lane - reach, place);
}

template <typename T>
static __device__ __forceinline__ T shuffle_xor(T value, int mask, Place place = Place::current()) {
  return shuffle(value, lane_index() ^ mask, place);
}

namespace hardware {
template <typename T, int W>
inline constexpr int alignment = W * sizeof(T) < 16 ? W * sizeof(T) : 16;
}

template <int W, typename T>
static __device__ __forceinline__ void load_global(T (&to)[W], const T *from,
                                                   Place place = Place::current()) {
  const void *bytes = emulation::hooks->globalLoad(from, W * sizeof(T), hardware::alignment<T, W>,
                                                   /*readOnly=*/true, place);
  __builtin_memcpy(to, bytes, W * sizeof(T));
}

template <int W, typename T>
static __device__ __forceinline__ void store_global(T *to, const T (&from)[W],
                                                    Place place = Place::current()) {
  void *bytes = emulation::hooks->globalStore(to, W * sizeof(T), hardware::alignment<T, W>, place);
  __builtin_memcpy(bytes, from, W * sizeof(T));
}

template <typename T>
static __device__ __forceinline__ T shared_load(const T &cell, Place place = Place::current()) {
  T value;
  __builtin_memcpy(&value, emulation::hooks->sharedLoad(&cell, sizeof(T), alignof(T), place),
                   sizeof(T));
  return value;
}

template <typename T>
static __device__ __forceinline__ void shared_store(T &cell, T value,
                                                    Place place = Place::current()) {
  __builtin_memcpy(emulation::hooks->sharedStore(&cell, sizeof(T), alignof(T), place), &value,
                   sizeof(T));
}

static __device__ __forceinline__ void store_release(uint32_t *address, uint32_t value,
                                                     Place place = Place::current()) {
  emulation::hooks->storeRelease(address, value, place);
}

static __device__ __forceinline__ uint32_t load_acquire(const uint32_t *address,
                                                        Place place = Place::current()) {
  return emulation::hooks->loadAcquire(address, place);
}

static __device__ __forceinline__ uint32_t atomic_add(uint32_t *address, uint32_t value,
                                                      Place place = Place::current()) {
  return emulation::hooks->atomicAdd(address, value, place);
}

} // namespace scanc::device
