//===- ScanToPlan.cpp - A program for each function -----------------------===//
#include "compiler/planning/Passes.h"
#include "compiler/planning/Planner.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace scanc::planning {
#define GEN_PASS_DEF_CONVERTSCANTOPLANPASS
#include "compiler/planning/Passes.h.inc"
} // namespace scanc::planning

using namespace mlir;

namespace scanc::planning {

namespace {

class ScanToPlan : public impl::ConvertScanToPlanPassBase<ScanToPlan> {
public:
  using ConvertScanToPlanPassBase::ConvertScanToPlanPassBase;

  void runOnOperation() override {
    for (auto function :
         llvm::make_early_inc_range(getOperation().getOps<func::FuncOp>()))
      if (failed(convert(function)))
        return signalPassFailure();
  }

private:
  LogicalResult convert(func::FuncOp function);
  plan::ParameterAttr parameter(func::FuncOp function, unsigned i, bool output);
  ArrayAttr parameters(func::FuncOp function);
  static DictionaryAttr boundSizes(func::FuncOp function, ArrayAttr parameters);
};

} // namespace

plan::ParameterAttr ScanToPlan::parameter(func::FuncOp function, unsigned i, bool output) {
  auto name = output ? function.getResultAttrOfType<StringAttr>(i, scan::nameAttr)
                     : function.getArgAttrOfType<StringAttr>(i, scan::nameAttr);
  auto dims = output ? function.getResultAttrOfType<ArrayAttr>(i, scan::dimsAttr)
                     : function.getArgAttrOfType<ArrayAttr>(i, scan::dimsAttr);
  Type type = output ? function.getResultTypes()[i] : function.getArgumentTypes()[i];
  SmallVector<StringAttr> names(dims.getAsRange<StringAttr>());
  return plan::ParameterAttr::get(&getContext(), name, output,
                                  cast<RankedTensorType>(type).getElementType(), names,
                                  output ? function.getResultAttrOfType<StringAttr>(i, scan::updatesAttr)
                                         : StringAttr());
}

ArrayAttr ScanToPlan::parameters(func::FuncOp function) {
  SmallVector<Attribute> list;
  for (unsigned i = 0; i < function.getNumArguments(); ++i)
    list.push_back(parameter(function, i, false));
  for (unsigned i = 0; i < function.getNumResults(); ++i)
    list.push_back(parameter(function, i, true));
  return ArrayAttr::get(&getContext(), list);
}

DictionaryAttr ScanToPlan::boundSizes(func::FuncOp function, ArrayAttr parameters) {
  SmallVector<Type> types(function.getArgumentTypes());
  llvm::append_range(types, function.getResultTypes());
  NamedAttrList sizes;
  for (auto [attr, type] : llvm::zip(parameters.getAsRange<plan::ParameterAttr>(), types))
    for (auto [dim, size] : llvm::zip(attr.getDims(), cast<RankedTensorType>(type).getShape())) {
      auto [name, more] = dim.getValue().split('+'); // S+1 offsets are those of S segments
      bool number = name.find_first_not_of("0123456789") == StringRef::npos;
      if (!number && !ShapedType::isDynamic(size))
        sizes.set(name, IntegerAttr::get(IntegerType::get(dim.getContext(), 64),
                                         size - (more.empty() ? 0 : 1)));
    }
  return sizes.getDictionary(function.getContext());
}

LogicalResult ScanToPlan::convert(func::FuncOp function) {
  SmallVector<scan::AffineOp> recurrences(function.getBody().getOps<scan::AffineOp>());
  if (recurrences.size() != 1) {
    Location loc = recurrences.size() > 1 ? recurrences[1].getLoc() : function.getLoc();
    return emitError(loc) << "[SC3005] not yet supported: expected one scan in kernel "
                          << function.getName() << ", got " << recurrences.size();
  }
  scan::AffineOp op = recurrences.front();
  std::optional<Target> device = targetFor(target);
  auto name = op->getAttrOfType<StringAttr>(strategyAttr);
  const Strategy *strategy = nullptr;
  for (const auto &candidate : allStrategies())
    if (name && candidate->name() == name)
      strategy = candidate.get();
  if (!device || !strategy)
    return op.emitError("expected a chosen strategy and a known target, got ")
           << (name ? name.getValue() : "none") << " and " << target;

  Mapping mapping(op);
  Sizes sizes = assumeSizes(op);
  Cost cost = strategy->cost(mapping, *device, sizes);
  OpBuilder builder(function);
  ArrayAttr signature = parameters(function);
  auto program = plan::ProgramOp::create(
      builder, function.getLoc(), function.getSymNameAttr(), name, signature, /*tensors=*/ArrayAttr(),
      boundSizes(function, signature), builder.getBoolAttr(cost.deterministic),
      builder.getStringAttr(cost.errorBound),
      builder.getI64IntegerAttr(plan::ProgramOp::schema));
  builder.createBlock(&program.getBody());
  auto entry = plan::EntryOp::create(builder, op.getLoc(), builder.getStringAttr("forward"),
                                     /*dependent_launches=*/cost.overlaps);
  builder.createBlock(&entry.getBody());
  strategy->lower(mapping, *device, sizes, builder);
  function.erase();
  return success();
}

} // namespace scanc::planning
