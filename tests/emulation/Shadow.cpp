//===- Shadow.cpp - The rules of the race check, for one granule -----------===//
#include "tests/emulation/Shadow.h"

namespace scanc::emulation {
namespace {

/// How different two concurrent readers are: 0 one thread, 1 one warp, 2 one block, 3 not even
/// that.
int distance(const Access &a, const Access &b) {
  if (a.moment.block != b.moment.block)
    return 3;
  if (a.moment.warp != b.moment.warp)
    return 2;
  return a.moment.thread != b.moment.thread;
}

void keepRead(Cell &cell, const Accessor &accessor) {
  const Access &read = accessor.access;
  for (Access &kept : cell.reads) {
    if (!kept.present || kept.moment.thread == read.moment.thread) {
      const bool atomic = read.atomic && (!kept.present || kept.atomic);
      kept = read;
      kept.atomic = atomic;
      return;
    }
  }
  // A read that happened before this one is implied by it.
  for (Access &kept : cell.reads) {
    if (kept.atomic == read.atomic && happenedBefore(kept.moment, read.moment, accessor.known)) {
      kept = read;
      return;
    }
  }
  if (distance(cell.reads[0], read) > distance(cell.reads[0], cell.reads[1]))
    cell.reads[1] = read;
}

} // namespace

const Access *noteRead(Cell &cell, const Accessor &accessor) {
  if (!accessor.isAfter(cell.write))
    return &cell.write;
  keepRead(cell, accessor);
  return nullptr;
}

const Access *noteWrite(Cell &cell, const Accessor &accessor, bool &raceIsWrite) {
  raceIsWrite = true;
  if (!accessor.isAfter(cell.write))
    return &cell.write;
  raceIsWrite = false;
  for (const Access &read : cell.reads)
    if (!accessor.isAfter(read))
      return &read;
  cell.write = accessor.access;
  cell.reads[0] = cell.reads[1] = Access();
  return nullptr;
}

} // namespace scanc::emulation
