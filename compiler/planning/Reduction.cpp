//===- Reduction.cpp - Shares of a reduced dimension in threads -----------===//
#include "compiler/planning/Reduction.h"

#include "compiler/planning/Body.h"
#include "compiler/planning/Tuning.h"
#include "dialects/plan/Rounds.h"

#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;

namespace scanc::planning {

static constexpr int64_t warp = 32, mostLanes = 16;

static scan::DimAttr reducedDim(const Mapping &mapping) {
  return scan::RecurrenceInterface(mapping.op).getDim(mapping.reduced);
}

int64_t threadsReduced(const Mapping &mapping, int64_t lanes) {
  if (mapping.reduced < 0)
    return 0;
  int64_t threads = llvm::divideCeil(reducedDim(mapping).getSize(), lanes);
  return threads > warp ? llvm::alignTo(threads, warp) : llvm::PowerOf2Ceil(threads);
}

int64_t lanesReduced(const Mapping &mapping, int64_t wanted, int64_t threads) {
  if (mapping.reduced < 0)
    return wanted;
  int64_t size = reducedDim(mapping).getSize(), best = 1;
  for (int64_t lanes = 2; lanes <= mostLanes && size % lanes == 0; lanes *= 2)
    if (lanes <= wanted || threadsReduced(mapping, best) > threads)
      best = lanes;
  return best;
}

std::optional<std::string> declinesReduction(const Mapping &mapping, int64_t lanes, int64_t threads,
                                             int64_t laneThreads, int64_t timeThreads) {
  if (mapping.reduced < 0)
    return std::nullopt;
  scan::DimAttr dim = reducedDim(mapping);
  auto refuse = [&](const llvm::Twine &why) {
    return llvm::formatv("index {0} of size {1}, reduced over the threads of a block: {2}",
                         dim.getName().getValue(), dim.getSize(), why.str())
        .str();
  };
  if (dim.getSize() % lanes != 0)
    return refuse(llvm::Twine(lanes) + " adjacent lanes of a thread do not divide it");
  int64_t needed = threadsReduced(mapping, lanes);
  if (needed > threads)
    return refuse(llvm::Twine(needed) + " threads of " + llvm::Twine(lanes) +
                  " adjacent lanes are wanted, at most " + llvm::Twine(threads) + " are there");
  if (!llvm::isPowerOf2_64(tuned(mapping, "steps", 1)))
    return refuse("steps of a power of two are wanted");
  laneThreads = tuned(mapping, "lane_threads", laneThreads);
  timeThreads = tuned(mapping, "time_threads", timeThreads);
  if (laneThreads % needed != 0 || laneThreads * timeThreads % warp != 0)
    return refuse("whole warps are wanted, and multiples of " + llvm::Twine(needed) +
                  " threads along lanes");
  return std::nullopt;
}

int64_t reductionBytes(const Mapping &mapping, plan::PolicyAttr policy) {
  if (policy.getReduceThreads() <= warp)
    return 0;
  Region region;
  lowerBody(mapping, region);
  int64_t bytes = plan::largestRoundBytes(plan::roundsOf(region.front()));
  return llvm::alignTo(2 * (policy.getThreads() / warp) * policy.getSteps() * bytes, 16);
}

} // namespace scanc::planning
