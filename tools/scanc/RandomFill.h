//===- RandomFill.h - Seeded random tensors ---------------------*- C++ -*-===//
#ifndef SCANC_TOOLS_SCANC_RANDOMFILL_H
#define SCANC_TOOLS_SCANC_RANDOMFILL_H

#include "scanc/Npy.h"
#include "scanc/SampleInputs.h"

namespace scanc::cli {

/// Fills a tensor within a range; the same seed gives the same bytes everywhere.
void fillRandom(NpyTensor &tensor, const SampleInput &range, std::uint64_t seed);

} // namespace scanc::cli

#endif // SCANC_TOOLS_SCANC_RANDOMFILL_H
