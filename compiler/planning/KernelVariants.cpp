//===- KernelVariants.cpp - Variants of a kernel, and what they require ---===//
#include "compiler/planning/KernelBuilder.h"
#include "dialects/plan/ChunkMatrices.h"
#include "mlir/IR/AffineExpr.h"
#include "runtime/launch/CompiledFormula.h"
#include "llvm/Support/FormatVariadic.h"

using namespace mlir;
using llvm::formatv;

namespace scanc::planning {

/// 32-bit offsets are used while the largest one stays well below 2^31: a tile may be addressed a
/// little past the end before its guard is asked.
constexpr int64_t offsetLimit = int64_t(1) << 30;

/// Dim of the recurrence that dim `dim` of the kernel is.
scan::DimAttr KernelBuilder::dimOf(int64_t dim) const {
  int64_t own = 0;
  while (mapping.kernelDim(own) != dim)
    ++own;
  return loopDim(own);
}

/// Elements at a time in which `access` is read or written.
int64_t KernelBuilder::widthOf(const Access &access, plan::PolicyAttr policy, bool wide) const {
  int64_t width = accessWidth(mapping, access.map, access.element, policy, wide, access.common);
  return choice.rows > 0 && isAlongTime(access, width) ? 1 : width; // a step of a matrix reads its own numbers alone
}

/// A map holds `access`: rows are apart in time, and there are some.
void KernelBuilder::requireMatrix(const Access &access, Facts &facts) const {
  facts.insert(formatv("{0} > 0", sizeOf(mapping.time)));
  if (!access.extents.empty())
    return;
  std::string stride = strideAlong(access, mapping.lanes.size());
  facts.insert(formatv("{0} > 0", stride));
  facts.insert(formatv("{0} < {1}", stride, offsetLimit)); // though there is one step
}

void KernelBuilder::requireWidth(const Access &access, int64_t width, Facts &facts) const {
  if (width == 1)
    return;
  int64_t bytes = std::min<int64_t>(16, width * bytesOf(access.element));
  int64_t elements = bytes / bytesOf(access.element);
  unsigned last = access.map.getNumResults() - 1;
  if (access.extents.empty()) {
    facts.insert((Twine("address(") + access.parameter + ") % " + Twine(bytes) + " == 0").str());
    facts.insert(access.stride(last) + " == 1");
  }
  for (unsigned i = 0; i < last; ++i)
    facts.insert((access.stride(i) + " % " + Twine(elements) + " == 0").str());
}

/// Rows of `access` are contiguous and apart in time, and nothing of the tensor lies before its address.
void KernelBuilder::requireRows(const Access &access, Facts &facts) const {
  unsigned last = access.map.getNumResults() - 1;
  if (access.extents.empty())
    facts.insert(access.stride(last) + " == 1");
  for (unsigned i = 0; i < last; ++i) {
    bool time = access.map.getResult(i).isFunctionOfDim(mapping.lanes.size());
    facts.insert(formatv("{0} >= {1}", access.stride(i), time ? 16 : 0));
  }
}

/// Whether the accesses of `width` elements run along time.
bool KernelBuilder::isAlongTime(const Access &access, int64_t width) const {
  return width > 1 && access.map.getResult(access.map.getNumResults() - 1) ==
                          getAffineDimExpr(mapping.lanes.size(), builder.getContext());
}

/// The stride of `access` along dim `dim` of the kernel, "0" where it has none.
std::string KernelBuilder::strideAlong(const Access &access, int64_t dim) const {
  for (unsigned i = 0; i < access.map.getNumResults(); ++i)
    if (access.map.getResult(i).isFunctionOfDim(dim))
      return access.stride(i);
  return "0";
}

/// The first access along time: its rows tell how far the tiles of a lane are shifted.
const Access *KernelBuilder::findAlongTime(plan::PolicyAttr policy) const {
  for (ArrayRef<Access> list : {ArrayRef<Access>(reads), ArrayRef<Access>(writes)})
    for (const Access &access : list)
      if (isAlongTime(access, widthOf(access, policy, true)))
        return &access;
  return nullptr;
}

/// Rows of `access` begin, in every lane, as many elements past an aligned address as those of the
/// first access along time.
void KernelBuilder::requirePhase(const Access &access, int64_t width, Facts &facts) const {
  if (access.extents.empty())
    facts.insert(access.stride(access.map.getNumResults() - 1) + " == 1");
  auto phase = [&](const Access &of) {
    return of.extents.empty()
               ? formatv("address({0}) / {1} % {2}", of.parameter, bytesOf(of.element), width).str()
               : "0";
  };
  const Access &first = *shiftedBy;
  if (access.parameter != first.parameter)
    facts.insert(phase(access) + " == " + phase(first));
  int64_t lanes = mapping.lanes.size();
  for (int64_t i = 0; i < access.map.getNumDims(); ++i) {
    if (i == lanes)
      continue;
    std::string own = strideAlong(access, i), other = i < lanes ? strideAlong(first, i) : "0";
    if (own != other)
      facts.insert(formatv("({0} - {1}) % {2} == 0", own, other, width));
  }
}

/// Formula: groups of adjacent lanes over the lane dims [first, end).
std::string KernelBuilder::laneGroups(plan::PolicyAttr policy, size_t first, size_t end) const {
  std::string groups;
  for (size_t i = first; i < end; ++i) {
    std::string size = sizeOf(mapping.lanes[i]);
    if (i + 1 == mapping.lanes.size() && policy.getLanes() > 1)
      size = formatv("ceildiv({0}, {1})", size,
                     policy.getPhased() ? policy.getStrip() : policy.getLanes());
    groups += (i > first ? " * " : "") + size;
  }
  return groups.empty() ? "1" : groups;
}

plan::VariantAttr KernelBuilder::variant(StringRef name, plan::PolicyAttr policy,
                                         int64_t offsetBits, bool wide, int64_t shared) {
  Facts facts;
  SmallVector<int64_t> widths;
  auto add = [&](ArrayRef<Access> list, bool wide) {
    for (const Access &access : list) {
      bool isMatrix = access.isMatrix && wide && offsetBits == 32;
      widths.push_back(isMatrix ? plan::matrixWidth : widthOf(access, policy, wide));
      if (isMatrix)
        requireMatrix(access, facts);
      bool inStrips = policy.getPhased() && access.map.isFunctionOfDim(mapping.lanes.size()) &&
                      access.map.isFunctionOfDim(mapping.lanes.size() - 1);
      if (inStrips)
        requireRows(access, facts);
      else if (policy.getShifted() && isAlongTime(access, widths.back()))
        requirePhase(access, policy.getSteps(), facts);
      else
        requireWidth(access, widths.back(), facts);
    }
  };
  add(reads, wide);
  add(writes, wide && choice.rows == 0); // a row of a matrix is one number of the state
  add(inits, wide && choice.statesInVectors);
  add(finals, wide && choice.statesInVectors);
  std::string row = mapping.lanes.empty() ? "1" : sizeOf(mapping.lanes.back());
  if (policy.getPhased()) // at least half of a strip exists
    facts.insert(formatv("ceildiv({0}, {1}) * {1} <= 2 * {0}", row, policy.getStrip()));
  else if (policy.getLanes() > 1 && mapping.reduced < 0) // else known here
    facts.insert(formatv("{0} % {1} == 0", row, policy.getLanes()));
  // A reverse walk meets the ragged tile first: only whole tiles keep vectors aligned.
  if (wide && loop.getReverse() && policy.getWalk() == plan::Walk::Time && !policy.getShifted())
    facts.insert(formatv("{0} % {1} == 0", sizeOf(mapping.time), policy.getSteps()));
  if (offsetBits == 32) {
    std::string isSmall = " < " + std::to_string(offsetLimit);
    facts.insert(sizeOf(mapping.time) + isSmall);
    facts.insert(laneGroups(policy) + isSmall);
    for (ArrayRef<Access> list : {ArrayRef<Access>(reads), ArrayRef<Access>(writes),
                                  ArrayRef<Access>(inits), ArrayRef<Access>(finals),
                                  ArrayRef<Access>(offsets)})
      for (const Access &access : list)
        facts.insert(access.span() + isSmall);
  }
  SmallVector<Attribute> requirements;
  for (const std::string &fact : facts)
    requirements.push_back(builder.getStringAttr(fact));
  std::string grid = formatv("ceildiv({0}, {1})", laneGroups(policy),
                             policy.getLaneThreads() / (policy.getPhased() ? 32 : 1));
  if (policy.getReduceThreads() > 0)
    grid = formatv("ceildiv({0}, {1})", laneGroups(policy, 0, mapping.lanes.size() - 1),
                   policy.getLaneThreads() / policy.getReduceThreads());
  constexpr int64_t warp = 32;
  int64_t parts = policy.getStateThreads(), groups = parts > 1 ? warp / parts : choice.groupsOfWarp;
  if (choice.sharedDims > 0)
    grid = formatv("ceildiv({0} * ceildiv({1}, {2}), {3})",
                   laneGroups(policy, 0, mapping.lanes.size() - choice.sharedDims),
                   laneGroups(policy, mapping.lanes.size() - choice.sharedDims, mapping.lanes.size()),
                   groups, policy.getLaneThreads() / groups);
  if (!choice.tiles.empty())
    grid += " * " + choice.tiles;
  if (choice.walkers > 0 && policy.getRing() > 0)
    grid = formatv("min({0} + 1, {1})", grid, choice.walkers);
  SmallVector<Attribute> before;
  for (const LaunchChoice &launch : choice.before)
    before.push_back(plan::LaunchAttr::get(builder.getContext(), builder.getStringAttr(launch.kernel),
                                           launch.threads, builder.getStringAttr(launch.grid),
                                           launch.shared, launch.blocks));
  return plan::VariantAttr::get(builder.getContext(), builder.getStringAttr(name), policy,
                                offsetBits, builder.getDenseI64ArrayAttr(widths),
                                builder.getArrayAttr(requirements), builder.getStringAttr(grid),
                                shared, before.empty() ? ArrayAttr() : builder.getArrayAttr(before));
}

/// From the most demanding one to the one that asks for nothing, until `take` returns true.
void KernelBuilder::eachVariant(llvm::function_ref<bool(plan::VariantAttr)> take) {
  auto make = [&](StringRef name, plan::PolicyAttr policy, int64_t offsetBits, int64_t shared) {
    return variant(formatv("{0}_i{1}", name, offsetBits).str(), policy, offsetBits, /*wide=*/name != "any", shared);
  };
  auto takes = [&](StringRef name, plan::PolicyAttr policy, int64_t shared) {
    return take(make(name, policy, 32, shared)) || take(make(name, policy, 64, shared));
  };
  // Where nothing can be wide, the wide variants are the general ones over again.
  plan::VariantAttr wide = make("wide", choice.wide, 32, choice.wideShared);
  if (choice.wide != choice.general || hasVectors(wide))
    if (take(wide) || take(make("wide", choice.wide, 64, choice.wideShared)))
      return;
  shiftedBy = findAlongTime(choice.wide);
  // Warps that mark segments, share maps, share states or reduce lanes have all their lanes at the
  // same steps. Blocks that multiply matrices walk step by step.
  bool hasTilesOfLanes = choice.rows == 0 && !choice.chunks;
  if (shiftedBy && choice.wide.getLanes() == 1 && choice.wide.getStateThreads() == 1 &&
      offsets.empty() && choice.sharedDims == 0 && mapping.reduced < 0 && hasTilesOfLanes) {
    plan::PolicyAttr shifted = (choice.shifted ? choice.shifted : choice.wide).with({.shifted = true});
    if (takes("shifted", shifted, choice.shifted ? choice.shiftedShared : choice.wideShared))
      return;
  }
  if (choice.phased && choice.phased.getRing() > 0 && takes("phased", choice.phased, choice.phasedShared))
    return;
  takes("any", choice.general, choice.generalShared);
}

plan::VariantAttr KernelBuilder::variantAt(const Sizes &sizes) {
  collect();
  rt::FactNames names;
  std::vector<int64_t> values;
  for (const auto &[name, value] : sizes) {
    names.sizes.push_back(name);
    values.push_back(value);
  }
  std::vector<std::vector<int64_t>> strides;
  std::vector<rt::OperandFacts> operands;
  for (ArrayRef<Access> list :
       {ArrayRef<Access>(reads), ArrayRef<Access>(writes), ArrayRef<Access>(inits),
        ArrayRef<Access>(finals), ArrayRef<Access>(offsets)})
    for (const Access &access : list) {
      int64_t rank = access.map.getNumResults(), elements = 1;
      strides.emplace_back(rank);
      for (int64_t i = rank; i-- > 0;) {
        strides.back()[i] = elements;
        for (int64_t dim = 0; dim < access.map.getNumDims(); ++dim)
          if (access.map.getResult(i).isFunctionOfDim(dim))
            elements *= static_cast<int64_t>(sizeNamed(sizes, dimOf(dim)));
      }
      names.operands.push_back({access.parameter, static_cast<size_t>(rank)});
      operands.push_back({0, {}, elements - 1, bytesOf(access.element)});
    }
  for (auto [facts, of] : llvm::zip(operands, strides))
    facts.strides = of;
  auto holds = [&](Attribute requirement) {
    auto formula =
        rt::CompiledFormula::parse(cast<StringAttr>(requirement).getValue().str(), names);
    return formula && formula->evaluate({values, operands, {}}).value != 0;
  };
  plan::VariantAttr taken;
  eachVariant([&](plan::VariantAttr variant) {
    taken = variant;
    return llvm::all_of(variant.getRequirements(), holds);
  });
  return taken;
}

} // namespace scanc::planning
