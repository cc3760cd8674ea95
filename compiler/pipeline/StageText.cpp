//===- StageText.cpp - What the text of a stage must hold -----------------===//
#include "compiler/pipeline/StageText.h"

#include "dialects/plan/PlanOps.h"
#include "dialects/scan/ScanOps.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/StringSet.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"

using namespace mlir;

namespace scanc::pipeline {
namespace {

bool isIdentifier(StringRef text) {
  return !text.empty() && (llvm::isAlpha(text[0]) || text[0] == '_') &&
         llvm::all_of(text, [](char c) { return llvm::isAlnum(c) || c == '_'; });
}

/// One function of a module, whose ops must be of one stage, and the names of its tensors.
class FunctionText {
public:
  FunctionText(func::FuncOp function, Stage stage) : function(function), stage(stage) {}

  LogicalResult check() {
    if (failed(checkOps()))
      return failure();
    for (unsigned i = 0; i < function.getNumArguments(); ++i)
      if (failed(checkTensor(function.getArgumentTypes()[i], function.getArgAttrDict(i))))
        return failure();
    for (unsigned i = 0; i < function.getNumResults(); ++i)
      if (failed(checkTensor(function.getResultTypes()[i], function.getResultAttrDict(i))))
        return failure();
    for (Operation &op : function.getBody().front().without_terminator())
      if (failed(checkDims(cast<scan::RecurrenceInterface>(op))))
        return failure();
    return success();
  }

private:
  LogicalResult wrong(Operation *at, const Twine &expected, const Twine &got) {
    return at->emitError("[SC1026] expected ")
           << expected << " in the text of stage " << spelling(stage) << ", got " << got;
  }

  LogicalResult checkOps() {
    if (function.isExternal())
      return wrong(function, "a function with a body", "none");
    for (Operation &inner : function.getBody().front().without_terminator())
      if (stage == Stage::scan ? !isa<scan::StepOp>(inner) : !isa<scan::AffineOp>(inner))
        return wrong(&inner, stage == Stage::scan ? "scan.step only" : "scan.affine only",
                     inner.getName().getStringRef());
    if (llvm::hasSingleElement(function.getBody().front()))
      return wrong(function, stage == Stage::scan ? "a scan.step" : "a scan.affine", "none");
    return success();
  }

  /// A tensor has a name of its own, and each of its dimensions that of a size, or a number.
  LogicalResult checkTensor(Type type, DictionaryAttr attributes) {
    auto tensor = dyn_cast<RankedTensorType>(type);
    auto name = attributes ? attributes.getAs<StringAttr>(scan::nameAttr) : StringAttr();
    auto dims = attributes ? attributes.getAs<ArrayAttr>(scan::dimsAttr) : ArrayAttr();
    if (!tensor || !name || !dims || dims.size() != static_cast<size_t>(tensor.getRank()) ||
        !llvm::all_of(dims, llvm::IsaPred<StringAttr>))
      return wrong(function, "tensors with a scan.name and one of scan.dims for each dimension",
                   "others");
    if (!isIdentifier(name.getValue()) || !names.insert(name.getValue()).second)
      return wrong(function, "tensors with names of their own", "'" + name.getValue() + "'");
    for (auto [size, dim] : llvm::zip_equal(tensor.getShape(), dims.getAsRange<StringAttr>())) {
      StringRef text = dim.getValue();
      const bool isOneMore = text.consume_back("+1"); // of what bounds segments
      if (failed(checkSize(function, text, isOneMore && !ShapedType::isDynamic(size) ? size - 1 : size)))
        return failure();
    }
    return success();
  }

  /// A size by its name is the same wherever it stands; a number is the size.
  LogicalResult checkSize(Operation *at, StringRef text, int64_t size) {
    int64_t number = 0;
    const bool isNumber = !text.getAsInteger(10, number);
    if (isNumber ? number != size : !isIdentifier(text) || sizes.try_emplace(text, size).first->second != size)
      return wrong(at, "sizes that have one value each", "'" + text + "'");
    return success();
  }

  /// Every size that an op walks is one that a tensor tells.
  LogicalResult checkDims(scan::RecurrenceInterface op) {
    for (Attribute each : op.getDims()) {
      auto dim = cast<scan::DimAttr>(each);
      StringRef extent = dim.getExtent();
      if (isIdentifier(extent) && !sizes.contains(extent))
        return wrong(op, "sizes of tensors", "'" + extent + "'");
      if (!isIdentifier(dim.getName()) && dim.getName() != dim.getExtent())
        return wrong(op, "dimensions with names", "'" + dim.getName().getValue() + "'");
      if (failed(checkSize(op, extent, dim.getSize())))
        return failure();
    }
    return success();
  }

  func::FuncOp function;
  Stage stage;
  llvm::StringSet<> names;
  llvm::StringMap<int64_t> sizes;
};

} // namespace

LogicalResult checkResultNumbers(StringRef text, StringRef file, MLIRContext &context) {
  constexpr uint64_t most = 1 << 16; // that an operation has
  const auto isOfName = [](char c) { return llvm::isAlnum(c) || c == '_' || c == '$' || c == '.' || c == '-'; };
  for (size_t at = text.find('%'); at != StringRef::npos; at = text.find('%', at + 1)) {
    StringRef number = text.drop_front(at + 1).drop_while(isOfName);
    if (!number.consume_front("#"))
      continue;
    number = number.take_while(llvm::isDigit);
    uint64_t value = 0;
    if (number.empty() || (!number.getAsInteger(10, value) && value < most))
      continue;
    StringRef before = text.take_front(at);
    const size_t line = before.rfind('\n') + 1; // 0 for the first
    auto place = FileLineColLoc::get(&context, file, static_cast<unsigned>(before.count('\n')) + 1,
                                     static_cast<unsigned>(at - line) + 1);
    return emitError(place, "[SC1026] expected a number of a result below ") << most << ", got " << number;
  }
  return success();
}

LogicalResult checkStageText(ModuleOp ir, Stage stage) {
  const auto count = [&](auto ops, StringRef expected) {
    const size_t got = llvm::range_size(ops);
    if (got == 1)
      return success();
    return LogicalResult(ir->emitError("[SC1026] expected one ")
                         << expected << " in the text of stage " << spelling(stage) << ", got " << got);
  };
  if (stage == Stage::plan)
    return count(ir.getOps<plan::ProgramOp>(), "plan.program");
  if (failed(count(ir.getOps<func::FuncOp>(), "func.func")))
    return failure();
  return FunctionText(*ir.getOps<func::FuncOp>().begin(), stage).check();
}

} // namespace scanc::pipeline
