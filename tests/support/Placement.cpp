//===- Placement.cpp - Lay out, guard, gather -----------------------------===//
#include "tests/support/Placement.h"

#include <algorithm>
#include <cstring>
#include <new>
#include <numeric>
#include <sys/mman.h>

namespace scanc::testing_support {

namespace {

constexpr std::int64_t mostFilled = 1 << 30;
constexpr std::int64_t page = 4096, guard = 4096, alignment = 32;
constexpr char untouched = static_cast<char>(0xff);

/// Dimensions from the innermost in memory to the outermost.
std::vector<std::size_t> orderOf(std::size_t rank, bool exchanged) {
  std::vector<std::size_t> order(rank);
  std::iota(order.rbegin(), order.rend(), 0);
  if (exchanged && rank >= 2)
    std::swap(order[0], order[1]);
  return order;
}

} // namespace

void Placed::Unmap::operator()(char *memory) const { munmap(memory, bytes); }

template <typename Visit>
void Placed::forEachElement(const TensorRef &contiguous, Visit visit) const {
  const std::int64_t size = sizeOf(placed.dtype);
  auto *from = static_cast<char *>(contiguous.data);
  std::int64_t count = 1;
  for (std::int64_t extent : placed.sizes)
    count *= extent;
  std::vector<std::int64_t> point(placed.sizes.size(), 0);
  std::int64_t offset = 0;
  for (std::int64_t i = 0; i < count; ++i) {
    visit(from + i * size, static_cast<char *>(placed.data) + offset * size);
    for (std::size_t d = point.size(); d-- > 0;) {
      offset += placed.strides[d];
      if (++point[d] < placed.sizes[d])
        break;
      offset -= placed.strides[d] * placed.sizes[d];
      point[d] = 0;
    }
  }
}

Placed::Placed(const TensorRef &contiguous, const Placement &placement) : placed(contiguous) {
  const std::int64_t size = sizeOf(placed.dtype);
  placed.strides.assign(placed.sizes.size(), 0);
  std::int64_t span = 1, first = 0, stride = 1;
  bool innermost = true, empty = false;
  for (std::size_t d : orderOf(placed.sizes.size(), placement.exchanged)) {
    const std::int64_t extent = placed.sizes[d];
    empty |= extent == 0;
    if (placement.repeated >> d & 1)
      continue;
    const std::int64_t reach = (extent - 1) * stride;
    const bool descends = placement.backwards >> d & 1;
    placed.strides[d] = descends ? -stride : stride;
    first += descends ? reach : 0;
    span += reach;
    stride = stride * extent + (innermost ? placement.gap : 0);
    innermost = false;
  }
  if (empty)
    span = first = 0;

  const std::int64_t shift = placement.shift * size, bytes = span * size;
  const std::int64_t inside = (guard + shift + bytes + guard + page - 1) / page * page;
  const std::size_t total = inside + 2 * page;
  void *mapped =
      mmap(nullptr, total, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (mapped == MAP_FAILED)
    throw std::bad_alloc();
  memory = {static_cast<char *>(mapped), Unmap{total}};
  begin = memory.get() + page;
  end = begin + inside;
  mprotect(begin, inside, PROT_READ | PROT_WRITE);
  if (inside <= mostFilled)
    std::memset(begin, untouched, inside);
  static_assert(guard % alignment == 0);
  placed.data = (placement.atEnd ? end - bytes : begin + guard + shift) + first * size;
  forEachElement(contiguous, [&](const char *from, char *to) { std::memcpy(to, from, size); });
  if (placement.repeated != 0) // the last of those that are one has stayed
    forEachElement(contiguous, [&](char *to, const char *from) { std::memcpy(to, from, size); });
}

std::string Placed::collect(const TensorRef &contiguous) {
  const std::int64_t size = sizeOf(placed.dtype);
  forEachElement(contiguous, [&](char *to, const char *from) { std::memcpy(to, from, size); });
  forEachElement(contiguous, [&](const char *, char *to) { std::memset(to, untouched, size); });
  if (end - begin > mostFilled)
    return "";
  const char *changed = std::find_if(begin, end, [](char c) { return c != untouched; });
  if (changed == end)
    return "";
  return "byte " + std::to_string(changed - static_cast<char *>(placed.data)) +
         " from the first element on has changed";
}

} // namespace scanc::testing_support
