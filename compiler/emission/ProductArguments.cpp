//===- ProductArguments.cpp - Facts of a launch of products as formulas ---===//
#include "compiler/emission/ProductArguments.h"

#include "compiler/emission/KernelText.h"
#include "dialects/plan/Tiling.h"
#include "llvm/ADT/Sequence.h"
#include "llvm/Support/FormatVariadic.h"

using namespace mlir;
using llvm::formatv;

namespace scanc::emission {

/// Terms of a part, as block/product_tile.cuh has them.
constexpr int64_t partTerms = 64;

bool isTimeFirst(plan::ProjectionOp op) {
  return op.getRow().getMap().getResult(0) == getAffineDimExpr(op.getTimeDim(), op.getContext());
}

static std::string addressOf(plan::ProjectionOp op, plan::AccessAttr access) {
  return addressOf(op->getParentOfType<plan::ProgramOp>(), access.getParameter());
}

/// Formula: the stride of `access` along `dim`.
static std::string strideOf(plan::ProjectionOp op, plan::AccessAttr access, int64_t dim) {
  unsigned i = 0;
  while (access.getMap().getResult(i) != getAffineDimExpr(dim, op.getContext()))
    ++i;
  return formatv("({0})", strideOf(op->getParentOfType<plan::ProgramOp>(), access.getParameter(), i));
}

static StringRef extentOf(plan::ProjectionOp op, int64_t dim) { return op.getDim(dim).getExtent().strref(); }

/// Formula: how many matrices there are, which is how many lanes.
static std::string matricesOf(plan::ProjectionOp op) {
  std::string matrices = "1";
  for (int64_t i = 0; i < op.getTimeDim(); ++i)
    matrices = (i > 0 ? matrices + " * " : "") + extentOf(op, i).str();
  return matrices;
}

/// Formula: that the rows of all matrices are as far apart as those of one.
static std::string followEachOther(plan::ProjectionOp op, plan::AccessAttr access) {
  SmallVector<int64_t> order = llvm::to_vector(llvm::seq<int64_t>(0, op.getTimeDim()));
  order.insert(isTimeFirst(op) ? order.begin() : order.end(), op.getTimeDim());
  std::string text;
  for (size_t i = 0; i + 1 < order.size(); ++i)
    text += formatv(" && {0} == {1} * {2}", strideOf(op, access, order[i]), extentOf(op, order[i + 1]),
                    strideOf(op, access, order[i + 1]));
  return text;
}

/// Formula: whether all matrices are one, whose rows are counted in 32 bits.
static std::string areOne(plan::ProjectionOp op) {
  constexpr int64_t most = int64_t(1) << 30;
  int64_t time = op.getTimeDim();
  if (time == 0)
    return "0";
  std::string same = formatv("{0} * {1} < {2}{3}", matricesOf(op), extentOf(op, time), most,
                             followEachOther(op, op.getRow()));
  for (auto group : op.getGroups().getAsRange<plan::ColumnsAttr>())
    same += followEachOther(op, group.getResult());
  return same;
}

std::vector<std::string> productWords(plan::ProjectionOp op) {
  std::vector<std::string> words = argumentWords(op->getParentOfType<plan::ProgramOp>(), {});
  words.push_back(areOne(op));
  return words;
}

/// Formula: the columns of `group`, of all its heads.
static std::string widthOf(plan::ProjectionOp op, plan::ColumnsAttr group) {
  std::string width = extentOf(op, group.getDim()).str();
  if (std::optional<int64_t> head = plan::headOf(op, group))
    width = formatv("{0} * {1}", extentOf(op, *head), width);
  return width;
}

/// Of the weights of `group`, of which a copy takes `columns` columns of the product.
static MatrixMap mapOf(plan::ProjectionOp op, plan::ColumnsAttr group, bool across, int64_t columns) {
  int64_t summed = op.getSummedDim();
  std::string terms = extentOf(op, summed).str(), width = widthOf(op, group);
  return {.first = addressOf(op, group.getWeights()),
          .sizes = {across ? width : terms, across ? terms : width, "1"},
          .strides = {"2 * " + strideOf(op, group.getWeights(), across ? summed : group.getDim()), "16"},
          .box = {across ? columns : partTerms, across ? partTerms : columns}};
}

/// Of the left factor, of which a copy takes `rows` rows.
static MatrixMap mapOfRows(plan::ProjectionOp op, int64_t rows) {
  plan::AccessAttr row = op.getRow();
  int64_t time = op.getTimeDim();
  MatrixMap map{.first = addressOf(op, row),
                .sizes = {extentOf(op, op.getSummedDim()).str(), extentOf(op, time).str(), "1"},
                .strides = {"2 * " + strideOf(op, row, time), "16"},
                .box = {partTerms, rows}};
  if (time == 0)
    return map;
  std::string one = "(" + areOne(op) + ")", matrices = matricesOf(op), lane = strideOf(op, row, time - 1);
  map.sizes[1] += formatv(" * (1 + {0} * ({1} - 1))", one, matrices);
  map.sizes[2] = formatv("{1} - {0} * ({1} - 1)", one, matrices);
  map.strides[1] = "2 * " + lane;
  if (isTimeFirst(op))
    map.strides[0] = formatv("2 * ({0} + {1} * ({2} - {0}))", strideOf(op, row, time), one, lane);
  return map;
}

std::vector<MatrixMap> productMaps(plan::ProjectionOp op, plan::ProductAttr product) {
  plan::TilingAttr tiling = product.getTiling();
  std::vector<MatrixMap> maps;
  if (!tiling.getTensors())
    return maps;
  constexpr int64_t panelColumns = 64, sliceColumns = 16;
  for (auto [columns, count] : {std::pair(panelColumns, plan::panelsOf(tiling)), {sliceColumns, plan::slicesOf(tiling)}})
    if (count > 0)
      for (auto group : op.getGroups().getAsRange<plan::ColumnsAttr>())
        maps.push_back(mapOf(op, group, product.getAcross(), columns));
  maps.push_back(mapOfRows(op, tiling.getRows()));
  return maps;
}

} // namespace scanc::emission
