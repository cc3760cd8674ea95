//===- EncodeMap.cpp - By the driver, in an aligned place of the host ------===//
#include "runtime/launch/EncodeMap.h"

#include <cstring>

namespace scanc::rt {

Result<void> encodeMap(const Driver &driver, const PlannedMap &map, std::int64_t *to) {
  // Pieces of 16 bytes are exchanged within a row of the box (templates/scanc/warp/matmul.cuh).
  const int swizzle = map.box[0] == 64   ? Driver::swizzle128
                      : map.box[0] == 32 ? Driver::swizzle64
                                         : Driver::swizzle32;
  constexpr unsigned rank = 3;
  unsigned long long sizes[rank], strides[rank - 1];
  const unsigned box[rank] = {static_cast<unsigned>(map.box[0]), static_cast<unsigned>(map.box[1]), 1};
  const unsigned adjacent[rank] = {1, 1, 1};
  for (unsigned i = 0; i < rank; ++i)
    sizes[i] = static_cast<unsigned long long>(map.sizes[i]);
  for (unsigned i = 0; i + 1 < rank; ++i)
    strides[i] = static_cast<unsigned long long>(map.strides[i]);
  alignas(64) unsigned char encoded[8 * PlannedKernel::mapWords];
  int result = driver.tensorMapEncodeTiled(
      encoded, Driver::elementsOf16Bits, rank, reinterpret_cast<void *>(map.first), sizes, strides, box,
      adjacent, /*interleave=*/0, swizzle, /*promotion=*/0, /*fill: zeros*/ 0);
  if (result != Driver::success)
    return driverError(driver, "cuTensorMapEncodeTiled", result);
  std::memcpy(to, encoded, sizeof encoded);
  return {};
}

} // namespace scanc::rt
