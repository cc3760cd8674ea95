//===- Strides.h - Contiguous strides into memory that is there -*- C++ -*-===//
#ifndef SCANC_RUNTIME_STRIDES_H
#define SCANC_RUNTIME_STRIDES_H

#include <cstdint>
#include <vector>

namespace scanc::rt {

/// As `contiguousStrides`, into `strides`.
void setContiguousStrides(const std::vector<std::int64_t> &sizes,
                          std::vector<std::int64_t> &strides);

} // namespace scanc::rt

#endif // SCANC_RUNTIME_STRIDES_H
