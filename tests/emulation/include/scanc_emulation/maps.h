//===- scanc_emulation/maps.h - Maps of matrices that the host makes -------===//
//
// What a driver encodes in a form of its own. Read by the emulated text and by the host.
//
//===----------------------------------------------------------------------===//
#ifndef SCANC_EMULATION_MAPS_H
#define SCANC_EMULATION_MAPS_H

namespace scanc::emulation {

struct GivenMap {
  const void *first;
  int rows, columns, count;
  long long row_bytes, matrix_bytes;
  int box_rows, box_columns; ///< what a copy takes
};

} // namespace scanc::emulation

#endif // SCANC_EMULATION_MAPS_H
