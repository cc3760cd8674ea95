//===- OnGpu.h - Host tensors, launched on a GPU ----------------*- C++ -*-===//
#ifndef SCANC_TESTS_SUPPORT_ONGPU_H
#define SCANC_TESTS_SUPPORT_ONGPU_H

#include "scanc/Kernel.h"

#include <vector>

namespace scanc::testing_support {

/// Launches on copies of `tensors`, with all that lies between their elements, and copies them back.
/// A copy is as far from an address that 256 bytes divide as its original, between 4 KiB of guards;
/// a guard that has changed is an error. Tensors at one address have one copy.
Result<void> launchOnGpu(const Kernel &kernel, const std::vector<TensorRef> &tensors);

} // namespace scanc::testing_support

#endif // SCANC_TESTS_SUPPORT_ONGPU_H
