//===- Isolated.h - A check whose crash is a finding ------------*- C++ -*-===//
#ifndef SCANC_TESTS_SMITH_ISOLATED_H
#define SCANC_TESTS_SMITH_ISOLATED_H

#include "tests/smith/Check.h"

namespace scanc::smith {

/// `check` in a child process, which may crash, or be ended after `seconds`: both are findings.
std::optional<Finding> checkInChild(const RandomProgram &program, const Effort &effort, Tally &tally, unsigned seconds);

} // namespace scanc::smith

#endif // SCANC_TESTS_SMITH_ISOLATED_H
