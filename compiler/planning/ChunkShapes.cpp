//===- ChunkShapes.cpp - Blocks that walk chunks of steps, and what they take ---===//
#include "compiler/planning/ChunkShapes.h"

#include "compiler/planning/Tuning.h"

#include "mlir/IR/TypeUtilities.h"
#include "llvm/ADT/Sequence.h"
#include "llvm/ADT/SetVector.h"

#include <cmath>

using namespace mlir;
using llvm::formatv;

namespace scanc::planning::chunkwise {

double Chunks::windowedRows() const {
  scan::RecurrenceInterface loop(mapping.op);
  auto isWindowed = [&](int64_t input) {
    AffineMap map = loop.getInputMap(input);
    return (map.isFunctionOfDim(form.row) || map.isFunctionOfDim(form.column)) &&
           !llvm::all_of(map.getResults(), llvm::IsaPred<AffineDimExpr>);
  };
  return llvm::count_if(llvm::seq<int64_t>(0, loop.getInputs().size()), isWindowed);
}

double Chunks::sums(bool windowed) const {
  auto reads = [&](BlockArgument input) {
    return !llvm::all_of(scan::RecurrenceInterface(mapping.op).getInputMap(input.getArgNumber()).getResults(),
                         llvm::IsaPred<AffineDimExpr>);
  };
  double count = 0;
  for (auto reduce : mapping.op.getBody().getOps<scan::ReduceOp>()) {
    llvm::SetVector<Value> open;
    open.insert(reduce.getValue());
    bool isWindowed = false, isOfState = false;
    for (size_t i = 0; i < open.size(); ++i) {
      auto input = dyn_cast<BlockArgument>(open[i]);
      isWindowed |= input && reads(input);
      isOfState |= isa_and_present<scan::AdvanceOp>(open[i].getDefiningOp());
      if (!input)
        open.insert_range(open[i].getDefiningOp()->getOperands());
    }
    count += isWindowed == windowed && !isOfState;
  }
  return count;
}

std::string Chunks::runs(int64_t groups, const Target &target) const {
  // So many that blocks which have long ones leave others to the rest, and as many as the template takes.
  constexpr int64_t turns = 4, mostRuns = 128;
  std::string blocks = lanes() + std::to_string(blocksOfLane(groups));
  return formatv("max(1, min(min({0}, {1}), ceildiv({2}, max(1, {3}))))", extent(mapping.segment), mostRuns,
                 turns * target.multiprocessors, blocks);
}

constexpr int64_t elementBytes = 2, panelBytes = chunkSteps * groupColumns * elementBytes;
constexpr int64_t numberBytes = 1024; // of what the steps of a chunk have one number of each
constexpr int64_t cellBytes = 1024;   // by which groups wait for each other, and what aligns them
constexpr int64_t placeBytes = 1024;  // of which steps are those of the next chunks, where there are segments

constexpr int64_t chunkParts = 4; // of a chunk, with decays of rows of their own

/// What chunk_factors leaves of a chunk: numbers, the inverse, scores and three weighted copies of rows, two where the state is read
/// once, and what the whole chunk decays; up to the next that is aligned. chunk_inverses leaves the first two.
int64_t recordBytes(const Chunks &chunks) {
  if (!chunks.bringsFactors())
    return numberBytes + panelBytes;
  int64_t panels = chunks.paddedRows() / groupColumns;
  int64_t copies = chunks.readsOnce() ? 2 : 3;
  return llvm::alignTo(numberBytes + (2 + copies * panels) * panelBytes + chunks.paddedRows() * 4, 1024);
}

/// Of chunkwise_storage with decays of rows: one chunk, what decays are computed from, and in place of the state the weighted keys
/// and queries and what else block/chunk_row_decays.cuh has in its row_factors. A group with 64 rows weighs queries in their place.
static int64_t sharedBytesOfRows(const Chunks &chunks, int64_t groups) {
  constexpr int64_t scoreBytes = (chunkParts * (chunkParts + 1) / 2 + 1) * 1024;
  int64_t panels = chunks.paddedRows() / groupColumns, factors = panels == 1 && groups == 1 ? 7 : 8;
  // Of decays of 16 bits half is apart of what takes the place of decays.
  int64_t chunk = (2 * panels + groups) * panelBytes + panels * chunkSteps * groupColumns * 4 + numberBytes;
  return chunk + factors * panels * panelBytes + scoreBytes + chunkParts * chunks.paddedRows() * 4 + 2 * numberBytes;
}

/// Size of the template's chunkwise_storage: in each slot of the ring a query, a key and values of a chunk
/// and the numbers of its steps; then the state of each group of columns. With a correction, a slot has the chunk's
/// inverse too, and each group what becomes of its values, before and after they decay; where factors are brought, a record
/// of them is in the place of all but the values.
static int64_t bytesOfChunks(const Chunks &chunks, int64_t groups, int64_t ring, int64_t readers) {
  int64_t places = chunks.mapping.segment < 0 ? 0 : placeBytes;
  int64_t panels = chunks.paddedRows() / chunkSteps, inverses = chunks.form.strength ? 1 : 0;
  if (chunks.bringsFactors())
    return places + ring * (recordBytes(chunks) + groups * panelBytes) + groups * (panels + 1) * panelBytes;
  if (chunks.form.decaysRows)
    return places + sharedBytesOfRows(chunks, groups);
  int64_t inputs = !chunks.form.strength ? 0 : chunks.form.decay ? 2 : 1;
  if (readers > 0 && chunks.form.strength) // the state, and what reads it
    return ring * ((2 * panels + groups + inverses) * panelBytes + numberBytes) + (groups + 1) * panels * panelBytes + cellBytes;
  if (readers > 0) // the state for each reader, and numbers of two chunks
    return ring * ((2 * panels + groups) * panelBytes + numberBytes) + readers * (groups * panels * panelBytes + 2 * numberBytes) + cellBytes;
  return places + ring * ((2 * panels + groups + inverses + chunks.readerPanels()) * panelBytes + numberBytes) +
         groups * (panels + inputs) * panelBytes;
}

int64_t sharedBytes(const Chunks &chunks, int64_t groups, int64_t ring, int64_t readers) {
  constexpr int64_t totalBytes = 1024; // of a sum over rows that two groups add to
  int64_t totals = readers == 0 && groups > 1 ? chunks.form.reductions * totalBytes : 0;
  return totals + bytesOfChunks(chunks, groups, ring, readers);
}

/// Of chunk_inverses_storage: keys and then, in their place, the inverse and L in padded rows of f32; numbers. Of
/// chunk_factors_storage: keys, queries and decays of 64 rows of the state, with room for queries twice, and readers; in their place
/// scores too; what parts decay by and whether they grow, and numbers.
int64_t sharedBytesOfRecords(const Chunks &chunks) {
  constexpr int64_t lowerBytes = llvm::alignTo(chunkSteps * (chunkSteps + 4) * 4, 1024);
  if (chunks.bringsFactors()) {
    int64_t factorBytes = (chunks.decayBytes() == 4 ? 4 * panelBytes : 7 * panelBytes / 2) + (chunks.readerPanels() > 0 ? panelBytes : 0);
    int64_t numbersOfRows = chunkParts * (chunks.paddedRows() * 4 + chunks.paddedRows() / 32 * 4);
    return std::max(2 * panelBytes + lowerBytes, chunks.paddedRows() / groupColumns * factorBytes) +
           llvm::alignTo(numbersOfRows, 1024) + numberBytes;
  }
  int64_t panels = chunks.paddedRows() / chunkSteps + chunks.readerPanels();
  return std::max(panelBytes + lowerBytes, panels * panelBytes) + numberBytes;
}

constexpr int64_t relayRows = 128;
/// Groups that carry as many rows of up to 128 columns, and as many that read out; and one of each, of 64 columns.
constexpr Shape relay{mostGroups, /*ring=*/3, /*readers=*/2}, narrowRelay{1, /*ring=*/2, /*readers=*/1, /*blocks=*/2};
/// With a correction there is more to be made before a chunk is read out, and no register left for sums over a row.
constexpr Shape narrowCorrected{1, /*ring=*/3, /*readers=*/2};

/// Where four warps multiply together. Segments begin chunks, which all groups look for together, and where windows are
/// read whoever copies computes.
SmallVector<Shape> relaysOf(const Chunks &chunks, const Target &target) {
  bool isRelayed = target.arch == "sm_90a" && !chunks.form.decaysRows && !chunks.form.readsApart() &&
                   chunks.mapping.segment < 0 && chunks.windowedRows() == 0 && chunks.paddedRows() == relayRows &&
                   !(chunks.form.strength && chunks.form.reductions > 0);
  SmallVector<Shape> shapes;
  for (Shape shape : {relay, chunks.form.strength ? narrowCorrected : narrowRelay})
    if (isRelayed && chunks.columns > groupColumns * (shape.groups - 1) && shape.sharedBytes(chunks) <= target.sharedPerBlock)
      shapes.push_back(shape);
  return shapes;
}

Spans::Spans(const Chunks &chunks, Shape shape, const Target &target)
    : panels(chunks.paddedRows() / groupColumns),
      told(shape.groups + (chunks.form.strength ? panels : 0)), groups(chunks.form.strength ? 2 : shape.groups),
      parts(shape.readers > 0 && !chunks.form.strength ? (shape.readers > 1 ? 2 : 3) : 1) {
  int64_t places = target.multiprocessors * shape.resident(chunks, target);
  // With a correction a part of the next chunk is made in one, for two of which there is room.
  constexpr int64_t correctedRing = 3, made = 2;
  constexpr int64_t relayedRing = 3; // where the next chunk is there while one is multiplied
  int64_t ring = chunks.form.strength ? correctedRing
                 : shape.readers > 0  ? relayedRing
                                      : std::max<int64_t>(shape.ring, 2);
  int64_t inverses = chunks.form.strength ? 1 : 0;
  int64_t slot = (panels + shape.groups + inverses) * panelBytes + numberBytes;
  if (chunks.bringsFactors()) // what reads as well as keys, and what the chunk decays
    slot += panels * panelBytes + llvm::alignTo(chunks.paddedRows() * 4, 1024);
  else
    slot += chunks.readerPanels() * panelBytes;
  shared = ring * slot + (chunks.form.strength ? made * panels * panelBytes : 0);
  if (chunks.form.decaysRows && !chunks.bringsFactors())
    shared += ring * panels * chunkSteps * groupColumns * chunks.decayBytes() + chunkParts * chunks.paddedRows() * 4;
  constexpr int64_t ofSystem = 1024; // of each block
  if (parts > 1)
    resident = (target.sharedPerBlock + ofSystem) / (shared + ofSystem);
  blocks = formatv("{0}{1}", chunks.lanes(), chunks.blocksOfLane(shape.groups));
  std::string most = formatv("min({0} / max(1, {1}), {2} / {3})", places, blocks,
                             chunks.steps(), leastChunks * chunkSteps);
  count = formatv("max(1, {0} * ({0} >= {1}))", most, least(chunks, shape));
  others = formatv("{0} * ({1} - 1){2}", blocks, count, parts > 1 ? " * " + std::to_string(parts) : "");
  if (isFirstApart(chunks, target))
    first = formatv("{0} * ({1} > 1)", blocks, count);
  // Where it is known that there is one, nothing else is compiled.
  int64_t known = chunks.blocksOfLane(shape.groups);
  for (int64_t lane : chunks.mapping.lanes)
    known *= std::max<int64_t>(1, chunks.dim(lane).getSize()); // what is not known is below 0
  int64_t steps = chunks.dim(chunks.mapping.time).getSize();
  bool isShort = !ShapedType::isDynamic(steps) && chunks.parts() * steps / (leastChunks * chunkSteps) < least(chunks, shape);
  constexpr int64_t mostRows = 128; // in registers of as many groups
  pays = chunks.mapping.segment < 0 && chunks.paddedRows() <= mostRows && shared <= target.sharedPerBlock &&
         !isShort && places / known >= least(chunks, shape);
}

SmallVector<LaunchChoice> Spans::launches(const Chunks &chunks, Shape shape) const {
  SmallVector<LaunchChoice> launches;
  if (!first.empty())
    launches.push_back({"first_spans", shape.threads(), first, shape.sharedBytes(chunks)});
  launches.push_back({"chunk_states", groups * groupThreads, others, shared, resident});
  constexpr int64_t columns = 16, copies = 2 * 2, tiles = 8; // tiles: of 64 rows and columns, that a block has
  if (chunks.form.strength)
    launches.push_back({"chunk_entries", panels * groupThreads,
                        formatv("{0} * {1} * ({2} > 1)", blocks, (told - panels) * groupColumns / columns, count),
                        copies * chunks.paddedRows() * columns * elementBytes});
  else if (parts > 1)
    launches.push_back({"chunk_entries", groupThreads, formatv("{0} * {1} * ({2} > 1)", blocks, told * panels * tiles, count), 0});
  return launches;
}

std::string Spans::bytes() const {
  return formatv(first.empty() ? "{0} * {2}" : "({0} + {1}) * {2}", others, first,
                 told * panels * chunkSteps * groupColumns * 4 + numberBytes);
}

double Spans::at(const Chunks &chunks, Shape shape, const Target &target, double lanes, double walked) {
  double blocks = lanes * static_cast<double>(chunks.blocksOfLane(shape.groups));
  double most = std::min(std::floor(static_cast<double>(target.multiprocessors * shape.resident(chunks, target)) /
                                    std::max(1.0, blocks)),
                         std::floor(walked / leastChunks));
  return most >= static_cast<double>(least(chunks, shape)) ? most : 1;
}

/// Slots that a ring has where there is room. With a correction nothing is begun a chunk ahead, with decays of rows
/// there is one chunk.
static int64_t usualRing(const Chunks &chunks) {
  return chunks.form.strength ? 2 : chunks.form.decaysRows ? 1 : 3;
}

bool hasRows(const Chunks &chunks, int64_t groups) {
  return chunks.form.reductions == 0 || chunks.blocksOfLane(groups) == 1;
}

SmallVector<Shape> shapesOf(const Chunks &chunks, const Target &target) {
  SmallVector<Shape> shapes;
  const int64_t leastRing = std::min<int64_t>(2, usualRing(chunks));
  int64_t most = std::min<int64_t>(llvm::divideCeil(chunks.columns, groupColumns), mostGroups);
  most = tuned(chunks.mapping, "time_threads", most * groupThreads) / groupThreads;
  bool isFixed = tuned(chunks.mapping, "time_threads", 0) > 0, isRingFixed = tuned(chunks.mapping, "ring", 0) > 0;
  for (Shape shape : relaysOf(chunks, target))
    if (hasRows(chunks, shape.groups) && tuned(chunks.mapping, "time_threads", shape.threads()) == shape.threads() &&
        tuned(chunks.mapping, "ring", shape.ring) == shape.ring)
      shapes.push_back(shape);
  if (isFixed && most > mostGroups)
    return shapes;
  for (int64_t groups = most; groups >= (isFixed ? most : 1); --groups)
    for (int64_t ring = tuned(chunks.mapping, "ring", usualRing(chunks)); ring >= leastRing; --ring)
      if (sharedBytes(chunks, groups, ring) <= target.sharedPerBlock && hasRows(chunks, groups)) {
        shapes.push_back({groups, ring});
        if (isRingFixed)
          break;
      }
  return shapes;
}

Walked::Walked(const Chunks &of, const Target &target, const Sizes &sizes, Shape shape)
    : lanes(laneCount(of.mapping, sizes)),
      chunks(std::ceil(static_cast<double>(of.parts()) * stepCount(of.mapping, sizes) / chunkSteps)) {
  if (of.mapping.segment < 0)
    return;
  // Blocks that walk in turn, each some of the segments, are taken for blocks that each walk a part of time.
  double segments = sizeNamed(sizes, of.dim(of.mapping.segment));
  chunks += segments / 2; // the last chunk of each, half full
  double blocks = lanes * static_cast<double>(of.blocksOfLane(shape.groups));
  parts = std::max(1.0, std::min(segments, static_cast<double>(target.multiprocessors) / std::max(1.0, blocks)));
}

double walkSeconds(const Chunks &chunks, Shape shape, const Target &target, const Walked &walked) {
  // Measured on an H200 at 128 rows: a chunk while two groups are on each multiprocessor, of one block or of two; the
  // share of that which one group takes alone, and what a ring that begins nothing ahead takes. Halves of it are taken to be
  // of the rows and of the rest.
  constexpr double plainSeconds = 2.75e-6, relayedSeconds = 2.15e-6, narrowSeconds = 2.5e-6, correctedSeconds = 3.6e-6,
                   relayedCorrectedSeconds = 3.0e-6, rowSeconds = 5.4e-6, measuredRows = 128, alone = 0.68, notAhead = 1.07;
  double seconds = chunks.form.strength     ? (shape.readers > 0 ? relayedCorrectedSeconds : correctedSeconds)
                   : chunks.form.decaysRows ? rowSeconds
                   : shape.readers > 1      ? relayedSeconds
                   : shape.readers > 0      ? narrowSeconds
                                            : plainSeconds;
  // Rows of earlier steps are not copied: whoever computes with them waits.
  constexpr double windowSeconds = 1.1e-6, windowedSumSeconds = 8.5e-6;
  seconds += windowSeconds * chunks.windowedRows() + windowedSumSeconds * chunks.sums(/*windowed=*/true);
  // Measured beside a correction: norms of keys or of queries 0.7 and 1.0, of both 2.7.
  constexpr double sumSeconds = 0.7e-6;
  if (chunks.form.strength)
    seconds += sumSeconds * std::pow(chunks.sums(/*windowed=*/false), 2);
  // Measured at 128 columns, with a gate: each number twice, and where two groups share a row a barrier.
  constexpr double reducedSeconds = 1.5e-6;
  double readOut = seconds + (chunks.form.reductions > 0 ? reducedSeconds : 0);
  double spans = Spans(chunks, shape, target).pays ? Spans::at(chunks, shape, target, walked.lanes, walked.chunks) : 1;
  double blocks = walked.lanes * static_cast<double>(chunks.blocksOfLane(shape.groups)) * walked.parts * spans;
  double ofOne = std::max(1.0, std::ceil(blocks / static_cast<double>(target.multiprocessors)));
  auto resident = static_cast<double>(shape.resident(chunks, target));
  // Each block weighs rows that decay: two of 64 take what one of 128 does. Elsewhere products of one warp each are taken to need
  // twice the time.
  const double weighs = chunks.form.decaysRows && !chunks.form.strength ? std::min(ofOne, resident) : 1;
  double scale = (0.5 + 0.5 * weighs * static_cast<double>(chunks.paddedRows()) / measuredRows) * (target.arch == "sm_90a" ? 1 : 2);
  if (shape.ring < usualRing(chunks) && shape.readers == 0)
    scale *= notAhead;
  if (static_cast<double>(shape.groups) * std::min(ofOne, resident) < 2)
    scale *= alone;
  double turns = std::ceil(ofOne / resident);
  if (spans == 1)
    return turns * std::ceil(walked.chunks / walked.parts) * readOut * scale;
  // Measured: shares of a chunk that is read out, and what a span takes where states pass a matrix.
  const double corrected = shape.readers == 0 ? 0.79 : shape.groups > 1 ? 0.87 : 1.07;
  const double share = chunks.form.strength ? corrected : shape.readers > 0 ? 0.55 : 0.4;
  const double entrySeconds = chunks.form.strength ? 1.7e-6 : 0;
  // A first span takes as long as the states of one of the others.
  const bool isFirstApart = Spans::isFirstApart(chunks, target);
  double length = std::ceil(walked.chunks / (isFirstApart ? spans + share : spans));
  return length * (turns * readOut + seconds * share) * scale + spans * entrySeconds +
         target.launchOverhead * (isFirstApart ? 2 : 1);
}

Shape shapeOf(const Chunks &chunks, const Target &target, const Sizes &sizes) {
  auto seconds = [&](Shape shape) {
    return walkSeconds(chunks, shape, target, Walked(chunks, target, sizes, shape));
  };
  SmallVector<Shape> shapes = shapesOf(chunks, target);
  return *llvm::min_element(shapes, [&](Shape a, Shape b) { return seconds(a) < seconds(b); });
}

} // namespace scanc::planning::chunkwise
