//===- EmitProgram.cpp - Attributes of the plan become fields -------------===//
#include "compiler/emission/EmitProgram.h"

#include "compiler/emission/ChunkMaps.h"
#include "compiler/emission/KernelText.h"
#include "compiler/emission/LaunchOrder.h"
#include "compiler/emission/Names.h"
#include "compiler/emission/ProductArguments.h"
#include "compiler/emission/ProjectedKernel.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Location.h"

using namespace mlir;

namespace scanc::emission {

Dtype dtypeOf(Type type) {
  if (type.isF64())
    return Dtype::f64;
  if (type.isF16())
    return Dtype::f16;
  if (type.isBF16())
    return Dtype::bf16;
  if (isa<Float8E4M3FNType>(type))
    return Dtype::f8e4m3;
  if (isa<Float8E5M2Type>(type))
    return Dtype::f8e5m2;
  if (isa<ComplexType>(type))
    return Dtype::c64;
  return type.isInteger(32) ? Dtype::i32 : Dtype::f32;
}

static Parameter emitParameter(plan::ParameterAttr attr) {
  Parameter parameter;
  parameter.name = attr.getName().str();
  parameter.role = attr.getOutput() ? Parameter::Role::output : Parameter::Role::input;
  parameter.dtype = dtypeOf(attr.getElementType());
  for (StringAttr dim : attr.getDims())
    parameter.dims.push_back(dim.str());
  if (attr.getUpdates())
    parameter.updates = attr.getUpdates().str();
  return parameter;
}

/// A variant of a kernel or of a product, without its launches.
template <typename Attr>
static KernelVariant beginVariant(Attr attr, std::string source) {
  KernelVariant variant;
  variant.name = attr.getName().str();
  variant.source = std::move(source);
  for (auto fact : attr.getRequirements().template getAsRange<StringAttr>())
    variant.requires_.push_back(fact.str());
  return variant;
}

static void appendLaunch(KernelVariant &variant, std::string entry, StringRef grid, int64_t threads,
                         int64_t sharedBytes, bool awaits) {
  KernelLaunch &launch = variant.launches.emplace_back();
  launch.entry = std::move(entry);
  launch.grid[0] = grid.str();
  launch.block[0] = threads;
  launch.sharedBytes = std::to_string(sharedBytes);
  launch.dependent = awaits;
}

static FailureOr<KernelVariant> emitVariant(plan::KernelInterface kernel, plan::VariantAttr attr) {
  FailureOr<std::string> source = writeKernel(kernel, attr);
  if (failed(source))
    return failure();
  KernelVariant variant = beginVariant(attr, std::move(*source));
  SmallVector<plan::LaunchAttr> launches = attr.getLaunchesBefore();
  for (auto [number, before] : llvm::enumerate(launches))
    appendLaunch(variant, entryName(kernel, before), before.getGrid().strref(), before.getThreads(),
                 before.getSharedBytes(), awaitsLaunchBefore(kernel, number));
  appendLaunch(variant, entryName(kernel), attr.getGrid().strref(), attr.getPolicy().getThreads(),
               attr.getSharedBytes(), awaitsLaunchBefore(kernel, launches.size()));
  variant.arguments = argumentWords(kernel, attr);
  variant.maps = chunkMaps(kernel, attr);
  return variant;
}

static FailureOr<KernelVariant> emitProduct(plan::ProjectionOp op, plan::ProductAttr attr) {
  FailureOr<std::string> source = writeProduct(op, attr);
  if (failed(source))
    return failure();
  KernelVariant variant = beginVariant(attr, std::move(*source));
  appendLaunch(variant, entryName(op.getName()), attr.getGrid().strref(), attr.getTiling().getThreads(),
               attr.getSharedBytes(), awaitsLaunchBefore(op));
  variant.arguments = productWords(op);
  variant.maps = productMaps(op, attr);
  return variant;
}

static FailureOr<KernelVariant> emitProjectedScan(plan::ProjectedScanOp op, plan::ProductAttr attr) {
  FailureOr<std::string> source = writeProjectedScan(op, attr);
  if (failed(source))
    return failure();
  KernelVariant variant = beginVariant(attr, std::move(*source));
  appendLaunch(variant, entryName(op.getName()), attr.getGrid().strref(), attr.getTiling().getThreads(),
               attr.getSharedBytes(), awaitsLaunchBefore(op));
  variant.arguments = argumentWords(op->getParentOfType<plan::ProgramOp>(), op.getName().str());
  return variant;
}

/// What `emit` makes of each of `attrs`.
template <typename Attr>
static LogicalResult appendStep(Entry &entry, ArrayAttr attrs,
                                llvm::function_ref<FailureOr<KernelVariant>(Attr)> emit) {
  KernelStep step;
  for (auto attr : attrs.getAsRange<Attr>()) {
    FailureOr<KernelVariant> variant = emit(attr);
    if (failed(variant))
      return failure();
    step.variants.push_back(std::move(*variant));
  }
  entry.steps.push_back(std::move(step));
  return success();
}

static FailureOr<Entry> emitEntry(plan::EntryOp op) {
  Entry entry;
  entry.name = op.getName().str();
  for (Operation &inner : op.getBody().front()) {
    LogicalResult done = success();
    if (auto kernel = dyn_cast<plan::KernelInterface>(inner))
      done = appendStep<plan::VariantAttr>(entry, kernel.getVariants(),
                                           [&](auto attr) { return emitVariant(kernel, attr); });
    else if (auto projection = dyn_cast<plan::ProjectionOp>(inner))
      done = appendStep<plan::ProductAttr>(entry, projection.getProducts(),
                                           [&](auto attr) { return emitProduct(projection, attr); });
    else if (auto scan = dyn_cast<plan::ProjectedScanOp>(inner))
      done = appendStep<plan::ProductAttr>(entry, scan.getProducts(),
                                           [&](auto attr) { return emitProjectedScan(scan, attr); });
    if (failed(done))
      return failure();
  }
  return entry;
}

/// What the tensors of the plan and the kernels of an entry need beside the operands.
static void appendWorkspace(Program &program, plan::ProgramOp op, plan::EntryOp entry) {
  for (plan::ParameterAttr tensor : op.getOwnTensors())
    program.workspace.push_back({.name = tensor.getName().str(),
                                 .bytes = std::to_string(bytesOfElement(tensor.getElementType())) + " * " +
                                          elementsOf(tensor)});
  for (auto scan : entry.getBody().getOps<plan::ProjectedScanOp>())
    program.workspace.push_back({.name = scan.getName().str(),
                                 .bytes = scan.getWorkspace().str(),
                                 .zeroed = true,
                                 .restored = true});
  for (auto kernel : entry.getBody().getOps<plan::KernelInterface>()) {
    if (!kernel.getWorkspace().empty())
      program.workspace.push_back({.name = kernel.getName().str(),
                                   .bytes = kernel.getWorkspace().str(),
                                   .zeroed = true,
                                   .restored = kernel.restoresWorkspace()});
    if (!kernel.getScratch().empty())
      program.workspace.push_back({.name = scratchName(kernel), .bytes = kernel.getScratch().str()});
  }
}

FailureOr<Program> emitProgram(plan::ProgramOp op) {
  Program program;
  program.name = op.getSymName().str();
  program.strategy = op.getStrategy().str();
  for (auto attr : op.getParameters().getAsRange<plan::ParameterAttr>())
    program.parameters.push_back(emitParameter(attr));
  for (NamedAttribute size : op.getSizes())
    program.boundSizes[size.getName().str()] = cast<IntegerAttr>(size.getValue()).getInt();
  program.promises.deterministic = op.getDeterministic();
  program.promises.errorBound = op.getErrorBound().str();
  for (auto entry : op.getBody().getOps<plan::EntryOp>()) {
    for (auto kernel : entry.getBody().getOps<plan::KernelInterface>())
      if (auto reset = kernel.getReset())
        for (Parameter &parameter : program.parameters)
          if (parameter.name == reset->getParameter().getValue())
            parameter.cuts = kernel.getDim(kernel.getTimeDim()).getExtent().str();
    FailureOr<Entry> emitted = emitEntry(entry);
    if (failed(emitted))
      return failure();
    program.entries.push_back(std::move(*emitted));
    appendWorkspace(program, op, entry);
  }
  llvm::raw_string_ostream(program.planText) << op;
  return program;
}

} // namespace scanc::emission
