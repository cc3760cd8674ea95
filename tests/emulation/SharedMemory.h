//===- SharedMemory.h - The shared memory of one resident block -*- C++ -*-===//
#ifndef SCANC_TESTS_EMULATION_SHAREDMEMORY_H
#define SCANC_TESTS_EMULATION_SHAREDMEMORY_H

#include "tests/emulation/Shadow.h"

#include <cstddef>
#include <cstring>
#include <new>

namespace scanc::emulation {

/// Bytes that no kernel has written read as this: a NaN in every floating type.
inline constexpr unsigned char sharedPoison = 0xff;

/// A block's shared memory and its shadow, byte by byte.
class SharedMemory {
public:
  SharedMemory() = default;
  explicit SharedMemory(std::size_t bytes)
      : count(bytes), data(static_cast<char *>(::operator new(bytes + 1, alignment))),
        cells(bytes) {
    poison();
  }

  void clear() {
    poison();
    if (count)
      std::memset(static_cast<void *>(&cells[0]), 0, count * sizeof(Cell));
  }
  std::size_t bytes() const { return count; }
  char *address(std::size_t offset) const { return data.get() + offset; }
  Cell &cell(std::size_t offset) const { return cells[offset]; }

private:
  /// At least what any object in shared memory asks for, so that offsets keep their alignment.
  static constexpr std::align_val_t alignment{1024};
  struct Free {
    void operator()(char *bytes) const { ::operator delete(bytes, alignment); }
  };
  void poison() { std::memset(data.get(), sharedPoison, count); }

  std::size_t count = 0;
  std::unique_ptr<char, Free> data;
  Cells cells;
};

} // namespace scanc::emulation

#endif // SCANC_TESTS_EMULATION_SHAREDMEMORY_H
