//===- Report.h - The words of a report -------------------------*- C++ -*-===//
#ifndef SCANC_TESTS_EMULATION_REPORT_H
#define SCANC_TESTS_EMULATION_REPORT_H

#include "scanc/Error.h"
#include "scanc_emulation/hooks.h"
#include "tests/emulation/Clocks.h"

namespace scanc::emulation {

/// "blelloch.cuh:88".
inline std::string spell(Place place) {
  std::string file = place.file_name();
  if (auto slash = file.rfind('/'); slash != std::string::npos)
    file.erase(0, slash + 1);
  return file + ":" + std::to_string(place.line());
}

/// A fault of the kernel; `kind` is the last part of its code.
inline Error makeFault(const char *kind, std::string message) {
  Error error;
  error.code = std::string("emulation.") + kind;
  error.kind = ErrorKind::internal;
  error.message = std::move(message);
  return error;
}

} // namespace scanc::emulation

#endif // SCANC_TESTS_EMULATION_REPORT_H
