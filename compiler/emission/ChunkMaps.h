//===- ChunkMaps.h - Maps of what chunks bring ------------------*- C++ -*-===//
#ifndef SCANC_COMPILER_EMISSION_CHUNKMAPS_H
#define SCANC_COMPILER_EMISSION_CHUNKMAPS_H

#include "dialects/plan/PlanOps.h"
#include "scanc/Program.h"

#include <vector>

namespace scanc::emission {

/// Of keys, queries and values where whole matrices of them are copied, else none.
std::vector<MatrixMap> chunkMaps(plan::KernelInterface kernel, plan::VariantAttr variant);

} // namespace scanc::emission

#endif // SCANC_COMPILER_EMISSION_CHUNKMAPS_H
