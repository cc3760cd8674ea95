//===- scanc_emulation/words.h - The words of CUDA C++, for a host compiler -===//
//
// Put before the text of a kernel. Every `__shared__` object lands in one section
// of the shared object, which is the map of a block's shared memory: it holds no
// values, since each resident block has a copy of its own in the host.
//
//===----------------------------------------------------------------------===//
#ifndef SCANC_EMULATION_WORDS_H
#define SCANC_EMULATION_WORDS_H

#define __global__
#define __device__
#define __host__
#define __grid_constant__
#define __launch_bounds__(...)
#define __forceinline__ inline __attribute__((always_inline))
#define __noinline__ __attribute__((noinline))
#define __shared__ static __attribute__((section("scanc_shared")))

#endif // SCANC_EMULATION_WORDS_H
