//===- Elements.h - Which bytes of a buffer its tensor has ------*- C++ -*-===//
#ifndef SCANC_TESTS_EMULATION_ELEMENTS_H
#define SCANC_TESTS_EMULATION_ELEMENTS_H

#include "tests/emulation/Emulation.h"

namespace scanc::emulation {

/// The elements of a strided tensor among the bytes from its lowest to its highest.
class Elements {
public:
  Elements() = default;
  explicit Elements(const Buffer &buffer);

  /// The first of `bytes` bytes from `offset` on that a store must not touch, as no element has it;
  /// -1 of none.
  std::int64_t firstGapOfStore(std::int64_t offset, std::int64_t bytes) const;
  /// The same of a load, which may have the aligned vector of 16 bytes around an element: memory
  /// that is there for one of its bytes is there for all.
  std::int64_t firstGapOfLoad(std::int64_t offset, std::int64_t bytes) const;

private:
  /// Whether the dimensions from `first` on have an element `offset` bytes from their lowest.
  bool contains(std::int64_t offset, std::size_t first) const;

  struct Dimension {
    std::int64_t size, stride;
    std::int64_t reach; ///< of this dimension and all after it
  };
  std::vector<Dimension> dimensions; ///< strides descend; empty where there is no gap
  std::int64_t granule = 1;
  std::int64_t phase = 0; ///< bytes from an aligned vector to the lowest element
};

} // namespace scanc::emulation

#endif // SCANC_TESTS_EMULATION_ELEMENTS_H
