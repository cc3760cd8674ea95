//===- Windows.cpp - Rows that several reads of a kernel have -------------===//
#include "dialects/plan/Windows.h"

#include "mlir/IR/AffineExpr.h"

using namespace mlir;

namespace scanc::plan {

namespace {

/// How many steps a read looks back, and where it would read if it did not.
struct Window {
  AffineMap map;
  int64_t delay = 0;
};

} // namespace

static Window windowOf(AffineMap map, int64_t time) {
  Window window{map, 0};
  SmallVector<AffineExpr> results(map.getResults());
  for (AffineExpr &expr : results)
    if (auto sum = dyn_cast<AffineBinaryOpExpr>(expr); sum && sum.isFunctionOfDim(time)) {
      window.delay = -cast<AffineConstantExpr>(sum.getRHS()).getValue();
      expr = sum.getLHS();
    }
  window.map = AffineMap::get(map.getNumDims(), 0, results, map.getContext());
  return window;
}

SmallVector<WindowRows> windowRows(ArrayRef<StepRead> reads, int64_t time, PolicyAttr policy, bool hasSegments) {
  SmallVector<WindowRows> rows;
  SmallVector<Window> windows;
  SmallVector<size_t> byDelay;
  for (size_t i = 0; i < reads.size(); ++i) {
    rows.push_back({i, 0, 0});
    windows.push_back(windowOf(reads[i].map, time));
    byDelay.push_back(i);
  }
  // A segment's first steps see zeros where an earlier segment's rows lie; strips and shares of steps have places of their own.
  if (policy.getWalk() != Walk::Lanes || policy.getPhased() || policy.getStateThreads() > 1 || hasSegments)
    return rows;
  llvm::stable_sort(byDelay, [&](size_t a, size_t b) { return windows[a].delay < windows[b].delay; });
  SmallVector<size_t> bringers;
  for (size_t i : byDelay) {
    if (!windows[i].map.isFunctionOfDim(time))
      continue;
    auto *bringer = llvm::find_if(bringers, [&](size_t other) {
      return reads[other].tensor == reads[i].tensor && windows[other].map == windows[i].map &&
             windows[i].delay < windows[other].delay + rows[other].more + policy.getSteps();
    });
    if (bringer == bringers.end()) {
      bringers.push_back(i);
      continue;
    }
    rows[i].bringer = *bringer;
    rows[*bringer].more = windows[i].delay - windows[*bringer].delay;
  }
  for (size_t i = 0; i < rows.size(); ++i) {
    size_t of = rows[i].bringer;
    rows[i].ahead = windows[of].delay + rows[of].more - windows[i].delay;
  }
  return rows;
}

} // namespace scanc::plan
