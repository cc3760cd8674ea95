//===- Elements.cpp - Tells elements from the gaps between them -------------===//
#include "tests/emulation/Elements.h"

#include <algorithm>
#include <cstdlib>

namespace scanc::emulation {

constexpr std::int64_t vector = 16;

Elements::Elements(const Buffer &buffer)
    : granule(buffer.granule), phase(reinterpret_cast<std::uintptr_t>(buffer.data) % vector) {
  std::vector<Extent> extents = buffer.extents;
  std::erase_if(extents, [](const Extent &e) { return e.size == 1 || e.stride == 0; });
  for (Extent &extent : extents)
    extent.stride = std::abs(extent.stride);
  std::sort(extents.begin(), extents.end(),
            [](const Extent &a, const Extent &b) { return a.stride < b.stride; });
  // What continues the dimension below it is one with it.
  std::int64_t reach = 0;
  for (const Extent &extent : extents) {
    reach += (extent.size - 1) * extent.stride;
    if (!dimensions.empty() && extent.stride == dimensions.back().size * dimensions.back().stride)
      dimensions.back() = {dimensions.back().size * extent.size, dimensions.back().stride, reach};
    else
      dimensions.push_back({extent.size, extent.stride, reach});
  }
  std::reverse(dimensions.begin(), dimensions.end());
  if (dimensions.size() == 1 && dimensions[0].stride == granule)
    dimensions.clear();
}

bool Elements::contains(std::int64_t offset, std::size_t first) const {
  if (first == dimensions.size())
    return offset == 0;
  const auto [size, stride, reach] = dimensions[first];
  if (offset > reach)
    return false;
  // Where dimensions overlap, an element may be reached by less than the most steps.
  const std::int64_t rest = reach - (size - 1) * stride;
  const std::int64_t least = std::max<std::int64_t>(0, (offset - rest + stride - 1) / stride);
  for (std::int64_t i = std::min(size - 1, offset / stride); i >= least; --i)
    if (contains(offset - i * stride, first + 1))
      return true;
  return false;
}

std::int64_t Elements::firstGapOfStore(std::int64_t offset, std::int64_t bytes) const {
  if (dimensions.empty())
    return -1;
  for (std::int64_t at = offset / granule * granule; at < offset + bytes; at += granule)
    if (!contains(at, 0))
      return at;
  return -1;
}

std::int64_t Elements::firstGapOfLoad(std::int64_t offset, std::int64_t bytes) const {
  if (dimensions.empty())
    return -1;
  for (std::int64_t at = offset; at < offset + bytes;) {
    const std::int64_t end = at + vector - (at + phase) % vector;
    bool isEmpty = true;
    for (std::int64_t i = std::max<std::int64_t>(0, end - vector); isEmpty && i < end; i += granule)
      isEmpty = !contains(i, 0);
    if (isEmpty)
      return at;
    at = end;
  }
  return -1;
}

} // namespace scanc::emulation
