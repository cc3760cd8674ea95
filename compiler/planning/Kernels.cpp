//===- Kernels.cpp - Accesses, variants and their requirements ------------===//
#include "compiler/planning/Kernels.h"

#include "compiler/planning/Body.h"
#include "compiler/planning/Layer.h"
#include "compiler/planning/ParameterName.h"
#include "dialects/plan/ChunkMatrices.h"
#include "dialects/plan/Shares.h"
#include "dialects/scan/IndexSets.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/AffineExpr.h"
#include "mlir/IR/BuiltinTypes.h"
#include "runtime/launch/CompiledFormula.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/MathExtras.h"

#include <set>

using namespace mlir;
using llvm::formatv;

namespace scanc::planning {

namespace {

/// 32-bit offsets are used while the largest one stays well below 2^31: a tile may be addressed a
/// little past the end before its guard is asked.
constexpr int64_t offsetLimit = int64_t(1) << 30;

/// One access of the kernel with what the variants need to know of it.
struct Access {
  plan::AccessAttr attr;
  AffineMap map; ///< over the kernel's dims
  Type element;
  std::string parameter;
  SmallVector<std::string> extents; ///< of a tensor of the plan's own, contiguous; else empty
  bool common = false; ///< see plan::isCommon
  bool isMatrix = false; ///< whether whole matrices of it are copied where offsets are 32 bits

  /// What a launch knows of it, as formulas.
  std::string stride(unsigned i) const {
    return extents.empty() ? formatv("stride({0}, {1})", parameter, i).str()
                           : product(ArrayRef(extents).drop_front(i + 1));
  }
  std::string span() const {
    return extents.empty() ? formatv("span({0})", parameter).str() : product(extents);
  }

private:
  static std::string product(ArrayRef<std::string> sizes) {
    return sizes.empty() ? "1" : llvm::join(sizes, " * ");
  }
};

class KernelBuilder {
public:
  KernelBuilder(const Mapping &mapping, const KernelChoice &choice, OpBuilder &builder)
      : mapping(mapping), loop(mapping.op), builder(builder), choice(choice) {}

  void create(StringRef opName);
  plan::VariantAttr variantAt(const Sizes &sizes);

private:
  SmallVector<plan::VariantAttr> makeVariants();
  Access access(Value tensor, AffineMap map);
  void collect();
  void requireWidth(const Access &access, int64_t width, std::set<std::string> &facts) const;
  void findMatrices();
  void requireMatrix(const Access &access, std::set<std::string> &facts) const;
  int64_t widthOf(const Access &access, plan::PolicyAttr policy, bool wide) const {
    int64_t width = accessWidth(mapping, access.map, access.element, policy, wide, access.common);
    return choice.rows > 0 && isAlongTime(access, width) ? 1 : width; // a step of a matrix reads its own numbers alone
  }
  void requireRows(const Access &access, std::set<std::string> &facts) const;
  bool isAlongTime(const Access &access, int64_t width) const;
  void requirePhase(const Access &access, int64_t width, std::set<std::string> &facts) const;
  std::string strideAlong(const Access &access, int64_t dim) const;
  const Access *findAlongTime(plan::PolicyAttr policy) const;
  plan::VariantAttr variant(StringRef name, plan::PolicyAttr policy, int64_t offsetBits, bool wide,
                            bool unconditional, int64_t shared);
  std::string laneGroups(plan::PolicyAttr policy) const {
    return laneGroups(policy, 0, mapping.lanes.size());
  }
  std::string laneGroups(plan::PolicyAttr policy, size_t first, size_t end) const;
  std::string sizeOf(int64_t dim) const { return loopDim(dim).getExtent().str(); }
  /// Dim of the recurrence that dim `dim` of the kernel is.
  scan::DimAttr dimOf(int64_t dim) const {
    int64_t own = 0;
    while (mapping.kernelDim(own) != dim)
      ++own;
    return loopDim(own);
  }
  scan::DimAttr loopDim(int64_t dim) const { return scan::RecurrenceInterface(loop).getDim(dim); }
  ArrayAttr attrs(ArrayRef<Access> accesses);

  const Mapping &mapping;
  scan::RecurrenceInterface loop;
  OpBuilder &builder;
  Region body;
  SmallVector<Access> reads, writes, inits, finals, offsets;
  const KernelChoice &choice;
  const Access *shiftedBy =
      nullptr; ///< the first access along time; none where no vectors run along it
};

} // namespace

std::string parameterName(scan::AffineOp op, Value tensor) {
  auto function = op->getParentOfType<func::FuncOp>();
  auto nameOr = [](StringAttr name, StringRef kind, unsigned number) {
    return name ? name.str() : formatv("{0}{1}", kind, number).str();
  };
  if (auto arg = dyn_cast<BlockArgument>(tensor))
    return nameOr(function.getArgAttrOfType<StringAttr>(arg.getArgNumber(), scan::nameAttr), "operand",
                  arg.getArgNumber());
  for (OpOperand &use : tensor.getUses())
    if (isa<func::ReturnOp>(use.getOwner()))
      return nameOr(function.getResultAttrOfType<StringAttr>(use.getOperandNumber(), scan::nameAttr),
                    "result", use.getOperandNumber());
  return {};
}

Access KernelBuilder::access(Value tensor, AffineMap map) {
  std::string parameter = parameterName(mapping.op, tensor);
  AffineMap kernelMap = mapping.toKernel(map);
  auto attr = plan::AccessAttr::get(builder.getContext(), builder.getStringAttr(parameter),
                                    kernelMap);
  Access access{attr, kernelMap, cast<RankedTensorType>(tensor.getType()).getElementType(), parameter, {}};
  auto function = mapping.op->getParentOfType<func::FuncOp>();
  auto argument = dyn_cast<BlockArgument>(tensor);
  bool leaves = !tensor.use_empty() && isa<func::ReturnOp>(tensor.use_begin()->getOwner());
  auto own = argument ? function.getArgAttrDict(argument.getArgNumber())
             : leaves ? function.getResultAttrDict(tensor.use_begin()->getOperandNumber())
                      : DictionaryAttr();
  if (own && own.contains(ownAttr))
    for (auto extent : own.getAs<ArrayAttr>(scan::dimsAttr).getAsRange<StringAttr>())
      access.extents.push_back(extent.str());
  return access;
}

void KernelBuilder::collect() {
  lowerBody(mapping, body, choice.splitsMatrix, choice.chunks);
  for (auto [i, input] : llvm::enumerate(loop.getInputs())) {
    BlockArgument number = body.getArgument(reads.size());
    if (choice.chunks && number.use_empty()) { // the keys, under the index that a correction sums over
      body.front().eraseArgument(number.getArgNumber());
      continue;
    }
    reads.push_back(access(input, loop.getInputMap(i)));
    // What columns share beside their matrix is read by each.
    reads.back().common = choice.rows == 0 &&
                          plan::isCommon(reads.back().map, number,
                                         mapping.lanes.size(), choice.sharedDims);
  }
  for (auto [i, init] : llvm::enumerate(loop.getInits()))
    inits.push_back(access(init, loop.getInitMap(i)));
  if (Value reset = loop.getReset()) {
    auto map = AffineMap::get(loop.getNumDims(), 0,
                              getAffineDimExpr(mapping.segment, builder.getContext()));
    offsets.push_back(access(reset, map));
  }
  for (auto [i, result] : llvm::enumerate(loop->getResults())) {
    int64_t k = static_cast<int64_t>(i) - loop.getNumOutputs();
    if (k < 0)
      writes.push_back(access(result, loop.getOutputMap(i)));
    else
      finals.push_back(access(result, loop.getFinalMap(k)));
  }
  if (choice.copiesMatrices)
    findMatrices();
}

/// Factors that lie in memory as products want them, 64 steps by as many columns: those of a key, a query and a value, or none.
void KernelBuilder::findMatrices() {
  plan::RecallOp recall = *body.front().getOps<plan::RecallOp>().begin();
  AffineExpr time = getAffineDimExpr(mapping.lanes.size(), builder.getContext());
  SmallVector<Access *> factors;
  for (Value factor : plan::factorsOf(recall)) {
    BlockArgument read = plan::readOf(factor);
    if (!read || getElementTypeOrSelf(read.getType()) != choice.element)
      return;
    Access &access = reads[read.getArgNumber()];
    if (!llvm::is_contained(access.map.getResults(), time) || widthOf(access, choice.wide, true) == 1)
      return;
    factors.push_back(&access);
  }
  for (Access *access : factors)
    access->isMatrix = true;
}

/// A map holds `access`: rows are apart in time, and there are some.
void KernelBuilder::requireMatrix(const Access &access, std::set<std::string> &facts) const {
  facts.insert(formatv("{0} > 0", sizeOf(mapping.time)));
  if (!access.extents.empty())
    return;
  std::string stride = strideAlong(access, mapping.lanes.size());
  facts.insert(formatv("{0} > 0", stride));
  facts.insert(formatv("{0} < {1}", stride, offsetLimit)); // though there is one step
}

void KernelBuilder::requireWidth(const Access &access, int64_t width,
                                 std::set<std::string> &facts) const {
  if (width == 1)
    return;
  int64_t bytes = std::min<int64_t>(16, width * bytesOf(access.element));
  int64_t elements = bytes / bytesOf(access.element);
  unsigned last = access.map.getNumResults() - 1;
  if (access.extents.empty()) {
    facts.insert(formatv("address({0}) % {1} == 0", access.parameter, bytes));
    facts.insert(formatv("stride({0}, {1}) == 1", access.parameter, last));
  }
  for (unsigned i = 0; i < last; ++i)
    facts.insert(formatv("{0} % {1} == 0", access.stride(i), elements));
}

/// Rows of `access` are contiguous and apart in time, and nothing of the tensor lies before its address.
void KernelBuilder::requireRows(const Access &access, std::set<std::string> &facts) const {
  unsigned last = access.map.getNumResults() - 1;
  if (access.extents.empty())
    facts.insert(formatv("stride({0}, {1}) == 1", access.parameter, last));
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
void KernelBuilder::requirePhase(const Access &access, int64_t width,
                                 std::set<std::string> &facts) const {
  if (access.extents.empty())
    facts.insert(formatv("stride({0}, {1}) == 1", access.parameter, access.map.getNumResults() - 1));
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
                                         int64_t offsetBits, bool wide, bool unconditional,
                                         int64_t shared) {
  std::set<std::string> facts; // sorted and distinct: a stable text
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
  if (offsetBits == 32 && !unconditional) {
    facts.insert(formatv("{0} < {1}", sizeOf(mapping.time), offsetLimit));
    facts.insert(formatv("{0} < {1}", laneGroups(policy), offsetLimit));
    for (ArrayRef<Access> list : {ArrayRef<Access>(reads), ArrayRef<Access>(writes),
                                  ArrayRef<Access>(inits), ArrayRef<Access>(finals),
                                  ArrayRef<Access>(offsets)})
      for (const Access &access : list)
        facts.insert(formatv("{0} < {1}", access.span(), offsetLimit));
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

/// From the most demanding one to the one that asks for nothing.
SmallVector<plan::VariantAttr> KernelBuilder::makeVariants() {
  SmallVector<plan::VariantAttr> variants;
  bool same = choice.wide == choice.general;
  variants.push_back(variant("wide_i32", choice.wide, 32, true, false, choice.wideShared));
  variants.push_back(variant("wide_i64", choice.wide, 64, true, false, choice.wideShared));
  shiftedBy = findAlongTime(choice.wide);
  // Warps that mark segments, share maps, share states or reduce lanes have all their lanes at the
  // same steps. Blocks that multiply matrices walk step by step.
  bool hasTilesOfLanes = choice.rows == 0 && !choice.chunks;
  if (shiftedBy && choice.wide.getLanes() == 1 && choice.wide.getStateThreads() == 1 &&
      offsets.empty() && choice.sharedDims == 0 && mapping.reduced < 0 && hasTilesOfLanes) {
    int64_t shared = choice.shifted ? choice.shiftedShared : choice.wideShared;
    plan::PolicyAttr shifted = (choice.shifted ? choice.shifted : choice.wide).with({.shifted = true});
    variants.push_back(variant("shifted_i32", shifted, 32, true, false, shared));
    variants.push_back(variant("shifted_i64", shifted, 64, true, false, shared));
  }
  if (choice.phased && choice.phased.getRing() > 0) {
    variants.push_back(variant("phased_i32", choice.phased, 32, true, false, choice.phasedShared));
    variants.push_back(variant("phased_i64", choice.phased, 64, true, false, choice.phasedShared));
  }
  variants.push_back(variant("any_i32", choice.general, 32, false, false, choice.generalShared));
  variants.push_back(variant("any_i64", choice.general, 64, false, false, choice.generalShared));
  // Where nothing can be wide, the wide variants are the general ones over again.
  if (same && !hasVectors(variants.front()))
    variants.erase(variants.begin(), variants.begin() + 2);
  return variants;
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
  SmallVector<plan::VariantAttr> variants = makeVariants();
  return *llvm::find_if(variants, [&](plan::VariantAttr variant) {
    return llvm::all_of(variant.getRequirements(), holds);
  });
}

ArrayAttr KernelBuilder::attrs(ArrayRef<Access> accesses) {
  SmallVector<Attribute> list;
  for (const Access &access : accesses)
    list.push_back(access.attr);
  return builder.getArrayAttr(list);
}

void KernelBuilder::create(StringRef opName) {
  collect();
  MLIRContext *context = builder.getContext();
  SmallVector<Attribute> dims, states;
  auto addDim = [&](int64_t i, plan::Role role) {
    scan::DimAttr dim = loopDim(i);
    dims.push_back(
        plan::DimAttr::get(context, role, dim.getName(), dim.getExtent(), dim.getSize()));
  };
  for (int64_t i : mapping.lanes)
    addDim(i, plan::Role::Lane);
  addDim(mapping.time, plan::Role::Time);
  if (mapping.segment >= 0)
    addDim(mapping.segment, plan::Role::Segment);
  for (int64_t i : mapping.registers)
    addDim(i, plan::Role::Register);
  // States in the order in which they are advanced.
  SmallVector<int64_t> order;
  for (auto advance : mapping.op.getBody().getOps<scan::AdvanceOp>())
    for (int64_t i = 0; i < loop.getNumStates(); ++i)
      if (loop.getState(i).getName() == cast<StringAttr>(advance.getStates()[0]))
        order.push_back(i);
  for (int64_t i : order) {
    SmallVector<StringAttr> indices;
    for (int64_t dim : mapping.registers)
      if (llvm::is_contained(loop.getState(i).getIndices(), loopDim(dim).getName()))
        indices.push_back(loopDim(dim).getName());
    states.push_back(plan::StateAttr::get(context, loop.getState(i).getName(),
                                          loop.getState(i).getElementType(), indices));
  }
  auto reordered = [&](ArrayRef<int64_t> positions) {
    SmallVector<int64_t> result;
    for (int64_t i : positions)
      result.push_back(llvm::find(order, i) - order.begin());
    return result;
  };

  OperationState state(mapping.op.getLoc(), opName);
  auto function = mapping.op->getParentOfType<func::FuncOp>();
  state.addAttribute("name", builder.getStringAttr(function.getName()));
  state.addAttribute("dims", builder.getArrayAttr(dims));
  state.addAttribute("reads", attrs(reads));
  state.addAttribute("writes", attrs(writes));
  state.addAttribute("states", builder.getArrayAttr(states));
  state.addAttribute("init_states",
                     builder.getDenseI64ArrayAttr(reordered(loop.getInitStates())));
  state.addAttribute("inits", attrs(inits));
  state.addAttribute("final_states",
                     builder.getDenseI64ArrayAttr(reordered(loop.getFinalStates())));
  state.addAttribute("finals", attrs(finals));
  SmallVector<plan::VariantAttr> made = makeVariants();
  SmallVector<Attribute> variants(made.begin(), made.end());
  state.addAttribute("variants", builder.getArrayAttr(variants));
  if (!choice.workspace.empty())
    state.addAttribute("workspace", builder.getStringAttr(choice.workspace));
  if (choice.sharedDims > 0)
    state.addAttribute("shared_dims", builder.getI64IntegerAttr(choice.sharedDims));
  if (!choice.products.empty())
    state.addAttribute("products", builder.getStringAttr(choice.products));
  if (!choice.scratch.empty())
    state.addAttribute("scratch", builder.getStringAttr(choice.scratch));
  if (choice.terms > 0)
    state.addAttribute("terms", builder.getI64IntegerAttr(choice.terms));
  if (choice.told > 0)
    state.addAttribute("told", builder.getI64IntegerAttr(choice.told));
  if (choice.prefixes)
    state.addAttribute("prefixes", builder.getUnitAttr());
  if (choice.staged)
    state.addAttribute("staged", builder.getUnitAttr());
  if (choice.tensorCores)
    state.addAttribute("tensor_cores", builder.getUnitAttr());
  if (choice.rows > 0) {
    state.addAttribute("rows", builder.getI64IntegerAttr(choice.rows));
    state.addAttribute("parts", builder.getI64IntegerAttr(choice.parts));
    if (choice.resident)
      state.addAttribute("resident", builder.getUnitAttr());
  }
  if (choice.element)
    state.addAttribute("element", TypeAttr::get(choice.element));
  if (loop.getReverse())
    state.addAttribute("reverse", builder.getUnitAttr());
  if (!offsets.empty())
    state.addAttribute("reset", offsets.front().attr);
  state.addRegion()->takeBody(body);
  builder.create(state);
}

bool hasVectors(plan::VariantAttr variant) {
  return llvm::any_of(variant.getWidths().asArrayRef(), [](int64_t width) { return width > 1; });
}

plan::VariantAttr variantAt(const Mapping &mapping, const KernelChoice &choice,
                            const Sizes &sizes) {
  OpBuilder builder(mapping.op.getContext());
  return KernelBuilder(mapping, choice, builder).variantAt(sizes);
}

void createKernel(const Mapping &mapping, const KernelChoice &choice, StringRef opName,
                  OpBuilder &builder) {
  KernelBuilder(mapping, choice, builder).create(opName);
}

} // namespace scanc::planning
