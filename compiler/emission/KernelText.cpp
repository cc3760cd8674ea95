//===- KernelText.cpp - Arguments, recurrence, entry point ----------------===//
#include "compiler/emission/KernelText.h"

#include "compiler/emission/Accesses.h"
#include "compiler/emission/Names.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Location.h"
#include "mlir/IR/TypeUtilities.h"
#include "llvm/Support/FormatVariadic.h"

#include <set>

using namespace mlir;
using llvm::formatv;

namespace scanc::emission {

namespace {

/// The text of one variant, part by part in the order in which it is read.
class KernelWriter {
public:
  KernelWriter(plan::KernelInterface kernel, plan::VariantAttr variant);
  FailureOr<std::string> write();

private:
  void writeHead();
  void writeArguments();
  void writeTypes();
  void writeGeometry();
  void writeEnter();
  void writeMoves();
  void writeInitial();
  void writeStart(int64_t state, llvm::function_ref<std::string(const Indices &)> value);
  void writeGivenStart(int64_t state);
  void writePrologue();
  void writeEpilogue();
  void writeFinish();
  void writeEntry();

  AccessText makeAccess(plan::AccessAttr access, int64_t width);
  Type elementOf(StringAttr parameter) const;
  std::string leaf(Value value, const Indices &indices) const;
  int64_t stateSize(int64_t i) const;
  void writeStateLoops(int64_t state, llvm::function_ref<void(const Indices &)> body);
  Expressions makeExpressions() {
    return Expressions(writer, [this](Value value, const Indices &indices) {
      return leaf(value, indices);
    });
  }

  mutable plan::KernelInterface kernel; // MLIR's accessors are not const
  mutable plan::ProgramOp program;
  plan::VariantAttr variant;
  plan::PolicyAttr policy;
  CodeWriter writer;
  std::set<std::string> members;
  std::vector<AccessText> reads, writes, inits, finals;
  mutable SmallVector<plan::AdvanceOp> advances;
  std::string name;
  Operation *unspelled = nullptr;
};

} // namespace

KernelWriter::KernelWriter(plan::KernelInterface kernel, plan::VariantAttr variant)
    : kernel(kernel), program(kernel->getParentOfType<plan::ProgramOp>()), variant(variant),
      policy(variant.getPolicy()), name(identifier(kernel.getName())) {
  ArrayRef<int64_t> widths = variant.getWidths();
  for (auto access : kernel.getReads().getAsRange<plan::AccessAttr>())
    reads.push_back(makeAccess(access, widths[reads.size()]));
  for (auto access : kernel.getWrites().getAsRange<plan::AccessAttr>())
    writes.push_back(makeAccess(access, widths[reads.size() + writes.size()]));
  for (auto access : kernel.getInits().getAsRange<plan::AccessAttr>())
    inits.push_back(makeAccess(access, 1));
  for (auto access : kernel.getFinals().getAsRange<plan::AccessAttr>())
    finals.push_back(makeAccess(access, 1));
  llvm::append_range(advances, kernel.getBody().getOps<plan::AdvanceOp>());
}

Type KernelWriter::elementOf(StringAttr parameter) const {
  for (auto candidate : program.getParameters().getAsRange<plan::ParameterAttr>())
    if (candidate.getName() == parameter)
      return candidate.getElementType();
  return {};
}

AccessText KernelWriter::makeAccess(plan::AccessAttr access, int64_t width) {
  // A parameter that is read at several steps or under several indices has an array for each.
  std::string base = identifier(access.getParameter().getValue()), member = base;
  for (unsigned i = 1; !members.insert(member).second; ++i)
    member = base + "_" + std::to_string(i);
  return AccessText(kernel, access, elementOf(access.getParameter()), member, policy, width);
}

int64_t KernelWriter::stateSize(int64_t i) const {
  auto vector = dyn_cast<VectorType>(advances[i].getNow().getType());
  return vector ? vector.getNumElements() : 1;
}

void KernelWriter::writeHead() {
  std::string place;
  if (auto loc = kernel->getLoc()->findInstanceOf<FileLineColLoc>())
    place = formatv(" from {0}:{1}", loc.getFilename().getValue(), loc.getLine());
  writer.line(formatv("// {0}{1}, {2} ({3}).", kernel.getName(), place,
                      kernel->getName().stripDialect(), variant.getName().getValue())
                  .str());
  writer.line(formatv("#include \"scanc/kernel/{0}.cuh\"", kernel->getName().stripDialect()).str());
  writer.blank();
  writer.line("namespace scanc::device::program {");
  writer.blank();
}

void KernelWriter::writeArguments() {
  writer.line("// What a launch gives: an address and strides per tensor, in elements, then the sizes.");
  writer.open("struct arguments");
  for (auto parameter : program.getParameters().getAsRange<plan::ParameterAttr>()) {
    std::string dims;
    for (StringAttr dim : parameter.getDims())
      dims += (dims.empty() ? "" : ", ") + dim.str();
    writer.line(formatv("tensor<{0}{1}, {2}> {3}; // [{4}]", parameter.getOutput() ? "" : "const ",
                        spellElement(parameter.getElementType()), parameter.getDims().size(),
                        identifier(parameter.getName()), dims)
                    .str());
  }
  for (const std::string &size : sizeNames(program))
    writer.line("long long size_" + Twine(size) + ";");
  if (!kernel.getWorkspace().empty())
    writer.line("unsigned char *workspace; // zero when the kernel begins");
  writer.close("};");
  writer.line(formatv("static_assert(sizeof(arguments) == 8 * {0}, \"host plan and kernel disagree\");",
                      argumentWords(kernel).size())
                  .str());
  writer.blank();
}

void KernelWriter::writeTypes() {
  writer.line(formatv("static constexpr policy shape{{.walk = order::{0}, .lane_threads = {1}, "
                      ".time_threads = {2}, .lanes = {3}, .steps = {4}, .ring = {5}, .runs = {6}, .blocks = {7}};",
                      plan::stringifyWalk(policy.getWalk()), policy.getLaneThreads(),
                      policy.getTimeThreads(), policy.getLanes(), policy.getSteps(), policy.getRing(),
                      policy.getRuns(), policy.getBlocks())
                  .str());
  writer.line(formatv("static constexpr int stages = {0};", kernel.getNumStates()).str());
  if (!kernel.getProducts().empty())
    writer.line("static constexpr warp::precision products = warp::precision::" + kernel.getProducts() + ";");
  writer.line(Twine("using offset = ") + (variant.getOffsetBits() == 32 ? "int;" : "long long;"));
  if (kernel.getReset()) {
    int64_t history = 0;
    for (const AccessText &access : reads)
      history = std::max(history, access.getDelay());
    writer.line(formatv("static constexpr int history = {0}; // steps that windows read back", history)
                    .str());
  }
  writer.blank();
  writer.line("// Where the adjacent lanes of a thread begin, and what does not vary with time.");
  writer.open("struct lane");
  for (auto *list : {&reads, &writes, &inits, &finals})
    for (const AccessText &access : *list) {
      bool invariantRead = list == &reads && !access.variesWithTime();
      writer.line(invariantRead ? access.declaration(/*packed=*/true) : "offset " + access.getMember() + ";");
    }
  writer.close("};");
  writer.line("// What those lanes read in `shape.steps` steps, as it lies in memory.");
  writer.open("struct tile");
  if (kernel.getReset())
    writer.line("thread::segment_marks<offset, history> marks;");
  for (const AccessText &access : reads)
    if (access.variesWithTime())
      writer.line(access.declaration(/*packed=*/true));
  writer.close("};");
  if (policy.getRing() > 0) {
    writer.line("// Where copies of that land in shared memory; the last dimension is the thread.");
    writer.open("struct slot");
    for (const AccessText &access : reads)
      if (access.variesWithTime())
        writer.line(access.cells(policy.getThreads()));
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

void KernelWriter::writeGeometry() {
  int64_t time = kernel.getTimeDim();
  writer.line("__device__ __forceinline__ long long lane_groups() const { return " +
              Twine(spellLaneGroups(kernel, policy, 0)) + "; }");
  if (int64_t shared = kernel.getSharedDims())
    writer.line("__device__ __forceinline__ long long shared_groups() const { return " +
                Twine(spellLaneGroups(kernel, policy, time - shared)) + "; }");
  writer.line("__device__ __forceinline__ long long steps() const { return " +
              Twine(spellSize(kernel.getDim(time))) + "; }");
  if (kernel.getReverse())
    writer.line("// Time is walked from the end: step 0 is the last in memory.");
  writer.line(Twine("__device__ __forceinline__ offset when(long long step) const { return ") +
              (kernel.getReverse() ? "offset(steps() - 1 - step)" : "offset(step)") + "; }");
  if (auto reset = kernel.getReset()) {
    std::string offsets = identifier(reset->getParameter().getValue());
    writer.open(formatv("__device__ __forceinline__ thread::segment_list<offset, {0}> segments() const",
                        kernel.getReverse() ? "true" : "false")
                    .str());
    writer.line(formatv("return {{args.{0}.data, args.{0}.stride[0], {1}, steps()};", offsets,
                        spellSize(kernel.getDim(kernel.getSegmentDim())))
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
      place += " * " + std::to_string(policy.getLanes());
    writer.line("const offset " + Twine(at) + " = " + place + ";");
    if (i > 0)
      writer.line("rest /= offset(" + Twine(extent) + ");");
  }
  writer.line("lane at;");
  for (auto *list : {&reads, &writes, &inits, &finals})
    for (const AccessText &access : *list) {
      if (list == &reads && !access.variesWithTime()) {
        writer.line("const offset " + Twine(access.getMember()) + "_at = " + access.base() + ";");
        access.printMove(writer, AccessText::Move::load);
      } else {
        writer.line("at." + Twine(access.getMember()) + " = " + access.base() + ";");
      }
    }
  writer.line("return at;");
  writer.close();
}

void KernelWriter::writeMoves() {
  auto writeMove = [&](StringRef head, ArrayRef<AccessText> accesses, AccessText::Move move) {
    writer.blank();
    writer.open("__device__ __forceinline__ void " + head + " const");
    for (const AccessText &access : accesses)
      if (move == AccessText::Move::store || access.variesWithTime())
        access.printMove(writer, move);
    writer.close();
  };
  if (policy.getRing() > 0) {
    writeMove("fetch(slot &to, const lane &at, long long first)", reads, AccessText::Move::fetch);
    writeMove("take(tile &in, const slot &from)", reads, AccessText::Move::take);
  }
  writeMove("load(tile &in, const lane &at, long long first, int active)", reads,
            AccessText::Move::load);
  writeMove("store(const results &out, const lane &at, long long first, int active)", writes,
            AccessText::Move::store);
}

/// Loops over the numbers of a state; `body` gets their indices, in the state's dimensions.
void KernelWriter::writeStateLoops(int64_t state, llvm::function_ref<void(const Indices &)> body) {
  static const char *const names[] = {"i", "j", "k", "m"};
  Indices indices;
  ArrayRef<int64_t> shape = shapeOf(advances[state].getNow());
  for (auto [depth, extent] : llvm::enumerate(shape)) {
    indices.push_back(names[depth]);
    writer.openLoop(names[depth], std::to_string(extent));
  }
  body(indices);
  for (size_t i = 0; i < shape.size(); ++i)
    writer.close();
}

void KernelWriter::writeInitial() {
  writer.blank();
  writer.open("__device__ __forceinline__ void initial(states &to, const lane &at, int l) const");
  for (int64_t i = 0; i < kernel.getNumStates(); ++i)
    if (kernel.getReset() || !llvm::is_contained(kernel.getInitStates(), i))
      writeStart(i, [&](const Indices &) {
        return "narrow<" + spellElement(kernel.getState(i).getElementType()) + ">(" +
               spellZero(advances[i].getRing()) + ")";
      });
    else
      writeGivenStart(i);
  writer.close();
  if (!kernel.getReset())
    return;
  writer.line("// What differs from that where segment `segment` in memory begins.");
  writer.open("__device__ __forceinline__ void begin_segment(states &to, const lane &at, int l, offset segment) const");
  for (int64_t i : kernel.getInitStates())
    writeGivenStart(i);
  writer.close();
}

/// Assigns every number of a state in `to`.
void KernelWriter::writeStart(int64_t state,
                              llvm::function_ref<std::string(const Indices &)> value) {
  writeStateLoops(state, [&](const Indices &indices) {
    writer.line("to." + Twine(identifier(kernel.getState(state).getName())) + "[" +
                flatIndex(shapeOf(advances[state].getNow()), indices) + "] = " + value(indices) +
                ";");
  });
}

void KernelWriter::writeGivenStart(int64_t state) {
  size_t k = llvm::find(kernel.getInitStates(), state) - kernel.getInitStates().begin();
  auto access = cast<plan::AccessAttr>(kernel.getInits()[k]);
  writeStart(state, [&](const Indices &indices) {
    return converted("thread::read(" + inits[k].data() + " + " + inits[k].pointOffset(indices) + ")",
                     elementOf(access.getParameter()), kernel.getState(state).getElementType());
  });
}

std::string KernelWriter::leaf(Value value, const Indices &indices) const {
  if (auto arg = dyn_cast<BlockArgument>(value)) {
    const AccessText &access = reads[arg.getArgNumber()];
    std::string element = (access.variesWithTime() ? "in." : "at.") + access.element(indices);
    if (!kernel.getReset() || access.getDelay() == 0)
      return element;
    // A window stops where its segment begins.
    return formatv("(in.marks.reaches(v, {0}) ? {1} : {2}{{})", access.getDelay(), element,
                   spellElement(getElementTypeOrSelf(arg.getType())));
  }
  auto advance = value.getDefiningOp<plan::AdvanceOp>();
  return (value == advance.getNow() ? "now." : "before.") + identifier(advance.getState()) + "[" +
         flatIndex(shapeOf(value), indices) + "]";
}

void KernelWriter::writePrologue() {
  writer.blank();
  writer.line("// The map of one step of one lane: state `stage` at t from the same at t-1.");
  writer.line("template <int stage>");
  writer.open("__device__ __forceinline__ auto prologue(const lane &at, const tile &in, int l, int v, const states &now, const states &before) const");
  for (auto [i, advance] : llvm::enumerate(advances)) {
    writer.open(formatv("if constexpr (stage == {0})", i).str());
    Expressions expressions = makeExpressions();
    SmallVector<Value> roots;
    if (advance.getGain())
      roots.push_back(advance.getGain());
    roots.push_back(advance.getBias());
    expressions.require(roots);
    Type compute = getElementTypeOrSelf(advance.getBias().getType());
    plan::Ring ring = advance.getRing();
    writer.line("array<" + Twine(spellMap(ring, compute)) + ", " + Twine(stateSize(i)) + "> maps;");
    writeStateLoops(i, [&, advance = advance](const Indices &indices) mutable {
      writer.line("maps[" + Twine(flatIndex(shapeOf(advance.getNow()), indices)) + "] = {" +
                  (advance.getGain() ? expressions.at(advance.getGain(), indices)
                                     : spellOne(ring, compute)) +
                  ", " +
                  expressions.at(advance.getBias(), indices) + "};");
    });
    writer.line("return maps;");
    writer.close();
    if (!unspelled)
      unspelled = expressions.getUnspelled();
  }
  writer.close();
}

void KernelWriter::writeEpilogue() {
  static const char *const names[] = {"i", "j", "k", "m"};
  writer.blank();
  writer.line("// What one lane writes at one step, from its inputs and its states at t and t-1.");
  writer.open("__device__ __forceinline__ void epilogue(results &out, const lane &at, const tile &in, int l, int v, const states &now, const states &before) const");
  auto yield = cast<plan::YieldOp>(kernel.getBody().front().getTerminator());
  Expressions expressions = makeExpressions();
  expressions.require(SmallVector<Value>(yield.getValues()));
  for (auto [access, value] : llvm::zip(writes, yield.getValues())) {
    Indices indices;
    for (auto [depth, extent] : llvm::enumerate(shapeOf(value))) {
      indices.push_back(names[depth]);
      writer.openLoop(names[depth], std::to_string(extent));
    }
    writer.line("out." + Twine(access.element(indices)) + " = " + expressions.at(value, indices) +
                ";");
    for (size_t i = 0; i < indices.size(); ++i)
      writer.close();
  }
  if (!unspelled)
    unspelled = expressions.getUnspelled();
  writer.close();
}

void KernelWriter::writeFinish() {
  if (kernel.getReset() && kernel.getFinals().empty())
    return;
  writer.blank();
  if (kernel.getReset())
    writer.open("__device__ __forceinline__ void finish_segment(const states &last, const lane &at, int l, offset segment) const");
  else
    writer.open("__device__ __forceinline__ void finish(const states &last, const lane &at, int l) const");
  for (auto [k, i] : llvm::enumerate(kernel.getFinalStates())) {
    plan::StateAttr state = kernel.getState(i);
    auto access = cast<plan::AccessAttr>(kernel.getFinals()[k]);
    writeStateLoops(i, [&, k = k, i = i](const Indices &indices) {
      std::string value = "last." + identifier(state.getName()) + "[" +
                          flatIndex(shapeOf(advances[i].getNow()), indices) + "]";
      writer.line("thread::write(" + Twine(finals[k].data()) + " + " +
                  finals[k].pointOffset(indices) + ", " +
                  converted(value, state.getElementType(), elementOf(access.getParameter())) + ");");
    });
  }
  writer.close();
}

void KernelWriter::writeEntry() {
  std::string templateName = kernel->getName().stripDialect().str();
  writer.close("};");
  writer.line(formatv("static_assert({0}::shape.threads() == {1}, \"host plan and kernel disagree\");",
                      name, policy.getThreads())
                  .str());
  writer.blank();
  writer.line("} // namespace scanc::device::program");
  writer.blank();
  writer.line(formatv("extern \"C\" __global__ void __launch_bounds__({0}, {1})", policy.getThreads(),
                      policy.getBlocks())
                  .str());
  writer.open(formatv("{0}(const __grid_constant__ scanc::device::program::arguments args)",
                      entryName(kernel))
                  .str());
  writer.line("using namespace scanc::device;");
  writer.line(formatv("auto &storage = block_storage<kernel::{0}_storage<program::{1}>>();",
                      templateName, name)
                  .str());
  if (variant.getSharedBytes() > 0)
    writer.line(formatv("static_assert(sizeof(storage) == {0}, \"host plan and device template disagree\");",
                        variant.getSharedBytes())
                    .str());
  writer.line(formatv("kernel::{0}(program::{1}{{args}{2}, storage);", templateName, name,
                      kernel.getWorkspace().empty() ? "" : ", args.workspace")
                  .str());
  writer.close();
}

FailureOr<std::string> KernelWriter::write() {
  writeHead();
  writeArguments();
  writer.open("struct " + Twine(name));
  writeTypes();
  writer.blank();
  writeGeometry();
  writeEnter();
  writeMoves();
  writeInitial();
  writePrologue();
  writeEpilogue();
  writeFinish();
  writeEntry();
  if (unspelled)
    return unspelled->emitError("[SC4001] no spelling in CUDA C++ for ") << unspelled->getName();
  return writer.take();
}

FailureOr<std::string> writeKernel(plan::KernelInterface kernel, plan::VariantAttr variant) {
  return KernelWriter(kernel, variant).write();
}

} // namespace scanc::emission
