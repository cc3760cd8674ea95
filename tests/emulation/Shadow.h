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

#include <cstdlib>
#include <memory>

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

/// A zeroed array of cells; pages that are never touched cost nothing.
class Cells {
public:
  Cells() = default;
  explicit Cells(std::size_t count)
      : data(static_cast<Cell *>(std::calloc(count ? count : 1, sizeof(Cell)))) {}
  Cell &operator[](std::size_t index) const { return data.get()[index]; }

private:
  struct Free {
    void operator()(Cell *cells) const { std::free(cells); }
  };
  std::unique_ptr<Cell, Free> data;
};

} // namespace scanc::emulation

#endif // SCANC_TESTS_EMULATION_SHADOW_H
