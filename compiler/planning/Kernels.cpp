//===- Kernels.cpp - The op of a kernel, and what it reads and writes -----===//
#include "compiler/planning/Kernels.h"

#include "compiler/planning/Body.h"
#include "compiler/planning/KernelBuilder.h"
#include "compiler/planning/Layer.h"
#include "compiler/planning/ParameterName.h"
#include "dialects/plan/ChunkMatrices.h"
#include "dialects/plan/Shares.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/AffineExpr.h"
#include "llvm/Support/FormatVariadic.h"

using namespace mlir;
using llvm::formatv;

namespace scanc::planning {

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
  SmallVector<Attribute> variants;
  eachVariant([&](plan::VariantAttr variant) {
    variants.push_back(variant);
    return false;
  });
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
