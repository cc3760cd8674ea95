//===- Ring.cpp - Widths of accesses and tiles that wait in shared memory -===//
#include "compiler/planning/Kernels.h"
#include "compiler/planning/Tuning.h"

#include "mlir/IR/AffineExpr.h"
#include "mlir/IR/BuiltinTypes.h"
#include "llvm/Support/MathExtras.h"

#include <algorithm>

using namespace mlir;

namespace scanc::planning {

/// Whether `map` over the kernel's dims, of which the first `lanes` are lanes and the next is time, has
/// another.
static bool hasPoints(AffineMap map, int64_t lanes) {
  for (int64_t i = lanes + 1; i < map.getNumDims(); ++i)
    if (map.isFunctionOfDim(i))
      return true;
  return false;
}

int64_t accessWidth(const Mapping &mapping, AffineMap map, Type element, plan::PolicyAttr policy,
                    bool wide, bool common) {
  if (!wide || map.getNumResults() == 0)
    return 1;
  auto last = dyn_cast<AffineDimExpr>(map.getResult(map.getNumResults() - 1));
  if (!last) // a window along a contiguous time dimension is never aligned
    return 1;
  int64_t dim = last.getPosition(), lanes = mapping.lanes.size();
  int64_t parts = policy.getStateThreads();
  bool timeWalk = policy.getWalk() == plan::Walk::Time;
  if (dim == lanes) { // time
    constexpr int64_t warp = 32;
    int64_t sharers = common ? warp / parts : hasPoints(map, lanes) ? 1 : parts;
    int64_t steps = policy.getSteps() / sharers;
    bool even = sharers == 1 || (policy.getSteps() % sharers == 0 && llvm::isPowerOf2_64(steps));
    return timeWalk && even ? steps : 1;
  }
  if (dim == lanes - 1)
    return timeWalk ? 1 : policy.getLanes();
  if (dim < lanes)
    return 1;
  for (unsigned i = 0; i + 1 < map.getNumResults(); ++i)
    if (map.getResult(i) == last) // along a diagonal nothing is adjacent
      return 1;
  scan::RecurrenceInterface loop = mapping.op;
  int64_t size = loop.getDim(mapping.registers[dim - mapping.firstRegister()]).getSize();
  if (size % parts != 0) // the last share has points that do not exist
    return 1;
  size /= parts;
  int64_t most = 16 / bytesOf(element), result = 1;
  while (result * 2 <= most && size % (result * 2) == 0)
    result *= 2;
  return result;
}

int64_t tileElements(const Mapping &mapping, AffineMap map, plan::PolicyAttr policy,
                     int64_t sharedDims) {
  scan::RecurrenceInterface loop = mapping.op;
  int64_t count = 1, lanes = mapping.lanes.size();
  bool hasSteps = false, hasPoints = false;
  for (AffineExpr expr : map.getResults())
    expr.walk([&](AffineExpr part) {
      auto dim = dyn_cast<AffineDimExpr>(part);
      if (!dim)
        return;
      int64_t i = dim.getPosition();
      hasSteps |= i == lanes;
      hasPoints |= i > lanes;
      if (i == lanes)
        count *= policy.getSteps();
      else if (i == lanes - 1)
        count *= policy.getLanes();
      else if (i > lanes)
        count *= llvm::divideCeil(
            loop.getDim(mapping.registers[i - mapping.firstRegister()]).getSize(),
            policy.getStateThreads());
    });
  if (hasSteps && !hasPoints)
    return count / policy.getStateThreads();
  bool varies = sharedDims == 0;
  for (int64_t i = lanes - sharedDims; i < lanes; ++i)
    varies |= map.isFunctionOfDim(i);
  constexpr int64_t warp = 32;
  return hasSteps && !varies ? llvm::divideCeil(count * policy.getStateThreads(), warp) : count;
}

/// Calls `visit(map over the kernel's dims, element type)` for every read of every step.
static void forEachRead(const Mapping &mapping, llvm::function_ref<void(AffineMap, Type)> visit) {
  scan::RecurrenceInterface loop = mapping.op;
  for (auto [i, input] : llvm::enumerate(loop.getInputs()))
    if (loop.getInputMap(i).isFunctionOfDim(mapping.time))
      visit(mapping.toKernel(loop.getInputMap(i)),
            cast<RankedTensorType>(input.getType()).getElementType());
}

int64_t slotBytes(const Mapping &mapping, plan::PolicyAttr policy) {
  int64_t bytes = 0;
  forEachRead(mapping, [&](AffineMap map, Type element) {
    bytes += llvm::alignTo(
        tileElements(mapping, map, policy) * bytesOf(element) * policy.getThreads(), 16);
  });
  return bytes;
}

double ownShare(const Mapping &mapping, plan::PolicyAttr policy) {
  double own = 0, all = 0;
  forEachRead(mapping, [&](AffineMap map, Type element) {
    double bytes = tileElements(mapping, map, policy) * bytesOf(element);
    all += bytes;
    if (!mapping.lanes.empty() && map.isFunctionOfDim(mapping.lanes.size() - 1))
      own += bytes;
  });
  return own > 0 ? own / all : 1;
}

plan::PolicyAttr withBlocks(const Mapping &mapping, plan::PolicyAttr policy, const Target &target,
                            int64_t registers) {
  constexpr int64_t enough = 16; // more hide nothing
  int64_t threads = policy.getThreads();
  int64_t blocks = std::clamp<int64_t>(target.registersPerMultiprocessor / (threads * registers), 1,
                                       std::min(enough, target.threadsPerMultiprocessor / threads));
  return policy.with({.blocks = tuned(mapping, "blocks", blocks)});
}

/// Beyond this many tiles ahead nothing is gained.
static constexpr int64_t mostTiles = 16;

plan::PolicyAttr withRing(const Mapping &mapping, plan::PolicyAttr policy, bool wide,
                          int64_t budget) {
  bool narrow = false;
  scan::RecurrenceInterface loop = mapping.op;
  for (int64_t i : mapping.registers) // cells of points that do not exist would never be filled
    narrow |= loop.getDim(i).getSize() % policy.getStateThreads() != 0;
  forEachRead(mapping, [&](AffineMap map, Type element) {
    narrow |= accessWidth(mapping, map, element, policy, wide) * bytesOf(element) < 4;
  });
  int64_t slot = slotBytes(mapping, policy);
  bool possible = !narrow && slot > 0;
  int64_t tiles = possible ? tuned(mapping, "ring", std::min(budget / slot, mostTiles)) : 0;
  return policy.with({.ring = tiles < 2 ? 0 : tiles});
}

} // namespace scanc::planning
