//===- ChunkMaps.cpp - Where rows of chunks lie, for a device that copies many ---===//
#include "compiler/emission/ChunkMaps.h"

#include "compiler/emission/ChunkKernel.h"
#include "compiler/emission/KernelText.h"
#include "dialects/plan/ChunkMatrices.h"

using namespace mlir;
using llvm::formatv;

namespace scanc::emission {

/// Rows are steps, and all that lies apart otherwise are columns: a lane begins at the column that its offset is.
static MatrixMap mapOf(plan::KernelInterface kernel, plan::AccessAttr access) {
  auto program = kernel->getParentOfType<plan::ProgramOp>();
  StringAttr name = access.getParameter();
  AffineExpr time = getAffineDimExpr(kernel.getTimeDim(), kernel.getContext());
  auto row = llvm::find(access.getMap().getResults(), time) - access.getMap().getResults().begin();
  std::string elements = program.isOwn(name) ? elementsOf(program.findTensor(name)) : formatv("span({0}) + 1", name.getValue()).str();
  return {.first = addressOf(program, name),
          .sizes = {elements, kernel.getDim(kernel.getTimeDim()).getExtent().str(), "1"},
          .strides = {formatv("2 * ({0})", strideOf(program, name, row)), "16"},
          .box = {plan::matrixWidth, plan::matrixWidth}};
}

std::vector<MatrixMap> chunkMaps(plan::KernelInterface kernel, plan::VariantAttr variant) {
  std::vector<MatrixMap> maps;
  auto op = dyn_cast<plan::ChunkwiseOp>(*kernel);
  if (!op || !plan::copiesMatrices(op, variant))
    return maps;
  for (Value factor : plan::factorsOf(*op.getBody().getOps<plan::RecallOp>().begin()))
    maps.push_back(mapOf(kernel, cast<plan::AccessAttr>(kernel.getReads()[plan::readOf(factor).getArgNumber()])));
  return maps;
}

void ChunkKernelWriter::writeMaps() {
  if (chunkMaps(kernel, variant).empty())
    return;
  writer.blank();
  writer.line("// Maps of keys, queries and values, and the column where a lane begins in each: rows are steps.");
  writer.line("__device__ __forceinline__ const given_map *maps() const { return args.maps; }");
  StringRef names[] = {"key", "query", "value"};
  for (auto [name, factor] : llvm::zip(names, plan::factorsOf(recall)))
    writer.line(formatv("__device__ __forceinline__ int {0}_column(const lane &at) const {{ return at.{1}; }", name,
                        reads[plan::readOf(factor).getArgNumber()].getMember())
                    .str());
}

} // namespace scanc::emission
