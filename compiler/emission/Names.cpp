//===- Names.cpp - Words that C++ or the emitted text has taken -----------===//
#include "compiler/emission/Names.h"

#include "mlir/IR/BuiltinTypes.h"
#include "llvm/ADT/StringSet.h"

using namespace mlir;

namespace scanc::emission {

static const llvm::StringSet<> &takenWords() {
  static const llvm::StringSet<> words = {
      // C++20
      "alignas", "alignof", "and", "and_eq", "asm", "auto", "bitand", "bitor", "bool", "break",
      "case", "catch", "char", "char8_t", "char16_t", "char32_t", "class", "compl", "concept",
      "const", "consteval", "constexpr", "constinit", "const_cast", "continue", "co_await",
      "co_return", "co_yield", "decltype", "default", "delete", "do", "double", "dynamic_cast",
      "else", "enum", "explicit", "export", "extern", "false", "float", "for", "friend", "goto",
      "if", "inline", "int", "long", "mutable", "namespace", "new", "noexcept", "not", "not_eq",
      "nullptr", "operator", "or", "or_eq", "private", "protected", "public", "register",
      "reinterpret_cast", "requires", "return", "short", "signed", "sizeof", "static",
      "static_assert", "static_cast", "struct", "switch", "template", "this", "thread_local",
      "throw", "true", "try", "typedef", "typeid", "typename", "union", "unsigned", "using",
      "virtual", "void", "volatile", "wchar_t", "while", "xor", "xor_eq",
      // the emitted text: parameters, members, device names that a local would hide
      "active", "args", "arguments", "array", "at", "before", "bf16", "c64", "conj", "epilogue", "exp", "f16",
      "aim", "fetch", "first", "from", "in", "infinity", "l", "lane", "load", "log", "logaddexp", "maps",
      "maximum", "minimum", "narrow", "not_a_number", "now",
      "of", "offset", "out", "pow", "prologue", "rest", "results", "shape", "stage", "stages", "state",
      "states", "steps", "store", "thread", "tile", "to", "v", "when", "widen", "abs", "sqrt",
      "common", "from_owner", "gather", "handed", "merge", "other", "part", "turn", "prepare", "read", "read_out", "readouts",
      "rsqrt", "slot", "sources", "strip", "take", "tanh", "sin", "cos", "erfc", "policy", "order", "affine", "kernel", "block", "warp",
      "lane_groups", "shared_groups", "segments", "begin_segment", "finish_segment", "columns", "columns_policy",
      "column", "dense_policy", "element", "fetch_inputs", "input", "input_copies", "inputs", "lanes", "row",
      "size", "step", "sum", "chunk_policy", "exists", "fetch_key", "fetch_query",
      "fetch_value", "input_scale", "log_decay", "numbers", "piece", "query_scale", "rows", "sums", "write", "round", "rounds", "reduced_groups",
      "core", "workspace", "scratch", "walking", "is_one", "e", "made", "initial", "finish", "enter", "group", "i", "j", "k", "m", "scanc", "program"};
  return words;
}

std::string identifier(StringRef name) {
  bool taken = takenWords().contains(name) || name.starts_with("size_") ||
               name.starts_with("at_") || name.starts_with("both_") || name.starts_with("round_") || name.starts_with("__") || name.ends_with("_");
  return taken ? name.str() + "_" : name.str();
}

std::string spellElement(Type type) {
  if (type.isF64())
    return "double";
  if (type.isF16())
    return "f16";
  if (type.isBF16())
    return "bf16";
  if (isa<ComplexType>(type))
    return "c64";
  if (type.isInteger(1))
    return "bool";
  return type.isInteger() ? "int" : "float";
}

int64_t bytesOfElement(Type type) {
  if (auto number = dyn_cast<ComplexType>(type))
    return 2 * bytesOfElement(number.getElementType());
  return (type.getIntOrFloatBitWidth() + 7) / 8;
}

std::string spellRing(plan::Ring ring) { return "ring::" + plan::stringifyRing(ring).str(); }

std::string spellMap(plan::Ring ring, Type compute) {
  std::string named = ring == plan::Ring::Real ? "" : ", " + spellRing(ring);
  return "affine<" + spellElement(compute) + named + ">";
}

std::string spellAccumulator(plan::Reduction kind, Type element) {
  return "thread::" + plan::stringifyReduction(kind).str() + "<" + spellElement(element) + ">";
}

std::string spellZero(plan::Ring ring) {
  return ring == plan::Ring::Real ? "0.0f" : spellRing(ring) + "::zero<float>()";
}

std::string spellOne(plan::Ring ring, Type compute) {
  if (ring == plan::Ring::Real)
    return isa<ComplexType>(compute) ? "c64(1.0f)" : compute.isF64() ? "1.0" : "1.0f";
  return spellRing(ring) + "::one<" + spellElement(compute) + ">()";
}

std::string converted(const std::string &value, Type from, Type to) {
  if (from == to)
    return value;
  return "narrow<" + spellElement(to) + ">(widen(" + value + "))";
}

std::string spellSize(plan::DimAttr dim) {
  if (!ShapedType::isDynamic(dim.getSize()))
    return std::to_string(dim.getSize());
  return "args.size_" + dim.getExtent().str();
}

std::string spellAdjacentGroups(plan::KernelInterface kernel, plan::PolicyAttr policy) {
  std::string size = spellSize(kernel.getDim(kernel.getTimeDim() - 1));
  if (policy.getPhased())
    return "((" + size + " + " + std::to_string(policy.getStrip() - 1) + ") / " +
           std::to_string(policy.getStrip()) + ")";
  if (policy.getLanes() == 1)
    return size;
  return "(" + size + " / " + std::to_string(policy.getLanes()) + ")";
}

std::string spellLaneGroups(plan::KernelInterface kernel, plan::PolicyAttr policy, int64_t first) {
  int64_t time = kernel.getTimeDim();
  std::string groups;
  for (int64_t i = first; i < time; ++i)
    groups += (i > first ? " * " : "") +
              (i + 1 == time ? spellAdjacentGroups(kernel, policy) : spellSize(kernel.getDim(i)));
  return groups.empty() ? "1" : groups;
}

} // namespace scanc::emission
