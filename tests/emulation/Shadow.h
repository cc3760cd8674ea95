//===- Shadow.h - Who touched a byte last -----------------------*- C++ -*-===//
//
// The race check keeps a cell beside each granule of memory: its last write and
// two reads since then. Two reads suffice to find that *some* race exists
// wherever barriers order the threads: among concurrent reads the two kept are
// of different blocks if there are such, else of different warps, else of
// different threads, so a later write races with one of the kept if it races
// with any. Only where releases order it with both kept reads, and not with a
// third, can a race be missed.
//
//===----------------------------------------------------------------------===//
#ifndef SCANC_TESTS_EMULATION_SHADOW_H
#define SCANC_TESTS_EMULATION_SHADOW_H

#include "scanc_emulation/hooks.h"
#include "tests/emulation/Clocks.h"

#include <memory>
#include <new>
#include <sys/mman.h>

namespace scanc::emulation {

/// An access that happened; all zero when there was none.
struct Access {
  Moment moment;
  bool present = false;
  bool atomic = false; ///< two atomic accesses do not race
  Place place;
};

struct Cell {
  Access write;
  Access reads[2];
};

/// What the running thread brings to the check.
struct Accessor {
  const Access &access;
  const KnowledgeRef &known;

  bool isAfter(const Access &past) const {
    return !past.present || past.moment.thread == access.moment.thread ||
           (past.atomic && access.atomic) || happenedBefore(past.moment, access.moment, known);
  }
};

/// Notes a read; returns the write that races with it, or null.
const Access *noteRead(Cell &cell, const Accessor &accessor);

/// Notes a write; returns the access that races with it, or null. The kind is in `raceIsWrite`.
const Access *noteWrite(Cell &cell, const Accessor &accessor, bool &raceIsWrite);

/// A zeroed array of cells; pages that are never touched cost nothing, however many there are.
class Cells {
public:
  Cells() = default;
  explicit Cells(std::size_t count) {
    const std::size_t bytes = (count + 1) * sizeof(Cell); // of no cell is none mapped
    data = {map(bytes), Unmap{bytes}};
  }
  Cell &operator[](std::size_t index) const { return data.get()[index]; }

private:
  static Cell *map(std::size_t bytes) {
    void *mapped = mmap(nullptr, bytes, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (mapped == MAP_FAILED)
      throw std::bad_alloc();
    return static_cast<Cell *>(mapped);
  }
  struct Unmap {
    std::size_t bytes; ///< 0 of none
    void operator()(Cell *cells) const { munmap(cells, bytes); }
  };
  std::unique_ptr<Cell, Unmap> data;
};

} // namespace scanc::emulation

#endif // SCANC_TESTS_EMULATION_SHADOW_H
