//===- Placement.h - Tensors anywhere in memory, between guards -*- C++ -*-===//
#ifndef SCANC_TESTS_SUPPORT_PLACEMENT_H
#define SCANC_TESTS_SUPPORT_PLACEMENT_H

#include "scanc/Tensor.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace scanc::testing_support {

/// How a tensor lies in memory.
struct Placement {
  std::int64_t shift = 0; ///< elements from an address that 32 bytes divide to the lowest one
  std::int64_t gap = 0;   ///< elements between rows of the dimension that is innermost in memory
  bool exchanged = false; ///< the last two dimensions lie in the other order
  bool atEnd = false;     ///< the highest element ends where no memory is; `shift` does not count
  std::uint32_t backwards = 0; ///< bit d: dimension d descends in memory
  std::uint32_t repeated = 0;  ///< bit d: all of dimension d is one element, with stride 0
};

/// A tensor that lies so, alone in pages that nobody may touch beside 4 KiB of guards; every byte
/// that is not of an element is 0xff. More than 1 GiB is left as it is mapped, and only its
/// elements are looked at.
class Placed {
public:
  /// Copies the elements of `contiguous`, which are made alike along repeated dimensions.
  Placed(const TensorRef &contiguous, const Placement &placement);

  const TensorRef &tensor() const { return placed; }
  /// Copies the elements to `contiguous`. Says which byte beside them has changed; empty: none.
  std::string collect(const TensorRef &contiguous);

private:
  struct Unmap {
    std::size_t bytes;
    void operator()(char *memory) const;
  };
  /// Calls `visit(element of contiguous, element of placed)` for each.
  template <typename Visit>
  void forEachElement(const TensorRef &contiguous, Visit visit) const;

  std::unique_ptr<char, Unmap> memory;
  char *begin = nullptr, *end = nullptr; ///< of what may be touched: guards and elements
  TensorRef placed;
};

} // namespace scanc::testing_support

#endif // SCANC_TESTS_SUPPORT_PLACEMENT_H
