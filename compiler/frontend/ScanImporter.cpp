//===- ScanImporter.cpp - Iteration space, maps, states -------------------===//
#include "compiler/frontend/ScanImporter.h"

#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/BuiltinTypes.h"

using namespace mlir;

namespace scanc::frontend {

std::int64_t sizeNamed(const std::string &name, const BoundSizes &sizes) {
  if (name.find_first_not_of("0123456789") == std::string::npos)
    return std::stoll(name);
  bool plusOne = name.ends_with("+1");
  auto found = sizes.find(plusOne ? name.substr(0, name.size() - 2) : name);
  return found == sizes.end() ? ShapedType::kDynamic : found->second + plusOne;
}

Type elementType(MLIRContext *context, Dtype dtype) {
  switch (dtype) {
  case Dtype::f64:
    return Float64Type::get(context);
  case Dtype::f32:
    return Float32Type::get(context);
  case Dtype::f16:
    return Float16Type::get(context);
  case Dtype::bf16:
    return BFloat16Type::get(context);
  case Dtype::f8e4m3:
    return Float8E4M3FNType::get(context);
  case Dtype::f8e5m2:
    return Float8E5M2Type::get(context);
  case Dtype::c64:
    return ComplexType::get(Float32Type::get(context));
  case Dtype::i32:
    return IntegerType::get(context, 32);
  }
  return {};
}

RankedTensorType tensorType(MLIRContext *context, const Declaration &declaration,
                            const BoundSizes &sizes) {
  SmallVector<int64_t> shape;
  for (const Dimension &dim : declaration.dims)
    shape.push_back(sizeNamed(dim.text, sizes));
  return RankedTensorType::get(shape, elementType(context, declaration.dtype));
}

Location locate(MLIRContext *context, const SourceRange &place) {
  if (place.line == 0)
    return UnknownLoc::get(context);
  return FileLineColRange::get(StringAttr::get(context, place.file), place.line, place.column,
                               place.column + place.length);
}

std::string readKey(const Expr &expr) {
  std::string key = expr.text + "@" + std::to_string(expr.delay);
  for (const Name &index : expr.indices)
    key += " " + index.text;
  return key;
}

ScanImporter::ScanImporter(const Kernel &kernel, const CheckedScan &scan, const BoundSizes &sizes,
                           OpBuilder &builder, const std::map<std::string, Value> &tensors)
    : kernel(kernel), scan(scan), sizes(sizes), builder(builder), tensors(tensors) {}

std::int64_t ScanImporter::dimNamed(const std::string &name) const {
  return std::find(dimNames.begin(), dimNames.end(), name) - dimNames.begin();
}

void ScanImporter::collectDims() {
  MLIRContext *context = builder.getContext();
  auto add = [&](scan::DimKind kind, const std::string &name, const std::string &extent,
                 const std::string &lookup) {
    dims.push_back(scan::DimAttr::get(context, kind, StringAttr::get(context, name),
                                      StringAttr::get(context, extent), sizeNamed(extent, sizes)));
    dimNames.push_back(lookup);
  };
  const Scan &head = *scan.scan;
  for (const Name &lane : head.over)
    add(scan::DimKind::Lane, lane.text, lane.text, "lane " + lane.text);
  add(scan::DimKind::Time, head.time.text, head.dimension.text, "time");
  if (head.reset) {
    std::string extent;
    for (const Declaration &parameter : kernel.parameters)
      if (parameter.name.text == head.reset->text)
        extent = parameter.dims[0].text.substr(0, parameter.dims[0].text.size() - 2);
    add(scan::DimKind::Segment, segmentName, extent, segmentName);
  }
  for (const std::string &index : scan.indices)
    add(scan::DimKind::Index, index, scan.extents.at(index), "index " + index);
}

AffineMap ScanImporter::mapOf(const Declaration &declaration,
                              const std::vector<std::string> &indices, std::int64_t delay,
                              bool leadingSegment) {
  MLIRContext *context = builder.getContext();
  SmallVector<AffineExpr> results;
  std::size_t next = 0;
  const Scan &head = *scan.scan;
  for (const Dimension &dim : declaration.dims) {
    bool lane = std::any_of(head.over.begin(), head.over.end(),
                            [&](const Name &name) { return name.text == dim.text; });
    if (lane) {
      results.push_back(builder.getAffineDimExpr(dimNamed("lane " + dim.text)));
    } else if (dim.text == head.dimension.text) {
      results.push_back(builder.getAffineDimExpr(dimNamed("time")) - delay);
    } else if (leadingSegment) {
      results.push_back(builder.getAffineDimExpr(dimNamed(segmentName)));
      leadingSegment = false;
    } else {
      results.push_back(builder.getAffineDimExpr(dimNamed("index " + indices[next++])));
    }
  }
  return AffineMap::get(dims.size(), 0, results, context);
}

static std::vector<std::string> namesOf(const std::vector<Name> &names) {
  std::vector<std::string> texts;
  for (const Name &name : names)
    texts.push_back(name.text);
  return texts;
}

/// One input per tensor read under one set of subscripts, one prev per state read likewise; the
/// block's arguments follow: inputs, then prevs.
void ScanImporter::collectReads() {
  MLIRContext *context = builder.getContext();
  for (Statement &statement : scan.scan->statements) {
    if (statement.kind != Statement::Kind::assignment)
      continue;
    forEachReference(*statement.assignment.value, [&](Expr &expr) {
      const Symbol &symbol = scan.symbols.at(expr.text);
      bool tensor = symbol.kind == Symbol::Kind::tensor;
      bool prev = symbol.kind == Symbol::Kind::state && expr.delay == 1;
      if ((!tensor && !prev) || readKeys.contains(readKey(expr)))
        return;
      if (prev) {
        readKeys[readKey(expr)] = prevReads.size();
        prevReads.push_back(&expr);
        SmallVector<StringAttr> indices;
        for (const Name &index : expr.indices)
          indices.push_back(StringAttr::get(context, index.text));
        prevs.push_back(scan::PrevAttr::get(context, StringAttr::get(context, expr.text), indices));
        return;
      }
      readKeys[readKey(expr)] = inputs.size();
      inputs.push_back(tensors.at(expr.text));
      inputMaps.push_back(
          AffineMapAttr::get(mapOf(*symbol.declaration, namesOf(expr.indices), expr.delay, false)));
    });
  }
}

DictionaryAttr ScanImporter::pins() const {
  NamedAttrList list;
  const Scan &head = *scan.scan;
  for (const auto *attributes : {&kernel.attributes, &head.attributes})
    for (const Attribute &attribute : *attributes)
      list.set(attribute.name.text, attribute.value.empty()
                                        ? mlir::Attribute(builder.getUnitAttr())
                                        : mlir::Attribute(builder.getStringAttr(attribute.value)));
  return list.empty() ? DictionaryAttr() : list.getDictionary(builder.getContext());
}

/// The place of the scan, and of its pins: fused with it under their names.
Location ScanImporter::place() const {
  MLIRContext *context = builder.getContext();
  const Scan &head = *scan.scan;
  Location ofScan = locate(context, head.dimension.place);
  NamedAttrList places;
  for (const auto *attributes : {&kernel.attributes, &head.attributes})
    for (const Attribute &attribute : *attributes)
      places.set(attribute.name.text, LocationAttr(locate(context, attribute.name.place)));
  return places.empty() ? ofScan : FusedLoc::get(context, {ofScan}, places.getDictionary(context));
}

scan::StepOp ScanImporter::build(std::vector<std::string> &resultNames) {
  MLIRContext *context = builder.getContext();
  collectDims();
  collectReads();
  SmallVector<mlir::Attribute> states, outputMaps, initMaps, finalMaps;
  SmallVector<int64_t> initStates, finalStates;
  SmallVector<Value> inits;
  SmallVector<Type> results;
  bool packed = scan.scan->reset.has_value();
  for (const std::string &name : scan.outputs) {
    const Symbol &symbol = scan.symbols.at(name);
    outputMaps.push_back(AffineMapAttr::get(mapOf(*symbol.declaration, symbol.indices, 0, false)));
    results.push_back(tensorType(context, *symbol.declaration, sizes));
    resultNames.push_back(name);
  }
  for (auto [i, name] : llvm::enumerate(scan.states)) {
    const Symbol &symbol = scan.symbols.at(name);
    SmallVector<StringAttr> indices;
    for (const std::string &index : symbol.indices)
      indices.push_back(builder.getStringAttr(index));
    states.push_back(scan::StateAttr::get(context, builder.getStringAttr(name),
                                          elementType(context, *symbol.stateType), indices));
    if (symbol.initial) {
      initStates.push_back(i);
      inits.push_back(tensors.at(symbol.initial->name.text));
      initMaps.push_back(AffineMapAttr::get(mapOf(*symbol.initial, symbol.indices, 0, packed)));
    }
    if (symbol.final) {
      finalStates.push_back(i);
      finalMaps.push_back(AffineMapAttr::get(mapOf(*symbol.final, symbol.indices, 0, packed)));
      results.push_back(tensorType(context, *symbol.final, sizes));
      resultNames.push_back(symbol.final->name.text);
    }
  }
  Value reset = packed ? tensors.at(scan.scan->reset->text) : Value();
  auto op = scan::StepOp::create(
      builder, place(), results, inputs, inits, reset,
      builder.getArrayAttr(dims), builder.getArrayAttr(inputMaps), builder.getArrayAttr(outputMaps),
      builder.getArrayAttr(states), initStates, builder.getArrayAttr(initMaps), finalStates,
      builder.getArrayAttr(finalMaps), scan.scan->reverse, pins(), builder.getArrayAttr(prevs));
  OpBuilder::InsertionGuard guard(builder);
  buildRegion(*builder.createBlock(&op.getBody()));
  return op;
}

} // namespace scanc::frontend
