//===- KernelReductions.cpp - What threads reduce over lanes, in rounds ---===//
#include "compiler/emission/KernelWriter.h"

#include "compiler/emission/Names.h"
#include "llvm/Support/FormatVariadic.h"

using namespace mlir;
using llvm::formatv;

namespace scanc::emission {

void KernelWriter::nameReductions() {
  rounds = plan::roundsOf(kernel.getBody().front());
  for (const plan::Round &round : rounds)
    for (plan::ReduceLanesOp op : round)
      pass(op.getResult());
}

static std::string memberOf(size_t round) { return "round_" + std::to_string(round) + "_of"; }

void KernelWriter::writeRoundTypes() {
  for (auto [i, round] : llvm::enumerate(rounds)) {
    writer.line("// What the threads of the last lane dimension merge at a step" +
                Twine(i == 0 ? "." : ", when they have what comes before."));
    writer.open("struct round_" + Twine(i));
    for (plan::ReduceLanesOp op : round)
      writer.line(spellAccumulator(op.getKind(), op.getType()) + " " +
                  passed.lookup(op.getResult()) + ";");
    writer.open(formatv("__device__ __forceinline__ void merge(const round_{0} &other)", i).str());
    for (plan::ReduceLanesOp op : round)
      writer.line(formatv("{0}.merge(other.{0});", passed.lookup(op.getResult())).str());
    writer.close();
    writer.close("};");
  }
  writer.open("struct readouts");
  for (size_t i = 0; i < rounds.size(); ++i)
    writer.line(formatv("round_{0} {1};", i, memberOf(i)).str());
  writer.close("};");
  writer.line(formatv("static constexpr int rounds = {0};", rounds.size()).str());
  writer.line(
      formatv("static constexpr int reduced_groups = {0}; // of adjacent lanes, in that dimension",
              spellAdjacentGroups(kernel, policy))
          .str());
  writer.line("template <int round>");
  writer.open("__device__ __forceinline__ static auto &round_of(readouts &of)");
  for (size_t i = 0; i < rounds.size(); ++i)
    writer.line(formatv("if constexpr (round == {0}) return of.{1};", i, memberOf(i)).str());
  writer.close();
}

void KernelWriter::defineRounds(Expressions &expressions, StringRef readouts, size_t end) const {
  for (size_t i = 0; i < end; ++i)
    for (plan::ReduceLanesOp op : rounds[i])
      expressions.define(op.getResult(), formatv("{0}.{1}.{2}.value()", readouts, memberOf(i),
                                                 passed.lookup(op.getResult()))
                                             .str());
}

void KernelWriter::writeRounds() {
  writer.blank();
  writer.line("// What one lane adds to the readouts of one step in round `round`.");
  writer.line("template <int round>");
  writer.open("__device__ __forceinline__ void read_out(readouts &to, const lane &at, const tile "
              "&in, int l, int v, const states &now, const states &before) const");
  for (auto [i, round] : llvm::enumerate(rounds)) {
    writer.open(formatv("if constexpr (round == {0})", i).str());
    Expressions expressions = makeExpressions();
    defineRounds(expressions, "to", i);
    SmallVector<Value> roots;
    for (plan::ReduceLanesOp op : round)
      roots.push_back(op.getValue());
    expressions.require(roots);
    for (plan::ReduceLanesOp op : round)
      writer.line(formatv("to.{0}.{1}.add({2});", memberOf(i), passed.lookup(op.getResult()),
                          expressions.at(op.getValue()))
                      .str());
    if (!unspelled)
      unspelled = expressions.getUnspelled();
    writer.close();
  }
  writer.close();
}

} // namespace scanc::emission
