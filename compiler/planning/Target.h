//===- Target.h - What a device has ------------------------------*- C++ -*-===//
#ifndef SCANC_COMPILER_PLANNING_TARGET_H
#define SCANC_COMPILER_PLANNING_TARGET_H

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace scanc::planning {

/// The facts of a device that plans and costs depend on.
struct Target {
  std::string arch;             ///< "sm_90a"
  std::int64_t multiprocessors; ///< SMs
  std::int64_t threadsPerMultiprocessor;
  std::int64_t registersPerMultiprocessor; ///< 32-bit
  double bandwidth;             ///< bytes per second through device memory, as a kernel reaches it
  double memoryLatency;         ///< seconds from a load to its value, memory busy
  double flops;                 ///< per second, f32, outside tensor cores
  double specialRate;           ///< exponentials and their like per second
  double launchOverhead;        ///< seconds of an empty launch
  std::int64_t sharedPerBlock;  ///< bytes that a kernel may ask for
  bool dependentLaunches;       ///< whether a launch may begin before the one before it has ended (programmatic)
  bool f64Products;             ///< whether the tensor cores multiply f64 as fast as others f32

  static constexpr std::int64_t schedulers = 4; ///< of a multiprocessor
  /// Cycles per second: one multiply and add per scheduler, lane of a warp and cycle makes `flops`.
  double clock() const {
    constexpr std::int64_t warp = 32;
    return flops / static_cast<double>(2 * warp * schedulers * multiprocessors);
  }
};

/// The target called `arch`, with the figures of a typical device of that architecture; nothing
/// for a name that is no architecture we generate for.
std::optional<Target> targetFor(std::string_view arch);

/// The names that `targetFor` knows, for messages.
std::string knownTargets();

} // namespace scanc::planning

#endif // SCANC_COMPILER_PLANNING_TARGET_H
