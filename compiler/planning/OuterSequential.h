//===- OuterSequential.h - Outer products summed up step by step -*- C++ -*-===//
#ifndef SCANC_COMPILER_PLANNING_OUTERSEQUENTIAL_H
#define SCANC_COMPILER_PLANNING_OUTERSEQUENTIAL_H

#include "compiler/planning/Strategy.h"

namespace scanc::planning {

/// Whether a recurrence takes in outer products and is read out, in a form that kernel::outer_sequential computes.
bool hasOuterProducts(const Mapping &);

/// The answers of `sequential` where that is so.
std::optional<std::string> declinesOuterSequential(const Mapping &);
Knobs knobsOfOuterSequential();
Cost costOfOuterSequential(const Mapping &, const Target &, const Sizes &);
void lowerOuterSequential(const Mapping &, const Target &, const Sizes &, mlir::OpBuilder &);

} // namespace scanc::planning

#endif // SCANC_COMPILER_PLANNING_OUTERSEQUENTIAL_H
