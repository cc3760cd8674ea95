//===- GlobalMemory.h - The buffers of a launch and their shadow *- C++ -*-===//
#ifndef SCANC_TESTS_EMULATION_GLOBALMEMORY_H
#define SCANC_TESTS_EMULATION_GLOBALMEMORY_H

#include "tests/emulation/Elements.h"
#include "tests/emulation/Shadow.h"

namespace scanc::emulation {

/// One buffer, or several that overlap.
struct Region {
  Buffer buffer;
  std::uintptr_t begin = 0, end = 0;
  Elements elements;
  Cells cells; ///< one for each granule; none in a region that is only read
};

class GlobalMemory {
public:
  GlobalMemory(const std::vector<Buffer> &buffers, bool shadow);

  /// The region with all of `bytes` bytes at `address`, or null.
  Region *find(std::uintptr_t address, std::size_t bytes);
  /// The offset of an address outside every region, in words, from the nearest region.
  std::string describe(std::uintptr_t address, std::size_t bytes) const;

private:
  std::vector<Region> regions; ///< in order of address
  Region *last = nullptr;      ///< found last; most accesses follow one of their own kind
};

} // namespace scanc::emulation

#endif // SCANC_TESTS_EMULATION_GLOBALMEMORY_H
