//===- core/tensor_copies.cuh - Copies of whole matrices to shared memory ---===//
//
//   called by      one thread, but for make_matrix_map, order_matrix_copy, order_copy and arrive_together, by all 32 lanes of a warp, and
//                  await_landing, by any
//   result in      shared memory
//   shared memory  what the caller names
//   barriers       none
//
//   One instruction copies 64 or 16 columns of a matrix, swizzled as warp/matmul.cuh says, and a cell says when
//   all copies have landed that it expects. What core/hardware.cuh is for the other instructions: the CPU
//   emulation replaces both.
//
//===----------------------------------------------------------------------===//
#pragma once
#include "scanc/core/hardware.cuh"

namespace scanc::device {

// Maps of tensors are made on the device by instructions that only this target has, and whose strides
// were in other units before 12.5.
#if defined(__CUDA_ARCH_FEAT_SM90_ALL) &&                                                          \
    (__CUDACC_VER_MAJOR__ > 12 || (__CUDACC_VER_MAJOR__ == 12 && __CUDACC_VER_MINOR__ >= 5))
inline constexpr bool has_tensor_copies = true;
#else
inline constexpr bool has_tensor_copies = false;
#endif

#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 900
inline constexpr bool has_landings = true;
#else
inline constexpr bool has_landings = false;
#endif

/// A cell of shared memory that says, time after time, that copies have landed.
struct landing {
  uint64_t state;
};

/// How matrices of elements of 16 bits lie in global memory: made by the device, and by the host, in the argument of a
/// kernel.
struct alignas(128) matrix_map {
  unsigned char bytes[128];
};
struct alignas(64) given_map {
  unsigned char bytes[128];
};

/// A barrier of the block stands between this and the first use of the cell. It says so as often as
/// `arrivals` threads have arrived; copies want one.
static __device__ __forceinline__ void make_landing(landing &cell, int arrivals = 1) {
  if constexpr (has_landings) {
    asm volatile("mbarrier.init.shared::cta.b64 [%0], %1;" ::"r"(
                     static_cast<uint32_t>(__cvta_generic_to_shared(&cell))),
                 "r"(arrivals)
                 : "memory");
    asm volatile("fence.proxy.async.shared::cta;" ::: "memory");
  }
}

/// Copies of so many bytes will land until the cell says so again.
static __device__ __forceinline__ void expect_copies(landing &cell, int bytes) {
  if constexpr (has_landings)
    asm volatile("mbarrier.arrive.expect_tx.shared::cta.b64 _, [%0], %1;" ::"r"(
                     static_cast<uint32_t>(__cvta_generic_to_shared(&cell))),
                 "r"(bytes)
                 : "memory");
}

/// One of the `arrivals` that the cell was made for: what this thread has read and written comes before whoever
/// waits for them.
static __device__ __forceinline__ void arrive(landing &cell, int) {
  if constexpr (has_landings)
    asm volatile("mbarrier.arrive.shared::cta.b64 _, [%0];" ::"r"(
                     static_cast<uint32_t>(__cvta_generic_to_shared(&cell)))
                 : "memory");
}

/// The same of all lanes of a warp, as one arrival.
static __device__ __forceinline__ void arrive_together(landing &cell, int) {
  if constexpr (has_landings)
    asm volatile("{\n.reg .pred one;\nbar.warp.sync 0xffffffff;\nelect.sync _|one, 0xffffffff;\n"
                 "@one mbarrier.arrive.shared::cta.b64 _, [%0];\n}" ::"r"(
                     static_cast<uint32_t>(__cvta_generic_to_shared(&cell)))
                 : "memory");
}

/// Waits until the cell has said so for the time of this parity, the first time's being 0: what has
/// landed is seen, by products of groups too.
static __device__ __forceinline__ void await_landing(landing &cell, int parity) {
  if constexpr (has_landings)
    asm volatile("{\n.reg .pred done;\nagain:\n"
                 "mbarrier.try_wait.parity.shared::cta.b64 done, [%0], %1;\n"
                 "@!done bra again;\n}" ::"r"(
                     static_cast<uint32_t>(__cvta_generic_to_shared(&cell))),
                 "r"(parity)
                 : "memory");
}

#define SCANC_REPLACE(field, type, value)                                                          \
  asm volatile("tensormap.replace.tile." field ".shared::cta.b1024." type ", %1;" ::"r"(cell),     \
               value                                                                               \
               : "memory")

/// Matrices that lie in global memory. `first` and both strides, in bytes and above 0, are multiples of 16.
struct matrix_run {
  const void *first;
  int rows, columns, count;
  long long row_bytes, matrix_bytes;
};

/// A map of matrices of elements of 16 bits, of which `rows` x `columns` are copied at a time: those that do not
/// exist as zeros. Made in `here`, in shared memory, and left in `map` for this block's copies.
template <int rows, int columns = 64>
static __device__ __forceinline__ void make_matrix_map(matrix_map &here, matrix_map *map,
                                                       const matrix_run &of) {
  static_assert(columns == 64 || columns == 16, "pieces are exchanged within 128 or 32 bytes");
  if constexpr (has_tensor_copies) {
    const uint32_t cell = static_cast<uint32_t>(__cvta_generic_to_shared(&here));
    asm volatile("st.shared.b32 [%0], %1;" ::"r"(cell + 4 * lane_index()), "r"(0) : "memory");
    warp_barrier();
    if (lane_index() == 0) {
      SCANC_REPLACE("global_address", "b64 [%0]", "l"(of.first));
      SCANC_REPLACE("rank", "b32 [%0]", "r"(2)); // less one
      SCANC_REPLACE("box_dim", "b32 [%0], 0", "r"(columns));
      SCANC_REPLACE("box_dim", "b32 [%0], 1", "r"(rows));
      SCANC_REPLACE("box_dim", "b32 [%0], 2", "r"(1));
      SCANC_REPLACE("global_dim", "b32 [%0], 0", "r"(of.columns));
      SCANC_REPLACE("global_dim", "b32 [%0], 1", "r"(of.rows));
      SCANC_REPLACE("global_dim", "b32 [%0], 2", "r"(of.count));
      SCANC_REPLACE("global_stride", "b64 [%0], 0", "l"(of.row_bytes));
      SCANC_REPLACE("global_stride", "b64 [%0], 1", "l"(of.matrix_bytes));
      SCANC_REPLACE("element_stride", "b32 [%0], 0", "r"(1));
      SCANC_REPLACE("element_stride", "b32 [%0], 1", "r"(1));
      SCANC_REPLACE("element_stride", "b32 [%0], 2", "r"(1));
      SCANC_REPLACE("elemtype", "b32 [%0]", "n"(1)); // u16
      SCANC_REPLACE("interleave_layout", "b32 [%0]", "n"(0));
      SCANC_REPLACE("swizzle_mode", "b32 [%0]", "n"(columns == 64 ? 3 : 1)); // 128, 32 bytes
      SCANC_REPLACE("fill_mode", "b32 [%0]", "n"(0));
    }
    warp_barrier();
    asm volatile("tensormap.cp_fenceproxy.global.shared::cta.tensormap::generic.release.gpu.sync.aligned "
                 "[%0], [%1], 128;" ::"l"(map),
                 "r"(cell)
                 : "memory");
    asm volatile("fence.proxy.tensormap::generic.acquire.gpu [%0], 128;" ::"l"(map) : "memory");
  }
}
#undef SCANC_REPLACE

/// Asks for a map that the host has made, before the first copy needs it.
static __device__ __forceinline__ void prefetch_map(const given_map *map) {
  if constexpr (has_tensor_copies)
    asm volatile("prefetch.tensormap [%0];" ::"l"(map) : "memory");
}

/// Starts a copy of rows [row, row + `rows` of the map) and columns [column, column + `columns` of it) of matrix
/// `which`, all of which `cell` expects. `to` is a multiple of 1024 bytes.
template <int rows, int columns = 64>
static __device__ __forceinline__ void start_matrix_copy(void *to, const matrix_map *map, int row,
                                                         int column, int which, landing &cell) {
  if constexpr (has_tensor_copies)
    asm volatile(
        "cp.async.bulk.tensor.3d.shared::cluster.global.tile.mbarrier::complete_tx::bytes "
        "[%0], [%1, {%2, %3, %4}], [%5];" ::"r"(static_cast<uint32_t>(__cvta_generic_to_shared(to))),
        "l"(map), "r"(column), "r"(row), "r"(which),
        "r"(static_cast<uint32_t>(__cvta_generic_to_shared(&cell)))
        : "memory");
}

/// The same by a map that the host has made, by all lanes of a warp, one of which orders. Under a condition on lanes the
/// compiler would walk over those that might order, for each copy.
static __device__ __forceinline__ void order_matrix_copy(void *to, const given_map *map, int row,
                                                         int column, int which, landing &cell) {
  if constexpr (has_tensor_copies)
    asm volatile(
        "{\n.reg .pred one;\nelect.sync _|one, 0xffffffff;\n"
        "@one cp.async.bulk.tensor.3d.shared::cluster.global.tile.mbarrier::complete_tx::bytes "
        "[%0], [%1, {%2, %3, %4}], [%5];\n}" ::"r"(static_cast<uint32_t>(__cvta_generic_to_shared(to))),
        "l"(map), "r"(column), "r"(row), "r"(which),
        "r"(static_cast<uint32_t>(__cvta_generic_to_shared(&cell)))
        : "memory");
}

/// The same of `bytes` that lie together, by all lanes of a warp. Both ends and `bytes` are multiples of 16.
static __device__ __forceinline__ void order_copy(void *to, const void *from, int bytes, landing &cell) {
  if constexpr (has_tensor_copies)
    asm volatile("{\n.reg .pred one;\nelect.sync _|one, 0xffffffff;\n"
                 "@one cp.async.bulk.shared::cluster.global.mbarrier::complete_tx::bytes [%0], [%1], %2, [%3];\n}" ::"r"(
                     static_cast<uint32_t>(__cvta_generic_to_shared(to))),
                 "l"(__cvta_generic_to_global(from)), "r"(bytes),
                 "r"(static_cast<uint32_t>(__cvta_generic_to_shared(&cell)))
                 : "memory");
}

} // namespace scanc::device
