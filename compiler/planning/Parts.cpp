//===- Parts.cpp - What threads that share a lane's state have in common --===//
#include "compiler/planning/Parts.h"

#include "compiler/planning/Body.h"
#include "compiler/planning/Kernels.h"
#include "dialects/plan/Shares.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;

namespace scanc::planning {

std::optional<std::string> declinesParts(const Mapping &mapping) {
  if (mapping.registers.size() != 1)
    return llvm::formatv("{0} indices are summed over, not one", mapping.registers.size()).str();
  scan::RecurrenceInterface loop = mapping.op;
  if (loop.getReset())
    return std::string("packed sequences (reset at)");
  Region region;
  lowerBody(mapping, region);
  SmallVector<bool> varies;
  for (int64_t i = 0; i < static_cast<int64_t>(loop.getInputs().size()); ++i)
    varies.push_back(loop.getInputMap(i).isFunctionOfDim(mapping.time));
  return plan::Shares(region.front(), varies).getObstacle();
}

int64_t commonDims(const Mapping &mapping, const Sizes &sizes, int64_t lanes) {
  scan::RecurrenceInterface loop = mapping.op;
  Region region;
  lowerBody(mapping, region);
  int64_t count = mapping.lanes.size(), shared = 0;
  for (auto [i, value] : llvm::enumerate(region.front().getArguments())) {
    AffineMap map = mapping.toKernel(loop.getInputMap(i));
    int64_t alike = 0;
    while (alike < count && plan::isCommon(map, value, count, alike + 1))
      ++alike;
    if (alike > 0)
      shared = shared == 0 ? alike : std::min(shared, alike);
  }
  double row = 1;
  for (int64_t i = count - shared; i < count; ++i)
    row *= sizeNamed(sizes, loop.getDim(mapping.lanes[i]));
  constexpr double mostIdle = 0.2;
  double held = std::ceil(row / static_cast<double>(lanes)) * static_cast<double>(lanes);
  return row >= held * (1 - mostIdle) ? shared : 0;
}

/// Bytes of a struct of `members`: how many of an element, each aligned to its size.
static int64_t bytesOfStruct(ArrayRef<std::pair<int64_t, Type>> members, int64_t alignment) {
  int64_t bytes = 0;
  for (auto [count, element] : members) {
    int64_t size = std::max<int64_t>(4, bytesOf(element)); // 16 bits are widened, or aligned to 4
    alignment = std::max(alignment, size);
    bytes = llvm::alignTo(bytes, size) + count * size;
  }
  return llvm::alignTo(bytes, alignment);
}

/// `region` is the lowered body.
static int64_t commonBytes(const Mapping &mapping, Region &region, int64_t parts, int64_t sharedDims) {
  scan::RecurrenceInterface loop = mapping.op;
  SmallVector<BlockArgument> alike;
  for (auto [i, value] : llvm::enumerate(region.front().getArguments()))
    if (plan::isCommon(mapping.toKernel(loop.getInputMap(i)), value, mapping.lanes.size(), sharedDims))
      alike.push_back(value);
  SmallVector<std::pair<int64_t, Type>> members;
  for (Value value : plan::commonValues(region.front(), alike)) {
    auto vector = cast<VectorType>(value.getType());
    members.push_back({llvm::divideCeil(vector.getNumElements(), parts), vector.getElementType()});
  }
  return members.empty() ? 0 : bytesOfStruct(members, 16);
}

int64_t commonBytes(const Mapping &mapping, int64_t parts, int64_t sharedDims) {
  Region region;
  lowerBody(mapping, region);
  return commonBytes(mapping, region, parts, sharedDims);
}

int64_t exchangeBytes(const Mapping &mapping, plan::PolicyAttr policy, int64_t sharedDims) {
  constexpr int64_t warp = 32, tiles = 2;
  int64_t parts = policy.getStateThreads();
  if (parts == 1)
    return 0;
  scan::RecurrenceInterface loop = mapping.op;
  Region region;
  lowerBody(mapping, region);
  SmallVector<bool> varies;
  for (int64_t i = 0; i < static_cast<int64_t>(loop.getInputs().size()); ++i)
    varies.push_back(loop.getInputMap(i).isFunctionOfDim(mapping.time));
  SmallVector<std::pair<int64_t, Type>> handed;
  const plan::Shares shares(region.front(), varies);
  for (Value value : shares.getHanded())
    handed.push_back({1, value.getType()});
  int64_t step = parts * commonBytes(mapping, region, parts, sharedDims);
  if (!handed.empty()) {
    int64_t apart = parts < 8 ? warp / parts : 4;
    int64_t groups = warp / parts * policy.getLanes() * bytesOfStruct(handed, 4);
    step += llvm::alignTo(groups + 4 * apart, 16);
  }
  return policy.getThreads() / warp * tiles * policy.getSteps() * step;
}

} // namespace scanc::planning
