//===- Elementwise.cpp - Scalar and diagonal transitions ------------------===//
#include "tests/smith/Draft.h"

namespace scanc::smith {

namespace {

class Elementwise {
public:
  explicit Elementwise(std::uint64_t seed)
      : draft(seed), isComplex(draft.chance(12)), onTheCpu(draft.chance(6)) {}
  RandomProgram run();

private:
  /// Of a real tensor; f64 does not mix with c64.
  std::string dtype() {
    return isComplex   ? draft.word({"f32", "f32", "bf16", "f16"})
           : onTheCpu  ? draft.word({"f32", "bf16", "f8e4m3", "f8e5m2"})
                       : draft.word({"f32", "f32", "f32", "bf16", "bf16", "f16", "f16", "f64"});
  }
  std::string resultType() { return isComplex ? dtype() : draft.word({"f32", "f32", "bf16", "f16", "f64"}); }
  bool spread(bool index) { return index && draft.chance(60); } ///< whether a tensor has the index of the states
  std::string gain(bool index);
  std::string tensor(const std::string &type, bool time, bool index, bool mayLookBack = true) {
    std::string name = draft.input(time, index ? std::vector<std::string>{"N"} : std::vector<std::string>{}, type);
    return draft.read(name, time, index ? "n" : "", mayLookBack && !draft.step);
  }
  std::string complexRead(bool index) { return tensor("c64", draft.chance(80), spread(index)); }
  std::string term(bool index);
  std::string coefficient(bool index);
  std::string at(const std::string &state, const char *step) {
    return state + "[" + step + (indexed ? ",n]" : "]");
  }
  void state(int number);
  void rotation();
  void outputs();

  Draft draft;
  const bool isComplex; ///< whether states are c64
  const bool onTheCpu;  ///< whether elements may have 8 bits or be integers, which only the CPU takes
  bool indexed = false, alike = false; ///< whether neighbouring lanes have the same coefficients
  std::vector<std::string> states; ///< as written at [t]
};

} // namespace

/// Something bounded that does not depend on this state.
std::string Elementwise::term(bool index) {
  std::string value = tensor(dtype(), draft.chance(80), spread(index));
  if (draft.chance(25))
    value = draft.word({"tanh", "silu", "sigmoid", "sin", "cos", "abs", "gelu", "relu", "softplus", "logsigmoid"}) +
            "(" + value + ")";
  else if (draft.chance(8))
    value = draft.word({"sqrt", "log", "rsqrt"}) + "(0.5 + abs(" + value + "))";
  else if (draft.chance(6))
    value = "pow(0.5 + abs(" + value + "), " + tensor("f32", false, false) + ")";
  else if (draft.chance(8))
    value = "clamp(" + value + ", -0.5, " + tensor(dtype(), true, false) + ")";
  else if (onTheCpu && draft.chance(30))
    value = "select(" + tensor("i32", true, false, false) + " != 0, " + value + ", " + tensor(dtype(), true, false) + ")";
  if (isComplex && draft.chance(60))
    value += draft.word({" + ", " - ", " * "}) + draft.word({"", "conj", "-"}) + "(" + complexRead(index) + ")";
  if (!states.empty() && draft.chance(40) && (index || !indexed))
    value += draft.word({" + 0.5 * ", " - 0.25 * "}) + states.back();
  return draft.chance(30) ? "(" + value + ") * 0.5" : value;
}

/// Within 1 in magnitude whatever the input.
std::string Elementwise::coefficient(bool index) {
  if (isComplex && draft.chance(70)) {
    std::string z = complexRead(index);
    return draft.chance(50) ? "exp(-abs(" + z + ")) * conj(" + z + ")" : z + " / (1 + abs(" + z + "))";
  }
  std::string value = tensor(dtype(), draft.chance(70), spread(index));
  switch (draft.below(7)) {
  case 0:
    return "sigmoid(" + value + ")";
  case 1:
    return "exp(-softplus(" + value + "))";
  case 2:
    return "clamp(" + value + ", -1, 1)";
  case 3:
    return "cos(" + value + ")";
  case 4:
    return "select(" + (onTheCpu ? tensor("i32", true, false, false) + " != 0" : tensor(dtype(), true, false) + " > 0") +
           ", tanh(" + value + "), 1)";
  case 5:
    return draft.word({"0.5", "1", "-0.75", "(1 / 3)"});
  default:
    return "tanh(" + value + ")";
  }
}

/// A coefficient, of the tensors of which none has the last lane dimension where lanes are alike.
std::string Elementwise::gain(bool index) {
  const std::vector<std::string> lanes = draft.lanes;
  if (alike && !lanes.empty())
    draft.lanes.pop_back();
  std::string value = coefficient(index);
  draft.lanes = lanes;
  return value;
}

void Elementwise::state(int number) {
  std::string name(1, static_cast<char>('h' + number));
  std::string now = at(name, "t"), before = at(name, "t-1"), type = isComplex ? "c64" : "f32";
  std::string bias = term(indexed);
  if (indexed) // some tensor must say how many points the index has
    bias += " + 0.25 * " + tensor(dtype(), true, true);
  if (isComplex) {
    draft.say("state " + name + ": c64");
  } else if (draft.chance(8)) {
    type = draft.word({"bf16", "f16", "f64"});
    draft.say("state " + name + ": " + type);
  }
  if (draft.chance(12)) {
    draft.say(now + " = " + before + " + " + bias);
  } else if (!isComplex && draft.chance(20)) {
    std::string gain = draft.word({"", "-"}) + "softplus(" + coefficient(indexed) + ")";
    draft.say(now + " = " + draft.word({"max", "min", "logaddexp"}) + "(" + before + " + " + gain + ", " + bias + ")");
  } else if (draft.chance(30)) {
    std::string a = "a" + std::to_string(number) + (indexed ? "[n]" : "");
    draft.say(a + " = " + gain(indexed));
    draft.say(now + " = " + a + " * " + before + " + (1 - " + a + ") * (" + bias + ")");
  } else {
    draft.say(now + " = " + gain(indexed) + " * " + before + " + " + bias);
  }
  draft.ends(name, type, isComplex ? "c64" : dtype(), indexed ? std::vector<std::string>{"N"} : std::vector<std::string>{});
  states.push_back(now);
}

/// Two states that read each other at the step before.
void Elementwise::rotation() {
  std::string index = indexed ? "[n]" : "";
  draft.say("co" + index + " = 0.7 * cos(" + tensor("f32", true, indexed) + ")");
  draft.say("si" + index + " = 0.7 * sin(" + tensor("f32", true, indexed) + ")");
  draft.say(at("h", "t") + " = co" + index + " * " + at("h", "t-1") + " - si" + index + " * " + at("i", "t-1") + " + " +
            term(indexed));
  draft.say(at("i", "t") + " = si" + index + " * " + at("h", "t-1") + " + co" + index + " * " + at("i", "t-1"));
  states = {at("h", "t"), at("i", "t")};
}

void Elementwise::outputs() {
  int number = draft.pick({1, 1, 2});
  for (int i = 0; i < number; ++i) {
    std::string name = "y" + std::to_string(i);
    const std::string &state = states[draft.below(states.size())];
    std::string value = state;
    bool whole = indexed && draft.chance(30); // a result for each point of the index
    if (whole && !isComplex && draft.chance(40))
      value = state + " * rsqrt(mean[n](" + state + " * " + state + ") + 0.25)";
    else if (whole && !isComplex && draft.chance(30))
      value = "exp(" + state + " - max[n](" + state + "))";
    else if (indexed && !whole)
      value = draft.chance(50) ? tensor(dtype(), true, true) + " * " + state
                               : (isComplex ? draft.word({"mean", "sum"})
                                            : draft.word({"mean", "max", "min", "sum", "logsumexp"})) +
                                     "[n](" + state + ")";
    if (draft.chance(15))
      value = "(" + value + ") - 0.5 * " + (indexed ? "sum[n](" : "(") + at(state.substr(0, 1), "t-1") + ")";
    if (draft.chance(50))
      value = "(" + value + ") * silu(" + tensor(dtype(), true, whole) + ")";
    if (draft.chance(30))
      value += " + " + tensor(dtype(), false, whole && draft.chance(50));
    std::string type = resultType();
    if (isComplex && draft.chance(50))
      type = "c64";
    else if (isComplex)
      value = draft.word({"real", "imag", "abs"}) + "(" + value + ")";
    draft.result(name, type, draft.dims(true, whole ? std::vector<std::string>{"N"} : std::vector<std::string>{}));
    draft.say(name + "[t" + (whole ? ",n]" : "]") + " = " + value);
  }
}

RandomProgram Elementwise::run() {
  draft.program.sizes["D"] = draft.chance(3)
                                 ? 0
                                 : draft.pick<std::int64_t>({1, 2, 3, 8, 16, 31, 32, 33, 63, 64, 65, 70, 127, 129});
  draft.program.sizes["H"] = draft.pick<std::int64_t>({1, 2, 3});
  draft.program.sizes["N"] =
      draft.chance(2) ? 0 : draft.pick<std::int64_t>({1, 2, 3, 4, 5, 7, 8, 8, 15, 16, 16, 17, 33, 64});
  draft.drawScan(draft.pick<std::vector<std::string>>({{}, {"D"}, {"B", "D"}, {"B", "D"}, {"B", "D"}, {"B", "H", "D"}}),
                 true);
  indexed = draft.chance(35);
  alike = draft.chance(15);
  draft.step = !draft.packed && draft.chance(8);
  std::int64_t numbers = indexed ? draft.program.sizes["N"] : 1;
  for (const std::string &lane : draft.lanes)
    numbers *= draft.program.sizes[lane];
  draft.drawTime(numbers);
  if (draft.step)
    draft.program.sizes["T"] = 1;
  if (!isComplex && !draft.step && draft.chance(4)) {
    rotation();
  } else {
    int number = draft.pick({1, 1, 2, 3});
    for (int i = 0; i < number; ++i)
      state(i);
  }
  outputs();
  draft.drawTrial({"T", "B", "D", "H", "S"});
  return draft.finish();
}

RandomProgram elementwise(std::uint64_t seed) { return Elementwise(seed).run(); }

} // namespace scanc::smith
