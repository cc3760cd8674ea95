//===- scanc/Doctor.h - The state of the machine on one screen --*- C++ -*-===//
//
// Public and installed. Standard library only.
//
//===----------------------------------------------------------------------===//
#ifndef SCANC_DOCTOR_H
#define SCANC_DOCTOR_H

#include <string>

namespace scanc {

/// What scanc finds here: driver, devices, NVRTC and its builtins, cache folder. Each thing that is
/// missing comes with its cure. Changes nothing.
std::string doctor();

} // namespace scanc

#endif // SCANC_DOCTOR_H
