//===- Chunkwise.cpp - Chunks of steps as products on the tensor cores ----===//
#include "compiler/planning/ChunkShapes.h"
#include "compiler/planning/Tuning.h"
#include "dialects/plan/ChunkMatrices.h"

using namespace mlir;
using llvm::formatv;

namespace scanc::planning {

using namespace chunkwise;

namespace {

/// Right for states that are matrices: what the steps of a chunk read of each other, and of the state before the
/// chunk, are products of matrices, and the state stays on chip.
class Chunkwise final : public Strategy {
public:
  StringRef name() const override { return "chunkwise"; }

  std::optional<std::string> declines(const Mapping &mapping, const Target &target) const override;

  bool honours(const Mapping &mapping, StringRef pin, StringRef value) const override {
    if (pin == "chunk")
      return value == std::to_string(chunkSteps);
    return pin == "precision" && value == productsOf(chunksOf(mapping));
  }

  std::string arithmetic(const Mapping &mapping) const override {
    return formatv("chunks of {0} steps, products of {1} on the tensor cores", chunkSteps,
                   productsOf(chunksOf(mapping)))
        .str();
  }

  Cost cost(const Mapping &mapping, const Target &target, const Sizes &sizes) const override;

  Knobs knobs(const Mapping &mapping, const Target &target) const override {
    Knobs knobs = {{"time_threads", {groupThreads, mostGroups * groupThreads}}};
    Chunks chunks = chunksOf(mapping);
    for (Shape shape : relaysOf(chunks, target))
      if (shape.threads() > mostGroups * groupThreads)
        knobs.front().values.push_back(shape.threads());
    if (!chunks.form.decaysRows || chunks.form.strength)
      knobs.push_back({"ring", {2, 3, 4}});
    return knobs;
  }

  void lower(const Mapping &mapping, const Target &target, const Sizes &sizes,
             OpBuilder &builder) const override {
    Chunks chunks = chunksOf(mapping);
    createKernel(chunks.mapping, choose(chunks, target, shapeOf(chunks, target, sizes)), "plan.chunkwise", builder);
  }

private:
  static Chunks chunksOf(const Mapping &mapping) {
    std::string reason;
    return Chunks(mapping.op, *matchChunkForm(mapping.op, reason, false, ChunkEpilogue::Reduced));
  }
  static std::string productsOf(const Chunks &chunks) {
    return chunks.form.element.isF16() ? "f16" : "bf16";
  }
  static KernelChoice choose(const Chunks &chunks, const Target &target, Shape shape);
};

std::optional<std::string> Chunkwise::declines(const Mapping &mapping, const Target &target) const {
  constexpr scan::Structure corrected[] = {scan::Structure::LowRank, scan::Structure::Product,
                                           scan::Structure::DiagonalLowRank};
  bool isCorrected = llvm::any_of(mapping.op.getBody().getOps<scan::AdvanceOp>(), [&](scan::AdvanceOp op) {
    return llvm::is_contained(corrected, op.getStructure());
  });
  if (auto reason = isCorrected ? declinesData(mapping) : declinesElementwise(mapping))
    return reason;
  std::string reason;
  std::optional<ChunkForm> form = matchChunkForm(mapping.op, reason, false, ChunkEpilogue::Reduced);
  if (!form)
    return reason;
  if (auto unknown = declinesColumns(mapping.op, *form))
    return unknown;
  Chunks chunks(mapping.op, std::move(*form));
  constexpr int64_t mostRows = 256;
  if (chunks.rows > mostRows)
    return formatv("{0} rows of state, of at most {1}", chunks.rows, mostRows).str();
  if (mostOperations(mapping.op) > operationLimit)
    return formatv("more than {0} operations for one number", operationLimit).str();
  int64_t threads = tuned(chunks.mapping, "time_threads", groupThreads);
  bool isOfRelay = llvm::any_of(relaysOf(chunks, target), [&](Shape shape) { return threads == shape.threads(); });
  if (!isOfRelay && (threads % groupThreads != 0 || threads > mostGroups * groupThreads))
    return formatv("time_threads: expected {0} or {1}", groupThreads, mostGroups * groupThreads).str();
  if (tuned(chunks.mapping, "steps", chunkSteps) != chunkSteps)
    return formatv("chunks of another number of steps than {0}", chunkSteps).str();
  if (chunks.form.decaysRows && !chunks.form.strength && tuned(chunks.mapping, "ring", 1) != 1)
    return std::string("ring: expected 1 with decays of rows");
  if (!hasRows(chunks, mostGroups))
    return formatv("a sum over {0} columns of what is read out, of at most {1} that a block has", chunks.columns,
                   mostGroups * groupColumns)
        .str();
  if (shapesOf(chunks, target).empty())
    return formatv("{0} rows and such a ring want more than the {1} bytes of shared memory of a block",
                   chunks.rows, target.sharedPerBlock)
        .str();
  return std::nullopt;
}

KernelChoice Chunkwise::choose(const Chunks &chunks, const Target &target, Shape shape) {
  KernelChoice choice;
  choice.wide = plan::PolicyAttr::get(chunks.mapping.op.getContext(), plan::Walk::Lanes,
                                      /*lane_threads=*/1, shape.threads(), /*lanes=*/1, chunkSteps, shape.ring,
                                      /*runs=*/(shape.groups + shape.readers) / shape.groups, shape.blocks);
  choice.general = choice.wide;
  choice.wideShared = choice.generalShared = shape.sharedBytes(chunks);
  choice.tiles = std::to_string(chunks.blocksOfLane(shape.groups));
  if (chunks.mapping.segment >= 0)
    choice.tiles += " * " + chunks.runs(shape.groups, target);
  choice.element = chunks.form.element;
  choice.chunks = &chunks.form;
  choice.copiesMatrices = shape.copiesMatrices(chunks);
  if (chunks.form.strength) {
    std::string all = chunks.count();
    choice.before.push_back({chunks.bringsFactors() ? "chunk_factors" : "chunk_inverses", groupThreads, all,
                             sharedBytesOfRecords(chunks)});
    choice.scratch = formatv("{0} * {1}", all, recordBytes(chunks));
  }
  if (Spans spans(chunks, shape, target); spans.pays) {
    llvm::append_range(choice.before, spans.launches(chunks, shape));
    choice.tiles += " * " + spans.count;
    choice.scratch += (choice.scratch.empty() ? "" : " + ") + spans.bytes();
  }
  return choice;
}

Cost Chunkwise::cost(const Mapping &mapping, const Target &target, const Sizes &sizes) const {
  Chunks chunks = chunksOf(mapping);
  Shape shape = shapeOf(chunks, target, sizes);
  KernelChoice choice = choose(chunks, target, shape);
  Cost cost;
  cost.policy = choice.wide;
  cost.sharedBytes = cost.mostSharedBytes = choice.wideShared;
  cost.overlaps = !choice.before.empty() && target.dependentLaunches;
  cost.copiesMatrices = choice.copiesMatrices && llvm::is_contained(variantAt(chunks.mapping, choice, sizes).getWidths().asArrayRef(),
                                                                    plan::matrixWidth);
  cost.bytes = compulsoryBytes(mapping, sizes);
  Walked walked(chunks, target, sizes, shape);
  auto rows = static_cast<double>(chunks.paddedRows()), width = static_cast<double>(groupColumns);
  // Scores, what they take of the values, what is read of the state, what is added to it.
  double group = 2 * chunkSteps * (chunkSteps * rows + chunkSteps * width + 2 * rows * width);
  double groups = walked.lanes * static_cast<double>(chunks.blocksOfLane(shape.groups) * shape.groups);
  cost.flops = group * walked.chunks * groups;
  cost.registersPerThread = shape.readers > 0 ? 128 : std::min<int64_t>(254, 112 + chunks.paddedRows());
  bool isF16 = chunks.form.element.isF16();
  cost.errorBound = formatv("{0} of the largest product{1}{2}, per step, in any order of composition", isF16 ? "2^-11" : "2^-8",
                            chunks.form.strength ? ", of those that a correction takes back too" : "",
                            isF16 ? ", and 2^-25 of what a factor below 2^-14 is multiplied with" : "");
  const double streamed = shape.readers > 0 ? 0.87 : 0.75; // of the bandwidth
  cost.seconds = target.launchOverhead +
                 std::max(cost.bytes / (target.bandwidth * streamed), walkSeconds(chunks, shape, target, walked));
  if (chunks.form.strength) {
    // Measured at 128 rows: the inverse of a chunk, or its factors, a multiprocessor's time for one of many. Of factors half is taken
    // to be of the rows: RWKV-7 of 64 is within a ninth then.
    constexpr double inverseSeconds = 1.1e-6, measuredRows = 128;
    const double factorSeconds = 6.2e-6 * (0.5 + 0.5 * rows / measuredRows);
    cost.seconds += target.launchOverhead + std::ceil(walked.lanes * walked.chunks / target.multiprocessors) *
                                                (chunks.bringsFactors() ? factorSeconds : inverseSeconds);
  }
  return cost;
}

} // namespace

std::unique_ptr<Strategy> createChunkwise() { return std::make_unique<Chunkwise>(); }

} // namespace scanc::planning
