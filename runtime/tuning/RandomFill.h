//===- tuning/RandomFill.h - Seeded random tensors --------------*- C++ -*-===//
#ifndef SCANC_RUNTIME_TUNING_RANDOMFILL_H
#define SCANC_RUNTIME_TUNING_RANDOMFILL_H

#include "scanc/SampleInputs.h"

namespace scanc::tuning {

/// Elements of a tensor of these sizes.
std::int64_t elementsOf(std::span<const std::int64_t> sizes);

/// Fills a contiguous host tensor within a range; the same seed gives the same bytes everywhere.
void fillRandom(const TensorRef &tensor, const SampleInput &range, std::uint64_t seed);

} // namespace scanc::tuning

#endif // SCANC_RUNTIME_TUNING_RANDOMFILL_H
