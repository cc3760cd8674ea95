//===- KernelData.cpp - What a lane holds, where it lies, how it moves ----===//
#include "compiler/emission/KernelWriter.h"

#include "compiler/emission/Names.h"
#include "mlir/IR/BuiltinTypes.h"
#include "llvm/Support/FormatVariadic.h"

using namespace mlir;
using llvm::formatv;

namespace scanc::emission {

void KernelWriter::writeOffset() {
  writer.line(Twine("using offset = ") + (variant.getOffsetBits() == 32 ? "int;" : "long long;"));
}

void KernelWriter::writeLane() {
  writer.open("struct lane");
  if (shares)
    writer.line("int part; // which of its points and steps this thread has");
  if (hasCommon())
    writer.line("int turn; // which steps it reads for all lanes of its warp");
  if (policy.getPhased())
    writer.line("int strip; // lanes that its warp holds, of which lane l of a thread is one");
  for (auto *list : {&reads, &writes, &inits, &finals})
    for (const AccessText &access : *list) {
      if (access.isBrought())
        continue;
      bool held = list == &reads && isHeld(access);
      writer.line(held ? access.declaration(/*packed=*/true) : "offset " + access.getMember() + ";");
    }
  writer.close("};");
}

void KernelWriter::writeTypes() {
  writer.line(formatv("static constexpr policy shape{{.walk = order::{0}, .lane_threads = {1}, "
                      ".time_threads = {2}, .lanes = {3}, .steps = {4}, .ring = {5}, .runs = {6}, "
                      ".blocks = {7}, .state_threads = {8}, .reduce_threads = {9}{10}{11}};",
                      plan::stringifyWalk(policy.getWalk()), policy.getLaneThreads(),
                      policy.getTimeThreads(), policy.getLanes(), policy.getSteps(),
                      policy.getRing(), policy.getRuns(), policy.getBlocks(),
                      policy.getStateThreads(), policy.getReduceThreads(),
                      policy.getShifted() ? ", .shifted = true" : "",
                      policy.getPhased() ? ", .phased = true" : "")
                  .str());
  writer.line(formatv("static constexpr int stages = {0};", kernel.getNumStates()).str());
  if (!kernel.getProducts().empty())
    writer.line("static constexpr warp::precision products = warp::precision::" + kernel.getProducts() + ";");
  writeOffset();
  if (kernel.getReset()) {
    int64_t history = 0;
    for (const AccessText &access : reads)
      history = std::max(history, access.getDelay());
    writer.line(formatv("static constexpr int history = {0}; // steps that windows read back", history)
                    .str());
  }
  writer.blank();
  writer.line("// Where the adjacent lanes of a thread begin, and what does not vary with time.");
  writeLane();
  if (shares)
    writePartTypes();
  if (!rounds.empty())
    writeRoundTypes();
  writer.line("// What those lanes read in `shape.steps` steps, as it lies in memory.");
  writer.open("struct tile");
  if (kernel.getReset())
    writer.line("thread::segment_marks<offset, history> marks;");
  for (const AccessText &access : reads)
    if (access.variesWithTime() && !access.isBrought())
      writer.line(access.declaration(/*packed=*/true));
  if (shares)
    writer.line(formatv("handed from_owner[{0}]; // of the step at hand", policy.getLanes()).str());
  if (hasCommon())
    writer.line("struct common common; // of the same");
  writer.close("};");
  if (policy.getRing() > 0) {
    writer.line(Twine("// Where copies of that land in shared memory; the last dimension is the thread") +
                (policy.getPhased() ? ", that of strips the step." : "."));
    writer.open("struct slot");
    for (const AccessText &access : reads)
      if (access.variesWithTime() && !access.isBrought())
        writer.line(access.cells(policy.getThreads()));
    writer.close("};");
  }
  if (policy.getPhased()) {
    writer.line("// What a thread copies of every tile to the strips of its warp.");
    writer.open("struct sources");
    for (const AccessText &access : reads)
      if (access.isInStrips())
        writer.line(formatv("warp::strip_source<{0}> {1};", access.stripShape(), access.getMember()).str());
    writer.close("};");
  }
  writer.line("// What they write.");
  writer.open("struct results");
  for (const AccessText &access : writes)
    writer.line(access.declaration(/*packed=*/false));
  writer.close("};");
  writer.line("// The states of one lane.");
  writer.open("struct states");
  for (int64_t i = 0; i < kernel.getNumStates(); ++i)
    writer.line(formatv("array<{0}, {1}> {2};", spellElement(kernel.getState(i).getElementType()),
                        stateSize(i), identifier(kernel.getState(i).getName()))
                    .str());
  writer.close("};");
  writer.blank();
  writer.line("const arguments &args;");
  writer.blank();
  for (StringRef qualifier : {"", "const "}) {
    writer.line("template <int stage>");
    writer.open(Twine("__device__ __forceinline__ static ") + qualifier + "auto &state(" +
                qualifier + "states &of)");
    for (int64_t i = 0; i < kernel.getNumStates(); ++i) {
      std::string member = "return of." + identifier(kernel.getState(i).getName()) + ";";
      if (kernel.getNumStates() == 1)
        writer.line(member);
      else
        writer.line(formatv("if constexpr (stage == {0}) {1}", i, member).str());
    }
    writer.close();
  }
}

void KernelWriter::writeGeometry(StringRef lanes) {
  int64_t time = kernel.getTimeDim();
  writer.line("__device__ __forceinline__ long long " + lanes + "() const { return " +
              Twine(spellLaneGroups(kernel, policy, 0)) + "; }");
  if (int64_t shared = kernel.getSharedDims())
    writer.line("__device__ __forceinline__ long long " +
                Twine(kernel.getRows() > 0 ? "columns" : "shared_groups") + "() const { return " +
                Twine(spellLaneGroups(kernel, policy, time - shared)) + "; }");
  std::string parts = partsOfStep() == 1 ? "" : std::to_string(partsOfStep());
  writer.line("__device__ __forceinline__ long long steps() const { return " +
              Twine(parts.empty() ? "" : parts + " * ") + spellSize(kernel.getDim(time)) + "; }");
  if (kernel.getReverse())
    writer.line("// Time is walked from the end: step 0 is the last in memory.");
  if (policy.getShifted()) {
    auto along = [](const AccessText &access) { return access.isAlongTime(); };
    auto read = llvm::find_if(reads, along);
    const AccessText &first = read != reads.end() ? *read : *llvm::find_if(writes, along);
    writer.line("// Steps of a lane before its first aligned vector, the same in every tensor.");
    writer.line("__device__ __forceinline__ int head(const lane &at) const { return " +
                Twine(first.head()) + "; }");
  }
  writer.line(Twine("__device__ __forceinline__ offset when(long long step) const { return ") +
              (kernel.getReverse() ? "offset(steps()" + (parts.empty() ? "" : " / " + parts) + " - 1 - step)" : "offset(step)") +
              "; }");
  if (auto reset = kernel.getReset()) {
    std::string offsets = identifier(reset->getParameter().getValue());
    const std::string list = parts.empty() ? "segment_list<offset, {0}>" : "segments_of_places<offset, {0}, " + parts + ">";
    writer.open("__device__ __forceinline__ thread::" + formatv(list.c_str(), kernel.getReverse() ? "true" : "false").str() +
                " segments() const");
    writer.line(formatv("return {{args.{0}.data, args.{0}.stride[0], {1}, steps(){2}};", offsets,
                        spellSize(kernel.getDim(kernel.getSegmentDim())), parts.empty() ? "" : " / " + parts)
                    .str());
    writer.close();
  }
}

void KernelWriter::writeEnter() {
  int64_t time = kernel.getTimeDim();
  writer.blank();
  writer.open("__device__ __forceinline__ lane enter(long long group) const");
  if (time > 0)
    writer.line(time > 1 ? "offset rest = offset(group);" : "const offset rest = offset(group);");
  for (int64_t i = time - 1; i >= 0; --i) {
    std::string at = "at_" + kernel.getDim(i).getName().str(), place = "rest";
    std::string extent = i + 1 == time ? spellAdjacentGroups(kernel, policy) : spellSize(kernel.getDim(i));
    if (i > 0)
      place += " % offset(" + extent + ")";
    if (i + 1 == time && policy.getLanes() > 1)
      place += " * " + std::to_string(policy.getPhased() ? policy.getStrip() : policy.getLanes());
    writer.line("const offset " + Twine(at) + " = " + place + ";");
    if (i > 0)
      writer.line("rest /= offset(" + Twine(extent) + ");");
  }
  writer.line("lane at;");
  if (shares)
    writer.line("at.part = thread_index() % shape.state_threads;");
  if (hasCommon())
    writer.line("at.turn = lane_index() / shape.state_threads;");
  if (policy.getPhased())
    writer.line(formatv("at.strip = int(at_{0} + {2} <= {1} ? {2} : {1} - at_{0});",
                        kernel.getDim(time - 1).getName(), spellSize(kernel.getDim(time - 1)),
                        policy.getStrip())
                    .str());
  for (auto *list : {&reads, &writes, &inits, &finals})
    for (const AccessText &access : *list) {
      if (list == &reads && isHeld(access)) {
        writer.line("const offset " + Twine(access.getMember()) + "_at = " + access.base() + ";");
        access.printMove(writer, AccessText::Move::load);
      } else if (!access.isBrought()) {
        writer.line("at." + Twine(access.getMember()) + " = " + access.base() + ";");
      }
    }
  writer.line("return at;");
  writer.close();
}

void KernelWriter::writeMoves() {
  auto writeMove = [&](const Twine &head, ArrayRef<AccessText> accesses, AccessText::Move move) {
    writer.blank();
    writer.open("__device__ __forceinline__ void " + head + " const");
    for (const AccessText &access : accesses)
      if (!access.isBrought() && (move == AccessText::Move::store || access.variesWithTime()))
        access.printMove(writer, move);
    writer.close();
  };
  if (policy.getRing() > 0) {
    bool inStrips = policy.getPhased();
    if (inStrips) {
      writer.blank();
      writer.open("__device__ __forceinline__ sources aim(const lane &at) const");
      writer.open("return");
      for (const AccessText &access : reads)
        if (access.isInStrips())
          writer.line("{" + Twine(access.source()) + "},");
      writer.close("};");
      writer.close();
      writer.open("__device__ __forceinline__ void clear(slot &to) const");
      for (const AccessText &access : reads)
        if (access.isInStrips())
          writer.line("warp::clear_strips(to." + Twine(access.getMember()) + "[thread_index() / 32]);");
      writer.close();
    }
    writeMove(Twine("fetch(slot &to, ") + (inStrips ? "const sources &of, " : "") +
                  "const lane &at, long long first" + (policy.getShifted() ? ", int active)" : ")"),
              reads, AccessText::Move::fetch);
    writeMove(Twine("take(tile &in, const slot &from") +
                  (inStrips ? ", const lane &at)" : ")"),
              reads, AccessText::Move::take);
  }
  writeMove("load(tile &in, const lane &at, long long first, int active)", reads,
            AccessText::Move::load);
  writeMove("store(const results &out, const lane &at, long long first, int active)", writes,
            AccessText::Move::store);
}

} // namespace scanc::emission
