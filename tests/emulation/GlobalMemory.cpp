//===- GlobalMemory.cpp - Finds the buffer that an address belongs to ------===//
#include "tests/emulation/GlobalMemory.h"

#include <algorithm>
#include <numeric>

namespace scanc::emulation {

GlobalMemory::GlobalMemory(const std::vector<Buffer> &buffers, bool shadow) {
  std::vector<Region> sorted;
  for (const Buffer &buffer : buffers) {
    const auto begin = reinterpret_cast<std::uintptr_t>(buffer.data);
    if (buffer.bytes > 0)
      sorted.push_back({buffer, begin, begin + buffer.bytes, Elements(buffer), {}});
  }
  std::stable_sort(sorted.begin(), sorted.end(),
                   [](const Region &a, const Region &b) { return a.begin < b.begin; });
  for (Region &next : sorted) {
    if (regions.empty() || next.begin >= regions.back().end) {
      regions.push_back(std::move(next));
      continue;
    }
    Region &whole = regions.back();
    whole.elements = Elements();
    whole.buffer.name += "+" + next.buffer.name;
    whole.buffer.writable |= next.buffer.writable;
    whole.buffer.initialized |= next.buffer.initialized;
    whole.buffer.granule =
        std::gcd(std::gcd(whole.buffer.granule, next.buffer.granule), next.begin - whole.begin);
    whole.end = std::max(whole.end, next.end);
  }
  for (Region &region : regions)
    if (shadow && region.buffer.writable)
      region.cells = Cells((region.end - region.begin) / region.buffer.granule + 1);
}

Region *GlobalMemory::find(std::uintptr_t address, std::size_t bytes) {
  if (!last || address < last->begin || address >= last->end) {
    auto after = std::upper_bound(
        regions.begin(), regions.end(), address,
        [](std::uintptr_t wanted, const Region &region) { return wanted < region.begin; });
    if (after == regions.begin())
      return nullptr;
    last = &*std::prev(after);
  }
  return address >= last->begin && address < last->end && bytes <= last->end - address ? last
                                                                                       : nullptr;
}

std::string GlobalMemory::describe(std::uintptr_t address, std::size_t bytes) const {
  const auto away = [&](const Region &region) {
    return address < region.begin ? region.begin - address : address + bytes - region.end;
  };
  const auto nearest =
      std::min_element(regions.begin(), regions.end(),
                       [&](const Region &a, const Region &b) { return away(a) < away(b); });
  if (nearest == regions.end())
    return "there is no buffer";
  return "buffer '" + nearest->buffer.name + "' has " +
         std::to_string(nearest->end - nearest->begin) + " bytes, the access is at byte " +
         std::to_string(static_cast<std::int64_t>(address - nearest->begin));
}

} // namespace scanc::emulation
