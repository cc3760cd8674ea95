//===- tuning/CopyBandwidth.h - What a plain copy reaches -------*- C++ -*-===//
#ifndef SCANC_RUNTIME_TUNING_COPYBANDWIDTH_H
#define SCANC_RUNTIME_TUNING_COPYBANDWIDTH_H

#include "scanc/Program.h"

namespace scanc::tuning {

/// A kernel that copies x[N] to y[N] of f64, so many vectors of 16 bytes a thread: as a program
/// like any other. N is a multiple of 512 times `vectors`.
Program copyProgram(int vectors);

/// Bytes per second, read and written, of a copy that no cache holds: the best of several kernels
/// and repeats, since a yardstick is what can be reached. On the device of `target`, or on the CPU
/// by as many threads as its kernels have.
Result<double> copyBandwidth(std::string_view target);

} // namespace scanc::tuning

#endif // SCANC_RUNTIME_TUNING_COPYBANDWIDTH_H
