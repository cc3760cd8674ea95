//===- KernelSteps.cpp - From the initial states to the final ones --------===//
#include "compiler/emission/KernelWriter.h"

#include "compiler/emission/Names.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/TypeUtilities.h"
#include "llvm/Support/FormatVariadic.h"

using namespace mlir;
using llvm::formatv;

namespace scanc::emission {

int64_t KernelWriter::stateSize(int64_t i) const {
  return llvm::product_of(stateShape(i));
}

/// Expressions of this region; what another thread has handed over, or all read alike, stands in the tile.
Expressions KernelWriter::makeExpressions() {
  Expressions expressions(writer, policy.getStateThreads(),
                          [this](Value value, const Indices &indices) {
                            return leaf(value, indices);
                          });
  if (shares)
    for (Value value : shares->getHanded())
      expressions.define(value, "in.from_owner[l]." + passed.lookup(value));
  for (Value value : common)
    expressions.define(value, "in.common." + passed.lookup(value));
  return expressions;
}

/// Loops over the numbers of a value of `shape`; `body` gets their indices.
void KernelWriter::writeLoops(ArrayRef<int64_t> shape,
                              llvm::function_ref<void(const Indices &)> body) {
  static const char *const names[] = {"i", "j", "k", "m"};
  Indices indices;
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
  if (llvm::any_of(llvm::seq(inits.size()), [&](size_t k) { return updatesInit(k); }))
    writer.line("static constexpr bool updates_states = true; // final ones lie where initial ones do");
  writer.open("__device__ __forceinline__ void initial(states &to, const lane &at, int l) const");
  for (int64_t i = 0; i < kernel.getNumStates(); ++i)
    if (kernel.getReset() || !llvm::is_contained(kernel.getInitStates(), i))
      writeStart(i, [&](const Indices &) { return zeroOf(i); });
    else
      writeGivenStart(i);
  writer.close();
  if (!kernel.getReset() || kernel.getInits().empty())
    return;
  writer.line("// What differs from that where segment `segment` in memory begins.");
  writer.open("__device__ __forceinline__ void begin_segment(states &to, const lane &at, int l, offset segment) const");
  for (int64_t i : kernel.getInitStates())
    writeGivenStart(i);
  writer.close();
}

std::string KernelWriter::zeroOf(int64_t state) const {
  return "narrow<" + spellElement(kernel.getState(state).getElementType()) + ">(" +
         spellZero(advances[state].getRing()) + ")";
}

/// Assigns every number of a state in `to`.
void KernelWriter::writeStart(int64_t state,
                              llvm::function_ref<std::string(const Indices &)> value) {
  writeLoops(stateShape(state), [&](const Indices &indices) {
    writer.line("to." + Twine(identifier(kernel.getState(state).getName())) + "[" +
                flatIndex(stateShape(state), indices) + "] = " + value(indices) +
                ";");
  });
}

bool KernelWriter::updatesInit(size_t k) const {
  StringAttr name = cast<plan::AccessAttr>(kernel.getInits()[k]).getParameter();
  return llvm::any_of(program.getParameters().getAsRange<plan::ParameterAttr>(),
                      [&](plan::ParameterAttr other) { return other.getUpdates() == name; });
}

std::string KernelWriter::readOfInit(size_t k, const std::string &place) const {
  return (updatesInit(k) ? "thread::read_owned(" : "thread::read(") + place + ")";
}

void KernelWriter::writeGivenStart(int64_t state) {
  size_t k = llvm::find(kernel.getInitStates(), state) - kernel.getInitStates().begin();
  auto access = cast<plan::AccessAttr>(kernel.getInits()[k]);
  writeStart(state, [&](const Indices &indices) {
    std::string value =
        converted(readOfInit(k, inits[k].data() + " + " + inits[k].pointOffset(indices)),
                  elementOf(access.getParameter()), kernel.getState(state).getElementType());
    std::string guard = policy.getPhased()  ? guardOfLane(policy)
                        : !indices.empty() ? pointGuard(advances[state].getNow())
                                           : std::string();
    return guard.empty() ? value : guard + " ? " + value + " : " + zeroOf(state);
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
    writeLoops(stateShape(i), [&, advance = advance](const Indices &indices) mutable {
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

/// Assigns the results that have the register dimension, or those that have not; both where it lies
/// in one thread.
void KernelWriter::writeOutputs(Expressions &expressions, bool perPoint) {
  auto yield = cast<plan::YieldOp>(kernel.getBody().front().getTerminator());
  SmallVector<std::pair<const AccessText *, Value>> outputs;
  SmallVector<Value> roots;
  for (auto [access, value] : llvm::zip(writes, yield.getValues()))
    if (!shares || shapeOf(value).empty() != perPoint) {
      outputs.push_back({&access, value});
      roots.push_back(value);
    }
  expressions.require(roots);
  for (auto [access, value] : outputs)
    writeLoops(shapeHere(value), [&, access = access, value = value](const Indices &indices) {
      writer.line("out." + Twine(access->element(indices)) + " = " +
                  expressions.at(value, indices) + ";");
    });
  if (!unspelled)
    unspelled = expressions.getUnspelled();
}

void KernelWriter::writeEpilogue() {
  writer.blank();
  Expressions expressions = makeExpressions();
  if (shares) {
    writer.line("// What the owner of a step writes, from its inputs and what all have read out.");
    writer.open("__device__ __forceinline__ void epilogue(results &out, const lane &at, const tile &in, int l, int v, const readouts &read) const");
    for (Value value : shares->getKept())
      expressions.define(value, "read." + passed.lookup(value));
    for (plan::ReduceOp op : shares->getReadouts())
      expressions.define(op.getResult(), "read." + passed.lookup(op.getResult()));
  } else {
    bool reduces = !rounds.empty();
    writer.line(Twine("// What one lane writes at one step, from its inputs") +
                (reduces ? ", its states at t and t-1 and the readouts."
                         : " and its states at t and t-1."));
    writer.open(Twine("__device__ __forceinline__ void epilogue(results &out, const lane &at, const tile &in, int l, int v, const states &now, const states &before") +
                (reduces ? ", const readouts &read" : "") + ") const");
    defineRounds(expressions, "read", rounds.size());
  }
  writeOutputs(expressions, /*perPoint=*/false);
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
    writeLoops(stateShape(i), [&, k = k, i = i](const Indices &indices) {
      std::string value = "last." + identifier(state.getName()) + "[" +
                          flatIndex(stateShape(i), indices) + "]";
      if (std::string guard = policy.getPhased() ? guardOfLane(policy) : pointGuard(advances[i].getNow());
          !guard.empty())
        writer.line("if (" + guard + ")");
      writer.line("thread::write(" + Twine(finals[k].data()) + " + " +
                  finals[k].pointOffset(indices) + ", " +
                  converted(value, state.getElementType(), elementOf(access.getParameter())) + ");");
    });
  }
  writer.close();
}

} // namespace scanc::emission
