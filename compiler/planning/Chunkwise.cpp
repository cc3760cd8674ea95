//===- Chunkwise.cpp - Chunks of steps as products on the tensor cores ----===//
#include "compiler/planning/ChunkForm.h"
#include "compiler/planning/Matrix.h"
#include "compiler/planning/Tuning.h"

#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/MathExtras.h"

#include <algorithm>
#include <cmath>

using namespace mlir;
using llvm::formatv;

namespace scanc::planning {

namespace {

constexpr int64_t chunkSteps = 64, groupColumns = 64, groupThreads = 128, mostGroups = 2;

/// What the kernel knows of a recurrence that has the form, with rows and columns in registers.
struct Chunks {
  Chunks(scan::AffineOp op, ChunkForm found)
      : form(std::move(found)), mapping(op, {form.row, form.column}),
        rows(scan::RecurrenceInterface(op).getDim(form.row).getSize()),
        columns(scan::RecurrenceInterface(op).getDim(form.column).getSize()) {}

  /// Rows as they are padded.
  int64_t paddedRows() const { return llvm::alignTo(rows, 64); }
  int64_t blocksOfLane(int64_t groups) const { return llvm::divideCeil(columns, groupColumns * groups); }
  /// Formula: chunks of all lanes.
  std::string count() const {
    scan::RecurrenceInterface loop = mapping.op;
    std::string lanes;
    for (int64_t lane : mapping.lanes)
      lanes += loop.getDim(lane).getExtent().str() + " * ";
    return formatv("{0}ceildiv({1}, {2})", lanes, loop.getDim(mapping.time).getExtent().getValue(), chunkSteps);
  }

  ChunkForm form;
  Mapping mapping;
  int64_t rows, columns;
};

constexpr int64_t elementBytes = 2, panelBytes = chunkSteps * groupColumns * elementBytes;
constexpr int64_t numberBytes = 1024; // of what the steps of a chunk have one number of each

/// The same with decays of rows: one chunk, what decays are computed from, and in place of the state the weighted keys
/// and queries and what else block/chunk_row_decays.cuh has in its row_factors.
int64_t sharedBytesOfRows(const Chunks &chunks, int64_t groups) {
  constexpr int64_t factors = 8, parts = 4;
  int64_t panels = chunks.paddedRows() / groupColumns;
  int64_t decayBytes =
      chunks.form.decayInput ? chunks.form.decayInput.getType().getIntOrFloatBitWidth() / 8 : 4;
  int64_t chunk = (2 * panels + groups) * panelBytes + panels * chunkSteps * groupColumns * decayBytes + numberBytes;
  return chunk + (factors * panels + 1) * panelBytes + parts * chunks.paddedRows() * 4 + 2 * numberBytes;
}

/// Size of the template's chunkwise_storage: in each slot of the ring a query, a key and values of a chunk
/// and the numbers of its steps; then the state of each group of columns. With a correction, a slot has the chunk's
/// inverse too, and each group what becomes of its values, before and after they decay.
int64_t sharedBytes(const Chunks &chunks, int64_t groups, int64_t ring) {
  if (chunks.form.decaysRows)
    return sharedBytesOfRows(chunks, groups);
  int64_t panels = chunks.paddedRows() / chunkSteps, inverses = chunks.form.strength ? 1 : 0;
  int64_t inputs = !chunks.form.strength ? 0 : chunks.form.decay ? 2 : 1;
  return ring * ((2 * panels + groups + inverses) * panelBytes + numberBytes) +
         groups * (panels + inputs) * panelBytes;
}

/// The same of chunk_inverses_storage: keys and then, in their place, the inverse and L in padded rows of f32; numbers.
int64_t sharedBytesOfInverses(const Chunks &chunks) {
  constexpr int64_t lowerBytes = chunkSteps * (chunkSteps + 4) * 4;
  return std::max(panelBytes + lowerBytes, chunks.paddedRows() / chunkSteps * panelBytes) + numberBytes;
}

/// Groups of 128 threads, and slots of the ring.
struct Shape {
  int64_t groups, ring;
};

std::optional<Shape> shapeOf(const Chunks &chunks, const Target &target) {
  // With a correction nothing is begun a chunk ahead, with decays of rows there is one chunk.
  const int64_t least = chunks.form.decaysRows ? 1 : 2;
  const int64_t usual = chunks.form.decaysRows ? 1 : chunks.form.strength ? 2 : 3;
  int64_t most = std::min<int64_t>(llvm::divideCeil(chunks.columns, groupColumns), mostGroups);
  most = tuned(chunks.mapping, "time_threads", most * groupThreads) / groupThreads;
  bool isFixed = tuned(chunks.mapping, "time_threads", 0) > 0;
  for (int64_t groups = most; groups >= (isFixed ? most : 1); --groups)
    for (int64_t ring = tuned(chunks.mapping, "ring", usual); ring >= least; --ring)
      if (sharedBytes(chunks, groups, ring) <= target.sharedPerBlock)
        return Shape{groups, ring};
  return std::nullopt;
}

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

  Knobs knobs(const Mapping &mapping, const Target &) const override {
    Knobs knobs = {{"time_threads", {groupThreads, mostGroups * groupThreads}}};
    if (!chunksOf(mapping).form.decaysRows)
      knobs.push_back({"ring", {2, 3, 4}});
    return knobs;
  }

  void lower(const Mapping &mapping, const Target &target, const Sizes &,
             OpBuilder &builder) const override {
    Chunks chunks = chunksOf(mapping);
    createKernel(chunks.mapping, choose(chunks, target), "plan.chunkwise", builder);
  }

private:
  static Chunks chunksOf(const Mapping &mapping) {
    std::string reason;
    return Chunks(mapping.op, *matchChunkForm(mapping.op, reason));
  }
  static std::string productsOf(const Chunks &chunks) {
    return chunks.form.element.isF16() ? "f16" : "bf16";
  }
  static KernelChoice choose(const Chunks &chunks, const Target &target);
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
  std::optional<ChunkForm> form = matchChunkForm(mapping.op, reason);
  if (!form)
    return reason;
  scan::RecurrenceInterface loop = mapping.op;
  scan::DimAttr columns = loop.getDim(form->column);
  if (ShapedType::isDynamic(columns.getSize()) || columns.getSize() == 0)
    return formatv("columns of state (index {0}) whose number is 0 or not known at compile time (bind it: "
                   "--shape {1}=…)",
                   columns.getName().getValue(), columns.getExtent().getValue())
        .str();
  Chunks chunks(mapping.op, std::move(*form));
  constexpr int64_t mostRows = 256;
  if (chunks.rows > mostRows)
    return formatv("{0} rows of state, of at most {1}", chunks.rows, mostRows).str();
  if (mostOperations(mapping.op) > operationLimit)
    return formatv("more than {0} operations for one number", operationLimit).str();
  int64_t threads = tuned(chunks.mapping, "time_threads", groupThreads);
  if (threads % groupThreads != 0 || threads > mostGroups * groupThreads)
    return formatv("time_threads: expected {0} or {1}", groupThreads, mostGroups * groupThreads).str();
  if (tuned(chunks.mapping, "steps", chunkSteps) != chunkSteps)
    return formatv("chunks of another number of steps than {0}", chunkSteps).str();
  if (chunks.form.decaysRows && tuned(chunks.mapping, "ring", 1) != 1)
    return std::string("ring: expected 1 with decays of rows");
  if (!shapeOf(chunks, target))
    return formatv("{0} rows and such a ring want more than the {1} bytes of shared memory of a block",
                   chunks.rows, target.sharedPerBlock)
        .str();
  return std::nullopt;
}

KernelChoice Chunkwise::choose(const Chunks &chunks, const Target &target) {
  Shape shape = *shapeOf(chunks, target);
  KernelChoice choice;
  choice.wide = plan::PolicyAttr::get(chunks.mapping.op.getContext(), plan::Walk::Lanes,
                                      /*lane_threads=*/1, shape.groups * groupThreads, /*lanes=*/1,
                                      chunkSteps, shape.ring);
  choice.general = choice.wide;
  choice.wideShared = choice.generalShared = sharedBytes(chunks, shape.groups, shape.ring);
  choice.tiles = std::to_string(chunks.blocksOfLane(shape.groups));
  choice.element = chunks.form.element;
  choice.chunks = &chunks.form;
  if (chunks.form.strength) {
    std::string all = chunks.count();
    choice.before.push_back({"chunk_inverses", groupThreads, all, sharedBytesOfInverses(chunks)});
    choice.scratch = formatv("{0} * {1}", all, numberBytes + panelBytes);
  }
  return choice;
}

Cost Chunkwise::cost(const Mapping &mapping, const Target &target, const Sizes &sizes) const {
  Chunks chunks = chunksOf(mapping);
  Shape shape = *shapeOf(chunks, target);
  KernelChoice choice = choose(chunks, target);
  Cost cost;
  cost.policy = choice.wide;
  cost.sharedBytes = cost.mostSharedBytes = choice.wideShared;
  cost.bytes = compulsoryBytes(mapping, sizes);
  double lanes = laneCount(chunks.mapping, sizes), steps = stepCount(chunks.mapping, sizes);
  double walked = std::ceil(steps / chunkSteps);
  double blocks = lanes * static_cast<double>(chunks.blocksOfLane(shape.groups));
  auto rows = static_cast<double>(chunks.paddedRows()), width = static_cast<double>(groupColumns);
  // Scores, what they take of the values, what is read of the state, what is added to it.
  double group = 2 * chunkSteps * (chunkSteps * rows + chunkSteps * width + 2 * rows * width);
  cost.flops = group * walked * blocks * static_cast<double>(shape.groups);
  cost.registersPerThread = std::min<int64_t>(254, 112 + chunks.paddedRows());
  cost.errorBound = formatv("{0} of the largest product, per step, in any order of composition",
                            chunks.form.element.isF16() ? "2^-11" : "2^-8");
  // Measured on an H200 at 128 rows and two groups: a chunk of one block of a full card. Halves of it are taken to
  // be of the rows and of the rest.
  constexpr double plainSeconds = 2.55e-6, correctedSeconds = 3.6e-6, rowSeconds = 6.7e-6, measuredRows = 128,
                   streamed = 0.75;
  // And the inverses of a chunk: a multiprocessor's time for one of many.
  constexpr double inverseSeconds = 1.4e-6;
  double chunkSeconds = chunks.form.strength     ? correctedSeconds
                        : chunks.form.decaysRows ? rowSeconds
                                                 : plainSeconds;
  // Elsewhere products of one warp each are taken to need twice the time.
  double chunk = chunkSeconds * (0.5 + 0.5 * rows / measuredRows) * (target.arch == "sm_90a" ? 1 : 2);
  // By their registers, as many groups are on a multiprocessor as a block has at most.
  int64_t resident = std::clamp<int64_t>(target.sharedPerBlock / cost.sharedBytes, 1, mostGroups / shape.groups);
  double waves = std::max(1.0, std::ceil(blocks / static_cast<double>(target.multiprocessors * resident)));
  cost.seconds = target.launchOverhead +
                 std::max(cost.bytes / (target.bandwidth * streamed), waves * walked * chunk);
  if (chunks.form.strength)
    cost.seconds += target.launchOverhead +
                    std::ceil(lanes * walked / target.multiprocessors) * inverseSeconds;
  return cost;
}

} // namespace

std::unique_ptr<Strategy> createChunkwise() { return std::make_unique<Chunkwise>(); }

} // namespace scanc::planning
