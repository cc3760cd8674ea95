//===- PlanLaunch.cpp - One launch planned by a planner of its own --------===//
#include "runtime/launch/LaunchPlanner.h"

namespace scanc {

Result<LaunchPlan> planLaunch(const Program &program, std::span<const TensorRef> operands,
                              const LaunchTarget &target, const Workspace &workspace) {
  // The planner does not outlive this call, so it may view the program.
  std::shared_ptr<const Program> view(std::shared_ptr<void>(), &program);
  Result<rt::LaunchPlanner> planner = rt::LaunchPlanner::create(view, target.entry);
  if (!planner)
    return planner.error();
  rt::BoundOperands bound;
  if (Result<void> fits = planner->bind(operands, target, bound); !fits)
    return fits.error();
  LaunchPlan plan;
  if (Result<void> planned = planner->plan(bound, target, plan); !planned)
    return planned.error();
  if (Result<void> usable = planner->checkWorkspace(plan, bound, workspace); !usable)
    return usable.error();
  Result<void> placed = planner->placeWorkspace(
      plan, bound, static_cast<std::int64_t>(reinterpret_cast<std::intptr_t>(workspace.data)),
      workspace.kept);
  if (!placed)
    return placed.error();
  return plan;
}

} // namespace scanc
