//===- Importer.cpp - A function for each kernel --------------------------===//
#include "compiler/frontend/Importer.h"

#include "compiler/frontend/ScanImporter.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Complex/IR/Complex.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Math/IR/Math.h"

using namespace mlir;

namespace scanc::frontend {

void loadDialects(MLIRContext &context) {
  context.loadDialect<arith::ArithDialect, complex::ComplexDialect, func::FuncDialect,
                      math::MathDialect, scan::ScanDialect>();
}

static DictionaryAttr describe(MLIRContext *context, const Declaration &declaration) {
  SmallVector<mlir::Attribute> dims;
  for (const Dimension &dim : declaration.dims)
    dims.push_back(StringAttr::get(context, dim.text));
  NamedAttrList attrs;
  attrs.set(scan::nameAttr, StringAttr::get(context, declaration.name.text));
  attrs.set(scan::dimsAttr, ArrayAttr::get(context, dims));
  return attrs.getDictionary(context);
}

void importKernel(const CheckedKernel &checked, const BoundSizes &sizes, ModuleOp into) {
  MLIRContext *context = into.getContext();
  OpBuilder builder = OpBuilder::atBlockEnd(into.getBody());
  const Kernel &kernel = *checked.kernel;
  SmallVector<Type> inputs, results;
  SmallVector<DictionaryAttr> inputAttrs, resultAttrs;
  for (const Declaration &parameter : kernel.parameters) {
    inputs.push_back(tensorType(context, parameter, sizes));
    inputAttrs.push_back(describe(context, parameter));
  }
  for (const Declaration &result : kernel.results) {
    results.push_back(tensorType(context, result, sizes));
    NamedAttrList described(describe(context, result));
    if (auto updated = checked.updates.find(result.name.text); updated != checked.updates.end())
      described.set(scan::updatesAttr, StringAttr::get(context, updated->second));
    resultAttrs.push_back(described.getDictionary(context));
  }
  auto function = func::FuncOp::create(builder, locate(context, kernel.name.place),
                                       kernel.name.text, builder.getFunctionType(inputs, results));
  function.setAllArgAttrs(inputAttrs);
  function.setAllResultAttrs(resultAttrs);
  Block *body = function.addEntryBlock();
  std::map<std::string, Value> tensors;
  for (auto [i, parameter] : llvm::enumerate(kernel.parameters)) {
    body->getArgument(i).setLoc(locate(context, parameter.name.place));
    tensors[parameter.name.text] = body->getArgument(i);
  }
  builder.setInsertionPointToEnd(body);
  std::map<std::string, Value> produced;
  for (const CheckedScan &scan : checked.scans) {
    std::vector<std::string> names;
    scan::StepOp op = ScanImporter(kernel, scan, sizes, builder, tensors).build(names);
    for (auto [name, result] : llvm::zip(names, op.getResults()))
      produced[name] = result;
  }
  SmallVector<Value> returned;
  SmallVector<Location> declared; // where a result is declared: the return carries it
  for (const Declaration &result : kernel.results) {
    returned.push_back(produced.at(result.name.text));
    declared.push_back(locate(context, result.name.place));
  }
  func::ReturnOp::create(builder, builder.getFusedLoc(declared), returned);
}

} // namespace scanc::frontend
