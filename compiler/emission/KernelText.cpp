//===- KernelText.cpp - What stands around the recurrence -----------------===//
#include "compiler/emission/KernelText.h"

#include "compiler/emission/ArgumentText.h"
#include "compiler/emission/ChunkMaps.h"
#include "compiler/emission/EntryText.h"
#include "compiler/emission/KernelWriter.h"
#include "compiler/emission/LaunchOrder.h"
#include "compiler/emission/Names.h"
#include "dialects/plan/Windows.h"
#include "scanc/LaunchPlan.h"
#include "mlir/IR/BuiltinTypes.h"
#include "llvm/Support/FormatVariadic.h"

using namespace mlir;
using llvm::formatv;

namespace scanc::emission {

KernelWriter::KernelWriter(plan::KernelInterface kernel, plan::VariantAttr variant)
    : kernel(kernel), program(kernel->getParentOfType<plan::ProgramOp>()), variant(variant),
      policy(variant.getPolicy()), name(identifier(kernel.getName())) {
  ArrayRef<int64_t> widths = variant.getWidths();
  // What columns share beside their matrix is read by each.
  int64_t commonDims = kernel.getRows() > 0 ? 0 : kernel.getSharedDims();
  for (auto [access, value] : llvm::zip(kernel.getReads().getAsRange<plan::AccessAttr>(),
                                        kernel.getBody().front().getArguments()))
    reads.push_back(makeAccess(access, widths[reads.size()],
                               plan::isCommon(access.getMap(), value, kernel.getTimeDim(),
                                              commonDims)));
  for (auto access : kernel.getWrites().getAsRange<plan::AccessAttr>())
    writes.push_back(makeAccess(access, widths[reads.size() + writes.size()]));
  widths = widths.drop_front(reads.size() + writes.size());
  for (auto access : kernel.getInits().getAsRange<plan::AccessAttr>())
    inits.push_back(makeAccess(access, widths[inits.size()]));
  for (auto access : kernel.getFinals().getAsRange<plan::AccessAttr>())
    finals.push_back(makeAccess(access, widths[inits.size() + finals.size()]));
  llvm::append_range(advances, kernel.getBody().getOps<plan::AdvanceOp>());
  if (policy.getStateThreads() > 1)
    shareValues();
  nameReductions();
}

Type KernelWriter::elementOf(StringAttr parameter) const {
  return program.findTensor(parameter).getElementType();
}

AccessText KernelWriter::makeAccess(plan::AccessAttr access, int64_t width, bool common) {
  // A parameter that is read at several steps or under several indices has an array for each.
  std::string base = identifier(access.getParameter().getValue()), member = base;
  for (unsigned i = 1; !members.insert(member).second; ++i)
    member = base + "_" + std::to_string(i);
  return AccessText(kernel, access, elementOf(access.getParameter()), member, policy, width, common);
}

void KernelWriter::shareWindows() {
  SmallVector<plan::StepRead> steps;
  for (auto access : kernel.getReads().getAsRange<plan::AccessAttr>())
    steps.push_back({access.getParameter().getAsOpaquePointer(), access.getMap()});
  auto rows = plan::windowRows(steps, kernel.getTimeDim(), policy, static_cast<bool>(kernel.getReset()));
  for (auto [i, of] : llvm::enumerate(rows))
    if (of.bringer != i)
      reads[i].readRowsOf(reads[of.bringer], of.ahead);
    else if (of.more > 0)
      reads[i].bringMore(of.more);
}

void KernelWriter::writeHead() {
  SmallVector<StringRef> templates;
  for (plan::LaunchAttr before : variant.getLaunchesBefore())
    if (!isOfKernelItself(before))
      templates.push_back(before.getKernel().getValue());
  templates.push_back(kernel->getName().stripDialect());
  emission::writeHead(writer, kernel, kernel.getName(), variant.getName(), templates);
}

void KernelWriter::writeArguments() {
  SmallVector<std::string> buffers;
  if (!kernel.getWorkspace().empty())
    buffers.push_back("unsigned char *workspace; // zero when the kernel begins");
  if (!kernel.getScratch().empty())
    buffers.push_back("unsigned char *scratch; // as somebody left it");
  if (isLaunchedBefore(variant, "first_spans"))
    buffers.push_back("long long walking; // blocks that walk all spans but the first");
  auto writes = [&](StringAttr tensor) {
    return llvm::any_of(kernel.getWrites().getAsRange<plan::AccessAttr>(),
                        [&](plan::AccessAttr access) { return access.getParameter() == tensor; });
  };
  size_t words = argumentWords(kernel, variant).size();
  if (size_t maps = chunkMaps(kernel, variant).size()) {
    buffers.push_back(formatv("given_map maps[{0}]; // of keys, queries and values", maps));
    words = llvm::alignTo(words, PlannedKernel::mapAlignment) + PlannedKernel::mapWords * maps;
  }
  emission::writeArguments(writer, program, writes, buffers, words);
}

void KernelWriter::writeEntries() {
  closeProgram(writer, name, threads(), policy.getThreads());
  SmallVector<plan::LaunchAttr> before = variant.getLaunchesBefore();
  auto bounds = [](int64_t threads, int64_t blocks) { return formatv("{0}, {1}", threads, blocks).str(); };
  for (plan::LaunchAttr launch : functionsOf(variant)) {
    if (!launch) {
      writeEntry({.name = entryName(kernel),
                  .bounds = bounds(policy.getThreads(), policy.getBlocks()),
                  .awaits = awaitsLaunchBefore(kernel, before.size()),
                  .kernel = kernel->getName().stripDialect()},
                 variant.getSharedBytes());
      continue;
    }
    const size_t number = llvm::find(before, launch) - before.begin();
    writeEntry({.name = entryName(kernel, launch),
                // Of one block as many registers as the compiler likes.
                .bounds = launch.getBlocks() > 1 ? bounds(launch.getThreads(), launch.getBlocks())
                                                 : std::to_string(launch.getThreads()),
                .awaits = awaitsLaunchBefore(kernel, number),
                .isBeside = runsBesideLaunchBefore(before, number),
                .kernel = launch.getKernel()},
               launch.getSharedBytes());
  }
}

void KernelWriter::writeEntry(EntryPoint entry, int64_t sharedBytes) {
  bool exchanges = shares && (hasCommon() || !shares->getHanded().empty());
  entry.program = name;
  if (sharedBytes > 0 || exchanges)
    entry.sharedBytes = sharedBytes;
  entry.operands = formatv("program::{0}{{args}{1}{2}", name, kernel.getWorkspace().empty() ? "" : ", args.workspace",
                           kernel.getScratch().empty() ? "" : ", args.scratch");
  entry.hasOthers = !variant.getLaunchesBefore().empty();
  writeEntryPoint(writer, entry);
}

void KernelWriter::writeRecurrence() {
  shareWindows();
  writeTypes();
  writer.blank();
  writeGeometry();
  writeEnter();
  writeMoves();
  writeInitial();
  if (shares)
    writePrepare();
  if (hasCommon())
    writeGather();
  writePrologue();
  if (shares)
    writeReadOut();
  if (!rounds.empty())
    writeRounds();
  writeEpilogue();
  writeFinish();
}

FailureOr<std::string> KernelWriter::write() {
  writeHead();
  writeArguments();
  writer.open("struct " + Twine(name));
  writeRecurrence();
  writeEntries();
  if (unspelled)
    return unspelled->emitError("[SC4001] no spelling in CUDA C++ for ") << unspelled->getName();
  return writer.take();
}

FailureOr<std::string> writeKernel(plan::KernelInterface kernel, plan::VariantAttr variant) {
  if (isa<plan::ChunkwiseOp, plan::OuterSequentialOp>(kernel))
    return createChunkKernelWriter(kernel, variant)->write();
  if (kernel.getRows() > 0)
    return createMatrixKernelWriter(kernel, variant)->write();
  return KernelWriter(kernel, variant).write();
}

} // namespace scanc::emission
