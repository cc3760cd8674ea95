//===- Target.cpp - Figures of the devices we generate for ----------------===//
#include "compiler/planning/Target.h"

#include <array>

namespace scanc::planning {

// One representative device per architecture. H200's bandwidth and launch overhead are measured
// (bench/results); the others are data sheets times the same ratio of reached to stated bandwidth.
static const std::array<Target, 5> targets = {{
    {"sm_80", 108, 2048, 65536, 1.40e12, 0.8e-6, 19.5e12, 2.4e12, 5e-6, 163 << 10, false, true},  // A100 40 GB
    {"sm_86", 84, 1536, 65536, 0.68e12, 0.8e-6, 35.6e12, 2.2e12, 5e-6, 99 << 10, false, false},   // A40
    {"sm_89", 142, 1536, 65536, 0.78e12, 0.8e-6, 91.6e12, 5.7e12, 5e-6, 99 << 10, false, false},  // L40S
    {"sm_90", 132, 2048, 65536, 4.30e12, 0.9e-6, 66.9e12, 4.2e12, 4.7e-6, 227 << 10, true, true}, // H200
    {"sm_90a", 132, 2048, 65536, 4.30e12, 0.9e-6, 66.9e12, 4.2e12, 4.7e-6, 227 << 10, true, true},
}};

std::optional<Target> targetFor(std::string_view arch) {
  for (const Target &target : targets)
    if (target.arch == arch)
      return target;
  return std::nullopt;
}

std::string knownTargets() {
  std::string names;
  for (const Target &target : targets)
    names += (names.empty() ? "" : ", ") + target.arch;
  return names;
}

} // namespace scanc::planning
