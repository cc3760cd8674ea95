//===- Reduce.h - A smaller program with the same fault ---------*- C++ -*-===//
#ifndef SCANC_TESTS_SMITH_REDUCE_H
#define SCANC_TESTS_SMITH_REDUCE_H

#include "tests/smith/Smith.h"

#include <functional>

namespace scanc::smith {

/// Whether a program still shows what is looked for.
using Shows = std::function<bool(const RandomProgram &)>;

/// Takes words out of the text and makes sizes smaller as long as `shows` holds, which it does of `program`, and asks it
/// `attempts` times at the most. Texts that are no program are not asked about.
RandomProgram reduce(const RandomProgram &program, const Shows &shows, int attempts);

} // namespace scanc::smith

#endif // SCANC_TESTS_SMITH_REDUCE_H
