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

#include <math.h>

namespace scanc::device {

using emulation::Place;

static __device__ __forceinline__ int thread_index() { return emulation::hooks->threadIndex(); }
static __device__ __forceinline__ int block_index() { return emulation::hooks->blockIndex(); }
static __device__ __forceinline__ int block_count() { return emulation::hooks->blockCount(); }
static __device__ __forceinline__ int lane_index() { return thread_index() % 32; }
static __device__ __forceinline__ int warp_index() { return thread_index() / 32; }

static __device__ __forceinline__ void await_launch_before() {
  emulation::hooks->awaitLaunchBefore();
}
/// Launches run one after the other.
static __device__ __forceinline__ void let_next_launch_begin() {}
static __device__ __forceinline__ void run_beside_launch_before() {
  emulation::hooks->awaitLaunchBefore();
}

static __device__ __forceinline__ void block_barrier(Place place = Place::current()) {
  emulation::hooks->blockBarrier(place);
}

/// As the whole block's: every group of 128 threads reaches as many. What is missing between groups is not seen.
static __device__ __forceinline__ void group_barrier(Place place = Place::current()) {
  emulation::hooks->blockBarrier(place);
}

static __device__ __forceinline__ void warp_barrier(Place place = Place::current()) {
  emulation::hooks->warpBarrier(place);
}

/// The value of lane `source`; every lane of the warp calls it.
template <typename T>
static __device__ __forceinline__ T shuffle(T value, int source, Place place = Place::current()) {
  static_assert(__is_trivially_copyable(T) && sizeof(T) % 4 == 0);
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

/// Bytes to which the address of `W` elements is aligned; only widths that the device can move.
template <typename T, int W>
constexpr int access_alignment() {
  constexpr int bytes = W * sizeof(T);
  static_assert(bytes == 2 || bytes == 4 || bytes == 8 || bytes % 16 == 0);
  return bytes < 16 ? bytes : 16;
}

template <int W, typename T>
static __device__ __forceinline__ void load_global(T (&to)[W], const T *from,
                                                   Place place = Place::current()) {
  const void *bytes = emulation::hooks->globalLoad(from, W * sizeof(T), access_alignment<T, W>(),
                                                   /*readOnly=*/true, place);
  __builtin_memcpy(to, bytes, W * sizeof(T));
}

template <int W, typename T>
static __device__ __forceinline__ void load_owned(T (&to)[W], const T *from,
                                                  Place place = Place::current()) {
  const void *bytes = emulation::hooks->globalLoad(from, W * sizeof(T), access_alignment<T, W>(),
                                                   /*readOnly=*/false, place);
  __builtin_memcpy(to, bytes, W * sizeof(T));
}

template <int W, typename T>
static __device__ __forceinline__ void store_global(T *to, const T (&from)[W],
                                                    Place place = Place::current()) {
  void *bytes = emulation::hooks->globalStore(to, W * sizeof(T), access_alignment<T, W>(), place);
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

template <typename T>
static __device__ __forceinline__ void forget(T &) {}

static __device__ __forceinline__ void compute_here(float &) {}

template <typename Storage>
static __device__ __forceinline__ Storage &block_storage() {
  return *reinterpret_cast<Storage *>(emulation::dynamicShared);
}

template <typename Storage>
static __device__ __forceinline__ Storage &keep_address(Storage &storage) {
  return storage;
}

template <int bytes>
static __device__ __forceinline__ void start_copy(void *to, const void *from,
                                                  Place place = Place::current()) {
  static_assert(bytes == 4 || bytes == 8 || bytes == 16);
  emulation::hooks->startCopy(to, from, bytes, bytes, /*readOnly=*/true, place);
}

template <int bytes>
static __device__ __forceinline__ void start_copy(void *to, const void *from, int present,
                                                  Place place = Place::current()) {
  static_assert(bytes == 4 || bytes == 8 || bytes == 16);
  emulation::hooks->startCopy(to, from, bytes, static_cast<uint32_t>(present), /*readOnly=*/true,
                              place);
}

static __device__ __forceinline__ void start_coherent_copy(void *to, const void *from,
                                                           Place place = Place::current()) {
  emulation::hooks->startCopy(to, from, 16, 16, /*readOnly=*/false, place);
}

static __device__ __forceinline__ void close_copies() { emulation::hooks->closeCopies(); }

template <int open>
static __device__ __forceinline__ void await_copies() {
  emulation::hooks->awaitCopies(open);
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

/// 1/x; subnormal numbers count as 0, on the way in and on the way out.
static __device__ __forceinline__ float reciprocal(float x) {
  const auto flushed = [](float value) {
    return __builtin_fabsf(value) < __FLT_MIN__ ? __builtin_copysignf(0.0f, value) : value;
  };
  return flushed(1.0f / flushed(x));
}

static __device__ __forceinline__ float reciprocal_root(float x) {
  return 1.0f / __builtin_sqrtf(x);
}

static __device__ __forceinline__ float quotient(float x, float y) { return x / y; }
static __device__ __forceinline__ float root(float x) { return __builtin_sqrtf(x); }

/// 2^x; subnormal numbers count as 0, on the way in and on the way out.
static __device__ __forceinline__ float exp2_approximate(float x) {
  const float result = ::exp2f(x);
  return result < __FLT_MIN__ ? 0.0f : result;
}

/// The larger, the smaller; a NaN wins over any number.
static __device__ __forceinline__ float larger(float x, float y) {
  return x != x ? x : y != y ? y : x < y ? y : x;
}

static __device__ __forceinline__ float smaller(float x, float y) {
  return x != x ? x : y != y ? y : y < x ? y : x;
}

// Conversions between f32 and the bits of the 16-bit formats, to nearest even. Every NaN becomes
// the device's one NaN.
static __device__ __forceinline__ uint16_t f32_to_bf16(float value) {
  const uint32_t bits = __builtin_bit_cast(uint32_t, value);
  return value != value ? 0x7fff : (bits + 0x7fff + (bits >> 16 & 1)) >> 16;
}

static __device__ __forceinline__ float bf16_to_f32(uint16_t bits) {
  return __builtin_bit_cast(float, static_cast<uint32_t>(bits) << 16);
}

static __device__ __forceinline__ uint16_t f32_to_f16(float value) {
  return value != value ? 0x7fff : __builtin_bit_cast(uint16_t, static_cast<_Float16>(value));
}

static __device__ __forceinline__ float f16_to_f32(uint16_t bits) {
  return __builtin_bit_cast(_Float16, bits);
}

static __device__ __forceinline__ uint32_t f32_to_f16_pair(float low, float high) {
  return f32_to_f16(low) | static_cast<uint32_t>(f32_to_f16(high)) << 16;
}

static __device__ __forceinline__ uint32_t f32_to_bf16_pair(float low, float high) {
  return f32_to_bf16(low) | static_cast<uint32_t>(f32_to_bf16(high)) << 16;
}

static __device__ __forceinline__ uint32_t f32_to_tf32(float value) {
  const uint32_t bits = __builtin_bit_cast(uint32_t, value);
  return value != value || bits << 1 >> 24 == 0xff ? bits : (bits + 0x1000) & 0xffffe000u;
}

static __device__ __forceinline__ uint32_t shift_words(uint32_t low, uint32_t high, int by) {
  return static_cast<uint32_t>((static_cast<uint64_t>(high) << 32 | low) >> (by & 31));
}

static __device__ __forceinline__ int count_bits(uint32_t bits) {
  return __builtin_popcount(bits);
}

/// Bit i: what lane i of the warp says.
static __device__ __forceinline__ uint32_t ballot(bool says, Place place = Place::current()) {
  uint32_t all = static_cast<uint32_t>(says) << lane_index();
  for (int reach = 1; reach < 32; reach *= 2)
    all |= shuffle_xor(all, reach, place);
  return all;
}

template <typename T>
static __device__ __forceinline__ void store_relaxed(T *to, T value,
                                                     Place place = Place::current()) {
  static_assert(sizeof(T) == 4 || sizeof(T) == 8 || sizeof(T) == 16);
  emulation::hooks->storeRelaxed(to, &value, sizeof(T), place);
}

template <typename T>
static __device__ __forceinline__ T load_relaxed(const T *from, Place place = Place::current()) {
  static_assert(sizeof(T) == 8 || sizeof(T) == 16);
  T value;
  emulation::hooks->loadRelaxed(from, &value, sizeof(T), place);
  return value;
}

static __device__ __forceinline__ uint32_t add_relaxed(uint32_t *address, uint32_t value,
                                                       Place place = Place::current()) {
  return emulation::hooks->addRelaxed(address, value, place);
}

} // namespace scanc::device
