//===- Ring.cpp - Widths of accesses and tiles that wait in shared memory -===//
#include "compiler/planning/Kernels.h"
#include "compiler/planning/Tuning.h"
#include "dialects/plan/Windows.h"

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
  if (dim == lanes - 1 && policy.getPhased())
    return map.isFunctionOfDim(lanes) ? 2 : 1;
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

void forEachBrought(const Mapping &mapping, plan::PolicyAttr policy,
                    llvm::function_ref<void(AffineMap, Type, int64_t)> visit) {
  scan::RecurrenceInterface loop = mapping.op;
  SmallVector<plan::StepRead> reads;
  for (auto [i, input] : llvm::enumerate(loop.getInputs()))
    reads.push_back({input.getAsOpaquePointer(), mapping.toKernel(loop.getInputMap(i))});
  auto rows = plan::windowRows(reads, mapping.lanes.size(), policy, mapping.segment >= 0);
  for (auto [i, input] : llvm::enumerate(loop.getInputs()))
    if (rows[i].bringer == i)
      visit(reads[i].map, cast<RankedTensorType>(input.getType()).getElementType(), policy.getSteps() + rows[i].more);
}

int64_t slotBytes(const Mapping &mapping, plan::PolicyAttr policy) {
  int64_t bytes = 0;
  forEachBrought(mapping, policy, [&](AffineMap map, Type element, int64_t rows) {
    if (!map.isFunctionOfDim(mapping.lanes.size()))
      return;
    bytes += llvm::alignTo(
        tileElements(mapping, map, policy) * rows / policy.getSteps() * bytesOf(element) * policy.getThreads(), 16);
    // See strip_cells in templates/scanc/warp/strip.cuh.
    if (policy.getPhased() && map.isFunctionOfDim(mapping.lanes.size() - 1))
      bytes += 32 * policy.getSteps() * (policy.getThreads() / 32);
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

/// Whether `map`, of something that is read or written at every step, is of rows of which a warp can hold
/// a strip, or is the same for all lanes of a row where it is read.
static bool hasStrips(const Mapping &mapping, AffineMap map, bool read) {
  int64_t lanes = mapping.lanes.size();
  if (read && !map.isFunctionOfDim(lanes - 1))
    return true;
  auto last = map.getNumResults() ? dyn_cast<AffineDimExpr>(map.getResults().back()) : nullptr;
  return last && last.getPosition() == lanes - 1 && !hasPoints(map, lanes);
}

plan::PolicyAttr withStrips(const Mapping &mapping, plan::PolicyAttr policy) {
  scan::RecurrenceInterface loop = mapping.op;
  if (policy.getWalk() == plan::Walk::Time || mapping.lanes.empty() || policy.getLanes() % 2 != 0 ||
      mapping.segment >= 0 || mapping.reduced >= 0 || policy.getStateThreads() > 1)
    return {};
  bool possible = true, halves = false;
  auto consider = [&](AffineMap map, Type element, bool read) {
    possible &= hasStrips(mapping, map, read);
    if (!map.isFunctionOfDim(mapping.lanes.size() - 1))
      return;
    // Rows have the same phases in every tile.
    possible &= !read || policy.getSteps() * bytesOf(element) % 16 == 0;
    halves |= bytesOf(element) == 2;
  };
  forEachRead(mapping, [&](AffineMap map, Type element) { consider(map, element, true); });
  for (int64_t i = 0; i < loop.getNumOutputs(); ++i)
    consider(mapping.toKernel(loop.getOutputMap(i)),
             cast<RankedTensorType>(loop->getResult(i).getType()).getElementType(), false);
  constexpr int64_t warp = 32, most = 1024; // threads of a block
  int64_t threads = llvm::alignTo(policy.getLaneThreads(), warp);
  if (!possible || !halves || threads * policy.getTimeThreads() > most)
    return {};
  return policy.with({.laneThreads = threads, .phased = true});
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
