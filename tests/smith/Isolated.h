//===- Isolated.h - A check whose crash is a finding ------------*- C++ -*-===//
#ifndef SCANC_TESTS_SMITH_ISOLATED_H
#define SCANC_TESTS_SMITH_ISOLATED_H

#include "tests/smith/Check.h"

#include <functional>
#include <span>

namespace scanc::smith {

/// `check` of one program after the other in a child process, which may crash, or be ended after `seconds` for a program:
/// both are findings. After a finding, of which `tell` is told with the program's place, a new child takes the rest.
void checkInChildren(std::span<const RandomProgram> programs, const Effort &effort, Tally &tally, unsigned seconds,
                     const std::function<void(std::size_t, const Finding &)> &tell);

/// The same for one program.
std::optional<Finding> checkInChild(const RandomProgram &program, const Effort &effort, Tally &tally, unsigned seconds);

} // namespace scanc::smith

#endif // SCANC_TESTS_SMITH_ISOLATED_H
